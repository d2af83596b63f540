// Swarms' logs on disk, in a temporary folder, without a repository.

import { appendFileSync, mkdirSync } from 'node:fs'
import type { OompaEvent } from '../../src/events/contract.js'
import { logFile } from '../../src/events/log.js'
import { runFolder } from '../../src/files/paths.js'
import { thisProcess } from '../../src/processes/identity.js'
import { at, started } from './sample.js'

/** Appends events to a swarm's log below `root`, as the loop does. */
export function writeEvents(root: string, swarm: string, events: readonly OompaEvent[]): void {
  mkdirSync(runFolder(root, swarm), { recursive: true })
  appendFileSync(logFile(root, swarm), events.map((event) => `${JSON.stringify(event)}\n`).join(''))
}

/** A swarm that this process runs. */
export function startedHere(seconds: number, swarm: string): OompaEvent {
  return at(seconds, started(thisProcess()), swarm)
}

/** A swarm of this host whose process is gone: the pid is ours, but it started at another time. */
export function startedByTheDead(seconds: number, swarm: string): OompaEvent {
  return at(seconds, started({ ...thisProcess(), processStart: 'long.ago' }), swarm)
}

export function stopped(seconds: number, swarm: string, status = 0): OompaEvent {
  return at(seconds, { type: 'swarm.stopped', reason: 'all workers have ended', status }, swarm)
}
