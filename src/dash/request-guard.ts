// What the server answers at all: requests that were meant for it, by a page of its own. A page of somebody else in the
// same browser can send requests here, and a name of theirs can be made to mean this machine (DNS rebinding).

import { isIP } from 'node:net'
import type { Context, MiddlewareHandler } from 'hono'
import { isKey, type Keys } from './page-keys.js'

export interface Place {
  readonly port: number
  /** What `--host` named. */
  readonly host?: string
}

/** Nothing from elsewhere, no inline script, no `eval`; the page is in no frame. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

/** For every request: its host, its method, the headers of the answer. */
export function guarded(place: Place): MiddlewareHandler {
  return async (c, next) => {
    await answer()
    for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value)

    async function answer(): Promise<void> {
      const { method } = c.req
      if (!isOurHost(c.req.header('host'), place))
        c.res = refusal(c, 421, 'wrong-host', 'This is no address of this page.')
      else if (method === 'POST') {
        const wrong = wrongPost(c)
        if (wrong) c.res = wrong
        else await next()
      } else if (method === 'GET' || method === 'HEAD') await next()
      else c.res = refusal(c, 405, 'wrong-method', `${method} is not answered here.`)
    }
  }
}

/** Whether a Host header names us: this machine's own names with our port, an address, or what `--host` said. */
function isOurHost(header: string | undefined, { port, host }: Place): boolean {
  const [, name = '', at] = /^(\[[0-9a-fA-F:.]+\]|[^:\s/@?#]+)(?::(\d{1,5}))?$/.exec(header ?? '') ?? []
  if (Number(at ?? 80) !== port) return false
  const plain = name.replace(/^\[|\]$/g, '').toLowerCase()
  if (plain === '127.0.0.1' || plain === '::1' || plain === 'localhost') return true
  // An address cannot be rebound; a name can, so only the one that was given.
  return host !== undefined && (plain === host.toLowerCase() || isIP(plain) !== 0)
}

/** What is wrong with a POST: it must be JSON, and of this origin where a browser sent it. */
function wrongPost(c: Context): Response | undefined {
  const type = (c.req.header('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
  if (type !== 'application/json') return refusal(c, 415, 'not-json', 'Send JSON, as application/json.')
  const origin = c.req.header('origin')
  const bearer = c.req.header('authorization')
  if (origin === undefined && bearer !== undefined) return undefined
  const site = c.req.header('sec-fetch-site')
  const ours = origin === `http://${c.req.header('host')}` && (site === undefined || site === 'same-origin')
  return ours ? undefined : refusal(c, 403, 'wrong-origin', 'Only the page itself may ask for that.')
}

/** The name of the cookie: browsers keep those of all ports of a host together. */
export const cookieName = ({ port }: Place): string => `oompa_page_${port}`

/** Whether a request may read. */
export function mayLook(c: Context, keys: Keys, place: Place): boolean {
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  return hasToken(c, keys) || isKey(cookieOf(c.req.header('cookie'), cookieName(place)), keys.look)
}

/** Whether a request may act. The cookie alone is not enough: an agent's own server on this machine is sent it, too. */
export function mayAct(c: Context, keys: Keys): boolean {
  return hasToken(c, keys) || isKey(c.req.header('x-oompa-act'), keys.act)
}

function hasToken(c: Context, keys: Keys): boolean {
  const [, token] = /^Bearer ([\w-]+)$/.exec(c.req.header('authorization') ?? '') ?? []
  return isKey(token, keys.token)
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=')
    if (part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}

/** An error as the API says it. */
export function refusal(c: Context, status: number, code: string, message: string, mend?: string): Response {
  return c.json({ error: { code, message, ...(mend ? { mend } : {}) } }, status as 400)
}
