// The way to PostgreSQL: a few connections that do not keep a process alive, calls that are made again where the answer
// was lost, and one connection that listens.

import { createRequire } from 'node:module'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { Client, Pool } from 'pg'
import { isErrno, OompaError, STATUS } from '../../errors.js'
import { thisMachine } from '../../processes/owner.js'
import { databaseError, isAway, isRepeatable } from './postgres-errors.js'

export interface Place {
  readonly url: string
  /** The PostgreSQL schema of the tasks, not quoted. */
  readonly schema: string
  /** The main checkout: `pg` may be installed there. */
  readonly root: string
  /** How long a call is made again while the server is away. */
  readonly patienceMs: number
}

export interface Database {
  readonly place: Place
  /** The schema's name as SQL has it. */
  readonly quoted: string
  /**
   * The rows of a statement. It is made again where the connection was lost: what changes something carries the id of its
   * call, by which the server knows that it was done.
   * @throws OompaError `store-away` when the patience is over
   */
  rows<T>(sql: string, values?: readonly unknown[]): Promise<T[]>
  /** Several statements, all of them or none, on one connection; not made again. */
  script(statements: readonly string[]): Promise<void>
  /** Calls back when somebody has said that something may be ready, and when the connection is back. */
  listen(changed: () => void): () => Promise<void>
  close(): Promise<void>
}

/** More than a machine's workers ask for at once: a call takes a few milliseconds. */
const CONNECTIONS = 4
const CONNECT_MS = 10_000
/** A statement that takes longer waits for something that hangs. */
const STATEMENT_MS = 30_000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2000

export function openDatabase(place: Place): Database {
  const settings = {
    connectionString: place.url,
    application_name: `oompa ${thisMachine.host}`,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: STATEMENT_MS + CONNECT_MS,
    keepAlive: true,
  }
  let pool: Promise<Pool> | undefined
  const connected = (): Promise<Pool> => {
    pool ??= loadDriver(place.root).then((pg) => {
      // A command that has done its work ends, whatever connections it has left open.
      const made = new pg.Pool({ ...settings, max: CONNECTIONS, allowExitOnIdle: true })
      // An idle connection that the server ends is no error of anybody's call.
      made.on('error', () => {})
      return made
    })
    return pool
  }
  return {
    place,
    quoted: `"${place.schema}"`,
    async rows<T>(sql: string, values: readonly unknown[] = []) {
      const patient = performance.now() + place.patienceMs
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
        try {
          const found = await (await connected()).query<T & object>(sql, [...values])
          return found.rows
        } catch (error) {
          if (!isRepeatable(error) || performance.now() + pauseMs > patient) throw databaseError(error, place)
          await sleep(pauseMs)
        }
      }
    },
    async script(statements) {
      try {
        const client = await (await connected()).connect()
        try {
          await client.query('begin')
          for (const sql of statements) await client.query(sql)
          await client.query('commit')
          client.release()
        } catch (error) {
          // With its connection goes its transaction.
          client.release(true)
          throw error
        }
      } catch (error) {
        throw databaseError(error, place)
      }
    },
    listen(changed) {
      const ending = new AbortController()
      const listening = keepListening({ place, settings, changed, signal: ending.signal })
      return async () => {
        ending.abort()
        await listening
      }
    },
    async close() {
      const open = pool
      pool = undefined
      await (await open)?.end()
    },
  }
}

interface Listening {
  readonly place: Place
  readonly settings: ConstructorParameters<typeof Client>[0]
  readonly changed: () => void
  readonly signal: AbortSignal
}

/** Listens until the signal; a connection that is lost is made again, and what was missed meanwhile is one hint. */
async function keepListening({ place, settings, changed, signal }: Listening): Promise<void> {
  for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const client = new (await loadDriver(place.root)).Client(settings)
    const lost = new Promise<void>((resolve) => {
      client.once('error', () => resolve())
      client.once('end', () => resolve())
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    try {
      await client.connect()
      client.on('notification', changed)
      await client.query(`listen "oompa_${place.schema}"`)
      pauseMs = FIRST_PAUSE_MS
      changed()
      await lost
    } catch (error) {
      if (!isAway(error)) return // a hint is no more than a hint: whoever waits looks by itself, too
    } finally {
      client.on('error', () => {})
      await client.end().catch(() => {})
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => {})
  }
}

type Driver = Pick<typeof import('pg'), 'Client' | 'Pool'>

/** `pg` beside the package, or in the repository whose tasks they are. */
async function loadDriver(root: string): Promise<Driver> {
  const { default: own } = await import('pg').catch((error: unknown) => {
    if (isErrno(error, 'ERR_MODULE_NOT_FOUND')) return { default: undefined }
    throw error
  })
  return own ?? driverOf(root)
}

async function driverOf(root: string): Promise<Driver> {
  try {
    const file = createRequire(path.join(root, 'package.json')).resolve('pg')
    return (await import(pathToFileURL(file).href)).default
  } catch (cause) {
    if (!isErrno(cause, 'MODULE_NOT_FOUND')) throw cause
    throw new OompaError({
      code: 'no-pg',
      message: 'Tasks in PostgreSQL need the package `pg`, which is not installed.',
      mend: 'npm install pg',
      status: STATUS.usage,
      cause,
    })
  }
}
