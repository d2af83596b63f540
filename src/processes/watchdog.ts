// If we die by SIGKILL nobody is left to end the agents, so one sleeping shell in a session of its own waits for that.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** Reads our pipe; without the word `done` before its end, we are dead, and it becomes the reaper. */
const SCRIPT = `trap '' HUP INT TERM
read -r line
[ "$line" = done ] || exec "$@"`

export interface Watchdog {
  readonly pid: number | undefined
  /** We have ended what we started ourselves. */
  done(): void
}

/** The file in which a swarm's processes are written down. */
export function processRecord(folder: string): string {
  return path.join(folder, 'processes')
}

/**
 * Starts the watchdog of a swarm.
 * @param options.folder the swarm's folder, `.oompa/runs/<swarm>`.
 */
export function startWatchdog(options: { swarm: string; folder: string }): Watchdog {
  const child = spawn(
    '/bin/sh',
    ['-c', SCRIPT, 'oompa-watchdog', process.execPath, reaper(), options.swarm, processRecord(options.folder)],
    { detached: true, cwd: '/', stdio: ['pipe', 'ignore', 'ignore'] },
  )
  child.on('error', () => {}) // without a shell there is no watchdog, and the next start still reaps
  child.stdin.on('error', () => {})
  child.unref()
  const { stdin } = child
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  return {
    pid: child.pid,
    done: () => {
      stdin.end('done\n')
    },
  }
}

/** The built reaper: beside us, or in `dist` when we run from the sources (tests). */
function reaper(): string {
  const beside = fileURLToPath(new URL('./reap.js', import.meta.url))
  return existsSync(beside) ? beside : fileURLToPath(new URL('../../dist/processes/reap.js', import.meta.url))
}
