// Listens on the loopback addresses, or on the one that `--host` names.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { isErrno, OompaError, STATUS, usageError } from '../errors.js'
import { dashApp } from './api.js'
import { type Keys, keysOf } from './page-keys.js'

export interface Dash {
  readonly port: number
  /** Opens the page for whoever has it; the token stands in the fragment. */
  readonly link: string
  readonly keys: Keys
  close(): Promise<void>
}

export interface DashOptions {
  /** 0 for any that is free; the usual one, or the next that is free, unless given. */
  readonly port?: number
  /** In place of 127.0.0.1 and [::1]. */
  readonly host?: string
}

/** The first port that is tried. */
const USUAL_PORT = 4664
const TRIES = 20

/**
 * Starts the page of a repository.
 * @throws OompaError `port-taken` (status 4), or status 2 for an address that is not this machine's
 */
export async function serveDash(root: string, options: DashOptions = {}): Promise<Dash> {
  const keys = keysOf(root)
  let app: ReturnType<typeof dashApp> | undefined
  const listener = getRequestListener((request) => app?.fetch(request) ?? new Response(null, { status: 503 }))
  const servers = await listen(options, () => {
    const server = createServer(listener)
    // A stream of events is open for as long as its tab.
    server.requestTimeout = 60_000
    return server
  })
  const { port } = servers[0]!.address() as AddressInfo
  app = dashApp({ root, keys, port, ...(options.host ? { host: options.host } : {}) })
  const name = options.host === undefined ? '127.0.0.1' : shown(options.host)
  return {
    port,
    keys,
    link: `http://${name}:${port}/#${keys.token}`,
    async close() {
      await Promise.all(
        servers.map(
          (server) =>
            new Promise<void>((resolve) => {
              server.close(() => resolve())
              server.closeAllConnections()
            }),
        ),
      )
    },
  }
}

async function listen({ port, host }: DashOptions, make: () => Server): Promise<Server[]> {
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65536)) {
    throw usageError(`--port is ${port}: it must be a whole number from 0 to 65535.`, 'oompa dash --help')
  }
  const ports = port === undefined ? Array.from({ length: TRIES }, (_, at) => USUAL_PORT + at) : [port]
  for (const one of ports) {
    try {
      return await listenOn(one, host, make)
    } catch (error) {
      if (isErrno(error, 'EADDRINUSE')) continue
      if (isErrno(error, 'EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN')) {
        throw usageError(`--host ${host} is no address of this machine.`, 'oompa dash')
      }
      if (isErrno(error, 'EACCES')) throw usageError(`Port ${one} is not for everybody.`, 'oompa dash')
      throw error
    }
  }
  throw new OompaError({
    code: 'port-taken',
    message: port === undefined ? `The ports ${ports[0]} to ${ports.at(-1)} are taken.` : `Port ${port} is taken.`,
    mend: 'oompa dash --port 0',
    status: STATUS.refused,
  })
}

async function listenOn(port: number, host: string | undefined, make: () => Server): Promise<Server[]> {
  if (host !== undefined) return [await opened(make(), port, host)]
  const four = await opened(make(), port, '127.0.0.1')
  try {
    const six = await opened(make(), (four.address() as AddressInfo).port, '::1')
    return [four, six]
  } catch (error) {
    // A machine without IPv6.
    if (isErrno(error, 'EADDRNOTAVAIL', 'EAFNOSUPPORT')) return [four]
    four.close()
    throw error
  }
}

function opened(server: Server, port: number, host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, ipv6Only: true }, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}

/** Where everything is listened to, the link is for this machine. */
function shown(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
