// A real PostgreSQL for tests: in a temporary folder, on a Unix socket alone, as an ordinary user; it ends with the tests.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { findExecutable } from '../../src/processes/find-executable.js'

export interface PostgresServer {
  /** As the owner of everything; another role goes by `urlOf`. */
  readonly url: string
  urlOf(role: string): string
  /** Runs a statement as the owner, and gives its rows. */
  sql(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>
  start(): Promise<void>
  /** As an administrator stops it: connections are ended. */
  stop(): Promise<void>
  /** As a machine ends that loses its power. */
  crash(): Promise<void>
  /** Stops it and removes it. */
  remove(): Promise<void>
}

/** Debian keeps the programs of the server off the PATH. */
function programs(): string | undefined {
  const found = findExecutable('initdb', process.env, process.cwd())
  if (found) return path.dirname(realpathSync(found))
  try {
    const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a))
    return versions[0] && path.join('/usr/lib/postgresql', versions[0], 'bin')
  } catch {
    return undefined
  }
}

export const hasPostgres = programs() !== undefined

/** initdb refuses root: then it is nobody's. */
function user(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (kind: string) => Number(execFileSync('id', [kind, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** Runs the server as long as our end of its standard input is open, so that it outlives no test. */
const WITH_US = `"$@" & server=$!; cat > /dev/null; kill -INT $server; wait $server`

/** For the hook that makes a server: initdb takes two seconds, and on a machine that is loaded more than a minute. */
export const STARTING_MS = 300_000

/** Makes a server and starts it. To be removed in the end. */
export async function postgresServer(): Promise<PostgresServer> {
  const bin = programs()
  if (!bin) throw new Error('There is no PostgreSQL: apt-get install postgresql')
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'oompa-pg-')))
  const data = path.join(folder, 'data')
  const as = user()
  if (as) chownSync(folder, as.uid, as.gid)
  chmodSync(folder, 0o700)
  const env = { PATH: process.env.PATH, LC_ALL: 'C' }
  execFileSync(
    path.join(bin, 'initdb'),
    ['-D', data, '-A', 'trust', '-U', 'owner', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...as, cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const urlOf = (role: string) => `postgres://${role}@/postgres?host=${encodeURIComponent(folder)}`
  let running: { readonly child: ChildProcess; readonly ended: Promise<void> } | undefined
  const end = async (how: (pid: number) => void): Promise<void> => {
    const was = running
    if (!was) return
    running = undefined
    how(Number(readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')[0]))
    was.child.stdin?.end()
    await was.ended
  }
  const server: PostgresServer = {
    url: urlOf('owner'),
    urlOf,
    async sql(text, values) {
      const client = new pg.Client({ connectionString: urlOf('owner') })
      await client.connect()
      try {
        return (await client.query(text, values)).rows
      } finally {
        await client.end()
      }
    },
    async start() {
      const settings = ['fsync=off', 'listen_addresses=', `unix_socket_directories=${folder}`, 'max_connections=200']
      const args = ['-D', data, ...settings.flatMap((one) => ['-c', one])]
      const child = spawn('/bin/sh', ['-c', WITH_US, 'sh', path.join(bin, 'postgres'), ...args], {
        ...as,
        cwd: folder,
        env,
        stdio: ['pipe', 'ignore', 'pipe'],
      })
      const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
      running = { child, ended }
      await new Promise<void>((resolve, reject) => {
        let said = ''
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          said += text
          if (/ready to accept connections/.test(said)) resolve()
        })
        void ended.then(() => reject(new Error(`PostgreSQL has ended:\n${said}`)))
      })
    },
    stop: () => end((pid) => process.kill(pid, 'SIGINT')),
    crash: () => end((pid) => process.kill(pid, 'SIGKILL')),
    async remove() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
  await server.start()
  return server
}
