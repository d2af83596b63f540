// How another process asks a swarm to end gently: a file beside its log, which works across hosts and needs no signal.

import path from 'node:path'
import { messageOf, OompaError } from '../errors.js'
import { clearPlace, replaceOwn, textOf } from '../files/own.js'
import { runFolder } from '../files/paths.js'
import { type Owner, parseOwner, thisOwner } from '../processes/owner.js'
import { readRun } from './runs.js'

/** One `stat`-sized read; a person who stops a swarm does not see it. */
const POLL_MS = 500

/** What stands in the file: which process was asked, so that a resumed swarm does not hear what its predecessor was told. */
interface Control extends Owner {
  readonly stop: true
}

function controlFile(root: string, swarm: string): string {
  return path.join(runFolder(root, swarm), 'control')
}

/**
 * Asks the process that runs `swarm` now to start no further iteration.
 * @throws OompaError `not-running` if it has no process, `control-unwritable`
 */
export function requestStop(root: string, swarm: string): void {
  const owner = readRun(root, swarm)?.owner
  if (!owner) {
    throw new OompaError({ code: 'not-running', message: `Swarm ${swarm} has not started.`, mend: 'oompa list --all' })
  }
  const control: Control = { stop: true, ...owner }
  const file = controlFile(root, swarm)
  try {
    clearPlace(file)
    replaceOwn(root, file, `${JSON.stringify(control)}\n`)
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
export function stopRequested(root: string, swarm: string, { pid, start }: Owner): boolean {
  const asked = readControl(root, swarm)
  return asked?.pid === pid && asked.start === start
}

/**
 * Calls `onStop` once when this process is asked to stop `swarm`. Never keeps the process alive.
 * @returns what ends the watch.
 */
export function watchControl(root: string, swarm: string, onStop: () => void): () => void {
  const timer = setInterval(() => {
    if (!stopRequested(root, swarm, thisOwner())) return
    clearInterval(timer)
    onStop()
  }, POLL_MS)
  timer.unref()
  return () => clearInterval(timer)
}

function readControl(root: string, swarm: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(textOf(controlFile(root, swarm)) ?? '')
    return asksToStop(value) ? parseOwner(value) : undefined
  } catch {
    return undefined
  }
}

function asksToStop(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'stop' in value && value.stop === true
}
