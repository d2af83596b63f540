// Swarms' logs on disk, in a temporary folder, without a repository.

import { appendFileSync, mkdirSync } from 'node:fs'
import type { OompaEvent } from '../../src/events/contract.js'
import { logFile } from '../../src/events/log.js'
import { runFolder } from '../../src/files/paths.js'
import { processSpace } from '../../src/processes/identity.js'
import { thisOwner } from '../../src/processes/owner.js'
import { at, started } from './sample.js'

/** Appends events to a swarm's log below `root`, as the loop does. */
export function writeEvents(root: string, swarm: string, events: readonly OompaEvent[]): void {
  mkdirSync(runFolder(root, swarm), { recursive: true })
  appendFileSync(logFile(root, swarm), events.map((event) => `${JSON.stringify(event)}\n`).join(''))
}

/** This process, as the start of a swarm says it. */
export function ourselves(): { pid: number; processStart: string; host: string } {
  const { pid, start: processStart, host } = thisOwner()
  return { pid, processStart, host }
}

/** A swarm that this process runs. */
export function startedHere(seconds: number, swarm: string): OompaEvent {
  return at(seconds, started(ourselves()), swarm)
}

/** A start that no process of this machine has. */
export function startOfTheDead(): string {
  return `${processSpace()}.ago`
}

/** A swarm of this machine whose process is gone: the pid is ours, but it started at another time. */
export function startedByTheDead(seconds: number, swarm: string): OompaEvent {
  return at(seconds, started({ ...ourselves(), processStart: startOfTheDead() }), swarm)
}

export function stopped(seconds: number, swarm: string, status = 0): OompaEvent {
  return at(seconds, { type: 'swarm.stopped', reason: 'all workers have ended', status }, swarm)
}
