// The API: JSON and server-sent events, folded from the logs. It is the page's own, and everybody's (docs/dash.md).

import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { streamSSE } from 'hono/streaming'
import { messageOf, OompaError } from '../errors.js'
import { elsewhereRoot } from '../events/copied-logs.js'
import { packageVersion } from '../files/package.js'
import { listApprovals, publicFields } from '../review/held-changes.js'
import { metricsText } from '../views/prometheus.js'
import { logLines, logPart, logsOf, rangeOf } from './agent-output.js'
import { ask, askedAtMost } from './ask.js'
import { diffOf } from './change-diff.js'
import { pageFile } from './page.js'
import { lineFacts, pageFacts } from './page-facts.js'
import { isKey, type Keys } from './page-keys.js'
import { cookieName, guarded, mayAct, mayLook, type Place, refusal } from './request-guard.js'
import { eventsAfter, openHistory, type Watched } from './swarm-history.js'

export interface DashFacts extends Place {
  readonly root: string
  readonly keys: Keys
}

const MOST_EVENTS = 1000
const MOST_CHANGES = 500
const MOST_BODY = 64 * 1024
/** A look costs one `fstat`; nobody sees a shorter delay. */
const POLL_MS = 200
/** Between two signs of life: proxies end what is silent for long. */
const PING_MS = 15_000
/** Tasks are read by a process of their own. */
const TASKS_MS = 2000
/** Prometheus asks every 15 seconds, and each of several servers for itself. */
const SCALE_MS = 10_000
const SCALE_WAIT_MS = 4000
/** Between two looks at what other machines do. */
const ELSEWHERE_MS = 3000

/** Everything that the server answers. */
export function dashApp({ root, keys, ...where }: DashFacts): Hono {
  const app = new Hono()
  const history = openHistory(root)
  /** Whether other machines were looked for, and the look that goes on. */
  let looked = false
  let looking = false
  const tasks = askedAtMost(root, TASKS_MS, ['tasks', '--json'])
  const scale = askedAtMost(root, SCALE_MS, ['scale', '--json'])

  app.use(guarded(where))
  app.use(bodyLimit({ maxSize: MOST_BODY, onError: (c) => refusal(c, 413, 'too-long', 'That is too long.') }))
  app.notFound((c) => refusal(c, 404, 'not-found', 'There is nothing here.'))
  app.onError((error, c) => {
    const status = error instanceof OompaError ? 400 : 500
    return refusal(c, status, error instanceof OompaError ? error.code : 'failed', messageOf(error))
  })

  app.post('/api/session', async (c) => {
    const body = await bodyOf(c.req)
    if (!isKey(body.token, keys.token)) {
      return refusal(c, 403, 'wrong-token', 'This is not the token of this page.', 'oompa dash prints the link')
    }
    c.header('set-cookie', `${cookieName(where)}=${keys.look}; Path=/; HttpOnly; SameSite=Strict; Max-Age=604800`)
    return c.json({ act: keys.act })
  })

  app.use('/api/*', async (c, next) => {
    if (!mayLook(c, keys, where))
      return refusal(c, 401, 'no-token', 'Open the page by its link.', 'oompa dash prints it')
    if (c.req.method === 'POST' && !mayAct(c, keys)) {
      return refusal(
        c,
        403,
        'may-not-act',
        'This tab may only look. Open the page by its link.',
        'oompa dash prints it',
      )
    }
    return next()
  })

  app.use('/api/swarms/*', lookAround)
  app.use('/metrics', lookAround)

  app.get('/api', (c) => c.json({ repository: path.basename(root), version: packageVersion() }))
  app.get('/api/swarms', (c) => c.json(history.swarms().map(lineFacts)))
  app.get('/api/swarms/:id', (c) => withSwarm(c, (one) => c.json(pageFacts(one))))

  app.get('/api/swarms/:id/events', (c) =>
    withSwarm(c, ({ root: place, run }) => {
      const most = Math.min(wholeNumber(c.req.query('limit')) ?? MOST_EVENTS, MOST_EVENTS)
      return c.json(eventsAfter(place, run.swarm, wholeNumber(c.req.query('after')) ?? 0, most))
    }),
  )

  app.get('/api/swarms/:id/stream', (c) =>
    withSwarm(c, ({ root: place, run }) => {
      let at = wholeNumber(c.req.header('last-event-id')) ?? wholeNumber(c.req.query('after')) ?? 0
      return streamSSE(c, async (stream) => {
        let said = performance.now()
        await stream.writeSSE({ event: 'ping', data: '' })
        while (!stream.aborted && !stream.closed) {
          const { events, end } = eventsAfter(place, run.swarm, at, MOST_EVENTS)
          for (const { id, event } of events) {
            await stream.writeSSE({ id: String(id), event: 'event', data: JSON.stringify(event) })
          }
          at = end
          if (events.length > 0) said = performance.now()
          else if (performance.now() - said > PING_MS) {
            await stream.writeSSE({ event: 'ping', data: '' })
            said = performance.now()
          }
          if (events.length < MOST_EVENTS) await stream.sleep(POLL_MS)
        }
      })
    }),
  )

  app.get('/api/swarms/:id/changes', (c) =>
    withSwarm(c, ({ changes }) => {
      const all = [...changes.values()].sort((a, b) => (b.startedAt ?? '').localeCompare(a.startedAt ?? ''))
      const brief = all.slice(0, MOST_CHANGES).map(({ steps, message: _, ...rest }) => ({
        ...rest,
        rounds: steps.filter(({ what }) => what === 'approved' || what === 'rejected').length,
        refusals: steps.filter(({ what }) => what === 'refused').length,
      }))
      return c.json({ changes: brief, more: all.length - brief.length })
    }),
  )

  app.get('/api/swarms/:id/changes/:change', (c) =>
    withSwarm(c, async ({ changes }) => {
      const change = changes.get(c.req.param('change'))
      if (!change) return refusal(c, 404, 'no-change', 'There is no such change.')
      return c.json({ ...change, diff: (await diffOf(root, change)) ?? null })
    }),
  )

  app.get('/api/swarms/:id/logs', (c) => withSwarm(c, ({ run }) => c.json(logsOf(root, run.swarm))))

  app.get('/api/swarms/:id/logs/:worker/:iteration/lines', (c) =>
    withSwarm(c, ({ run }) => {
      const from = c.req.query('from') ?? '0'
      if (!/^-?\d{1,15}$/.test(from)) return refusal(c, 400, 'wrong-range', '`from` must be a number of bytes.')
      const lines = logLines(root, run.swarm, logOf(c.req), Number(from))
      return lines ? c.json(lines) : refusal(c, 404, 'no-log', 'There is no such log.')
    }),
  )

  app.get('/api/swarms/:id/logs/:worker/:iteration', (c) =>
    withSwarm(c, ({ run }) => {
      const range = rangeOf(c.req.header('range'))
      const part = logPart(root, run.swarm, logOf(c.req), range?.from ?? 0, range?.to)
      if (!part) return refusal(c, 404, 'no-log', 'There is no such log.')
      const { bytes, from, size } = part
      if (range && bytes.length === 0) {
        return c.body(null, 416, { 'content-range': `bytes */${size}` })
      }
      // Without a range too: more than a megabyte is given in parts.
      const whole = from === 0 && bytes.length === size
      return c.body(new Uint8Array(bytes), whole ? 200 : 206, {
        'content-type': 'text/plain; charset=utf-8',
        'accept-ranges': 'bytes',
        ...(whole ? {} : { 'content-range': `bytes ${from}-${from + bytes.length - 1}/${size}` }),
      })
    }),
  )

  app.get('/api/tasks', async (c) => {
    const { json, words } = await tasks()
    return json === undefined ? refusal(c, 409, 'no-tasks', words.trim() || 'The tasks cannot be read.') : c.json(json)
  })

  app.get('/api/approvals', async (c) => {
    const { waiting, problems } = await listApprovals(root)
    const facts = waiting.map((one) => ({ ...publicFields(one), summary: one.summary ?? null, into: one.into }))
    return c.json({ waiting: facts, problems })
  })

  app.post('/api/approvals/:id/approve', async (c) => {
    const id = c.req.param('id')
    if (!isApprovalId(id)) return refusal(c, 404, 'no-approval', 'No change waits under this id.')
    return answerOf(c, await ask(root, ['approve', '--json', id]))
  })

  app.post('/api/approvals/:id/reject', async (c) => {
    const id = c.req.param('id')
    if (!isApprovalId(id)) return refusal(c, 404, 'no-approval', 'No change waits under this id.')
    const { reason = '' } = await bodyOf(c.req)
    if (reason.trim() === '') return refusal(c, 400, 'no-reason', 'Say what its author should mend.')
    // As one word, and after the options: whatever it says, it is the reason.
    return answerOf(c, await ask(root, ['reject', '--json', id, `${reason.startsWith('-') ? ' ' : ''}${reason}`]))
  })

  app.get('/metrics', async (c) => {
    if (!mayLook(c, keys, where)) return refusal(c, 401, 'no-token', 'Send the token: Authorization: Bearer TOKEN')
    const swarms = history.swarms().map(({ run, state, figures }) => ({ run: run.state, state, figures }))
    // Prometheus gives up after ten seconds: a server of tasks that is silent costs this figure, and not all.
    const answer = await Promise.race([scale(), sleep(SCALE_WAIT_MS, undefined, { ref: false })])
    const { wanted } = (answer?.json ?? {}) as { readonly wanted?: number }
    const facts = { repository: path.basename(root), version: packageVersion(), swarms }
    const text = metricsText({ ...facts, ...(wanted === undefined ? {} : { wanted }) })
    return c.text(text, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
  })

  app.get('/*', async (c) => {
    const file = await pageFile(c.req.path)
    if (!file) return refusal(c, 404, 'not-found', 'There is nothing here.')
    return c.body(new Uint8Array(file.bytes), 200, { 'content-type': file.type })
  })
  return app

  /** What other machines do is asked for by itself: the page does not wait for a server. */
  async function lookAround(_: unknown, next: () => Promise<void>): Promise<void> {
    if (!looking && (!looked || existsSync(elsewhereRoot(root)))) {
      looked = true
      looking = true
      void ask(root, ['list', '--json'])
        .then(() => sleep(ELSEWHERE_MS, undefined, { ref: false }))
        .finally(() => {
          looking = false
        })
    }
    return next()
  }

  function withSwarm(
    c: Parameters<typeof refusal>[0],
    answer: (one: Watched) => Response | Promise<Response>,
  ): Response | Promise<Response> {
    const one = history.swarm(c.req.param('id') ?? '')
    return one ? answer(one) : refusal(c, 404, 'unknown-swarm', 'There is no such swarm.', 'oompa list --all')
  }
}

/** As `approvalId` makes them: no more than that becomes a word of a command line. */
function isApprovalId(id: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$/.test(id)
}

function logOf(req: { param(name: string): string | undefined }): { worker: string; iteration: number } {
  const iteration = req.param('iteration') ?? ''
  return { worker: req.param('worker') ?? '', iteration: /^\d{1,9}$/.test(iteration) ? Number(iteration) : Number.NaN }
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** The texts of a JSON body; none of a body that is no object. */
async function bodyOf(req: { json(): Promise<unknown> }): Promise<Readonly<Record<string, string | undefined>>> {
  const body: unknown = await req.json().catch(() => undefined)
  if (typeof body !== 'object' || body === null) return {}
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => [key, typeof value === 'string' ? value : undefined]),
  )
}

function answerOf(
  c: Parameters<typeof refusal>[0],
  { status, json, words }: Awaited<ReturnType<typeof ask>>,
): Response {
  if (json !== undefined) return c.json(json as object, status === 0 ? 200 : 409)
  return refusal(c, 409, 'refused', words.trim() || `It ended with status ${status}.`)
}
