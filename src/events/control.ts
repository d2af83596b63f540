// How another process asks a swarm to end gently: a file beside its log, which works across hosts and needs no signal.

import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno, messageOf, OompaError } from '../errors.js'
import { runFolder } from '../files/paths.js'
import { processStart } from '../processes/identity.js'
import { readRun } from './runs.js'

/** One `stat`-sized read; a person who stops a swarm does not see it. */
const POLL_MS = 500

/** What stands in the file: which process was asked, so that a resumed swarm does not hear what its predecessor was told. */
interface Control {
  readonly stop: true
  readonly pid: number
  readonly processStart: string
}

function controlFile(root: string, swarm: string): string {
  return path.join(runFolder(root, swarm), 'control')
}

/**
 * Asks the process that runs `swarm` now to start no further iteration.
 * @throws OompaError `not-running` if it has no process, `control-unwritable`
 */
export function requestStop(root: string, swarm: string): void {
  const run = readRun(root, swarm)
  if (run?.pid === undefined || run.processStart === undefined) {
    throw new OompaError({ code: 'not-running', message: `Swarm ${swarm} has not started.`, mend: 'oompa list --all' })
  }
  const control: Control = { stop: true, pid: run.pid, processStart: run.processStart }
  const file = controlFile(root, swarm)
  try {
    writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(control)}\n`)
    renameSync(`${file}.${process.pid}`, file)
  } catch (cause) {
    throw new OompaError({
      code: 'control-unwritable',
      message: `Swarm ${swarm} cannot be asked to stop: ${messageOf(cause)}.`,
      mend: `oompa kill ${swarm}`,
      cause,
    })
  }
}

/** Whether the process that runs `swarm` now was asked to stop. */
export function stopRequested(root: string, swarm: string, pid: number, start: string | undefined): boolean {
  const control = readControl(root, swarm)
  return control?.pid === pid && (start === undefined || control.processStart === start)
}

/**
 * Calls `onStop` once when this process is asked to stop `swarm`. Never keeps the process alive.
 * @returns what ends the watch.
 */
export function watchControl(root: string, swarm: string, onStop: () => void): () => void {
  const start = processStart(process.pid)
  const timer = setInterval(() => {
    if (!stopRequested(root, swarm, process.pid, start)) return
    clearInterval(timer)
    onStop()
  }, POLL_MS)
  timer.unref()
  return () => clearInterval(timer)
}

function readControl(root: string, swarm: string): Control | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(controlFile(root, swarm), 'utf8'))
    return isControl(value) ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined
    throw error
  }
}

function isControl(value: unknown): value is Control {
  return (
    typeof value === 'object' &&
    value !== null &&
    'stop' in value &&
    value.stop === true &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'processStart' in value &&
    typeof value.processStart === 'string'
  )
}
