// Small programs to run, and the wait for what they leave.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProcessEnd, ProcessOptions } from '../../src/processes/contract.js'
import { runProcess } from '../../src/processes/run-process.js'
import { temporaryFolder } from '../support/repository.js'

export const env = { PATH: process.env.PATH, LANG: 'C.UTF-8' }

/** Runs a line of shell with small limits. */
export function runShell(script: string, options: Partial<ProcessOptions> = {}): Promise<ProcessEnd> {
  return runProcess({ file: 'sh', args: ['-c', script], cwd: temporaryFolder(), env, killAfterMs: 300, ...options })
}

/** Waits until `condition` holds; fails after ten seconds, or `limitMs`. */
export async function until(condition: () => boolean, what: string, limitMs = 10_000): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`)
    await sleep(10)
  }
}

/** The pids that a fixture wrote into `<folder>/<name>`, once they are there. */
export async function pidIn(folder: string, name: string): Promise<number> {
  const file = path.join(folder, name)
  await until(() => existsSync(file) && /^\d+\n/.test(readFileSync(file, 'utf8')), `${name} is written`)
  return Number.parseInt(readFileSync(file, 'utf8'), 10)
}

export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  // A zombie that init has not fetched yet has ended.
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}
