// Every swarm of a repository and whether it runs: from the ends of its log, checked against the processes there are.

import { lstatSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { isErrno, OompaError, STATUS, usageError } from '../errors.js'
import { replaceOwn, wrongAt } from '../files/own.js'
import { runFolder } from '../files/paths.js'
import { isDead, type Machine, type Owner, parseOwner, thisMachine } from '../processes/owner.js'
import type { OompaEvent } from './contract.js'
import { swarmIds } from './log.js'
import { logEdges, scanLog } from './scan-log.js'

/** `crashed`: the log has no end, and the process is gone. */
export type RunState = 'running' | 'stopped' | 'crashed'

type Started = Extract<OompaEvent, { type: 'swarm.started' }>
type Stopped = Extract<OompaEvent, { type: 'swarm.stopped' }>

export interface Run {
  readonly swarm: string
  readonly state: RunState
  /** Whose process it is since its latest start. */
  readonly owner?: Owner
  /** Of its first start, ISO 8601. */
  readonly startedAt?: string
  readonly stoppedAt?: string
  /** It ended without seeing to its iterations (`swarm.stopped`). */
  readonly abrupt?: boolean
  /** The named worktree that it is a loop in. */
  readonly named?: string
  /** Bytes of the whole lines of its log. */
  readonly size: number
}

/** What the machine says, apart from the log. */
export interface World extends Machine {
  /** When a swarm whose process cannot be seen from here last gave a sign of life, milliseconds since 1970. */
  heartbeat(swarm: string): number | undefined
}

/** This machine, now. */
export function thisWorld(root: string): World {
  return { ...thisMachine, heartbeat: (swarm) => lastHeartbeat(root, swarm) }
}

/** Whether a swarm runs, from its latest start and end. Pure but for what it asks of `world`. */
function runState(
  swarm: string,
  facts: { started?: Started; stopped?: Stopped; writtenMs: number },
  world: World,
): RunState {
  const { started, stopped } = facts
  if (stopped) return 'stopped'
  const owner = parseOwner(started)
  if (!owner) return 'crashed'
  const lastMs = Math.max(world.heartbeat(swarm) ?? 0, facts.writtenMs)
  return isDead(owner, { lastMs, leaseMs: SILENT_AFTER_MS }, world) ? 'crashed' : 'running'
}

/** One swarm; undefined if it has no log. */
export function readRun(root: string, swarm: string, world: World = thisWorld(root)): Run | undefined {
  const edges = logEdges(root, swarm, isEdge)
  if (!edges || edges.size === 0) return undefined
  let latest = latestOf(edges.last)
  // Neither stands near the end: a swarm that runs or crashed, or one that was written to long after its end.
  if (!latest.started && !latest.stopped) latest = latestOf(scanLog(root, swarm, isEdge))
  else if (!latest.started && edges.first?.type === 'swarm.started') latest.started = edges.first
  const { started, stopped } = latest
  return {
    swarm,
    state: runState(swarm, { started, stopped, writtenMs: edges.mtimeMs }, world),
    owner: parseOwner(started),
    startedAt: edges.first?.at,
    stoppedAt: stopped?.at,
    ...(stopped?.abrupt ? { abrupt: true } : {}),
    ...(started?.named === undefined ? {} : { named: started.named }),
    size: edges.size,
  }
}

/** All swarms, the latest first. */
export function listRuns(root: string, world: World = thisWorld(root)): Run[] {
  return swarmIds(root)
    .flatMap((swarm) => readRun(root, swarm, world) ?? [])
    .sort((a, b) => (b.startedAt ?? '').localeCompare(a.startedAt ?? ''))
}

/**
 * The swarm that a command means: by its id or the beginning of it, else the one that runs, else the latest.
 * @throws OompaError `no-swarm` (status 3), `unknown-swarm`, `ambiguous-swarm` (status 2)
 */
export function findRun(root: string, id?: string, world: World = thisWorld(root)): Run {
  if (id === undefined) {
    const runs = listRuns(root, world)
    const run = runs.find(({ state }) => state === 'running') ?? runs[0]
    if (run) return run
    throw new OompaError({
      code: 'no-swarm',
      message: 'No swarm has been run in this repository yet.',
      mend: 'oompa run',
      status: STATUS.nothing,
    })
  }
  const matches = /^[0-9a-f]+$/.test(id) ? swarmIds(root).filter((swarm) => swarm.startsWith(id)) : []
  if (matches.length > 1) {
    throw usageError(
      `\`${id}\` is the beginning of several swarms: ${matches.join(', ')}.`,
      'Give more digits.',
      'ambiguous-swarm',
    )
  }
  const run = matches[0] === undefined ? undefined : readRun(root, matches[0], world)
  if (!run) throw usageError(`There is no swarm \`${id}\`.`, 'oompa list --all', 'unknown-swarm')
  return run
}

/** The latest loop in a named worktree, one that runs before others. */
export function loopIn(root: string, named: string, world: World = thisWorld(root)): Run | undefined {
  const runs = listRuns(root, world).filter((run) => run.named === named)
  return runs.find(({ state }) => state === 'running') ?? runs[0]
}

/**
 * The running swarm that a command ends: the named one, or the only one.
 * @throws OompaError `not-running` (status 3), `ambiguous-swarm` (status 2), and those of `findRun`
 */
export function runningRun(root: string, id?: string, world: World = thisWorld(root)): Run {
  const running = id === undefined ? listRuns(root, world).filter(({ state }) => state === 'running') : []
  if (running.length > 1) {
    throw usageError(
      `Several swarms are running: ${running.map(({ swarm }) => swarm).join(', ')}.`,
      'Name one of them.',
      'ambiguous-swarm',
    )
  }
  const run = running[0] ?? findRun(root, id, world)
  if (run.state === 'running') return run
  throw new OompaError({
    code: 'not-running',
    message:
      id === undefined
        ? 'No swarm is running.'
        : `Swarm ${run.swarm} is not running: it ${run.state === 'crashed' ? 'crashed' : 'has ended'}.`,
    mend: run.state === 'crashed' ? `oompa resume ${run.swarm}` : `oompa view ${run.swarm}`,
    status: STATUS.nothing,
  })
}

function isEdge(type: string): boolean {
  return type === 'swarm.started' || type === 'swarm.stopped'
}

/** The latest start, and the end that follows it, if it does. */
function latestOf(events: readonly OompaEvent[]): { started?: Started; stopped?: Stopped } {
  let started: Started | undefined
  let stopped: Stopped | undefined
  for (const event of events) {
    if (event.type === 'swarm.started') {
      started = event
      stopped = undefined
    } else if (event.type === 'swarm.stopped') stopped = event
  }
  return { started, stopped }
}

// A sign of life that other hosts can read: on a shared file system a pid says nothing about another machine.

/** How often a swarm says that it lives (docs/contract.md, 21). */
const HEARTBEAT_MS = 30_000
/** Four beats missed: the clocks of two hosts may differ, and a laptop may have slept. */
const SILENT_AFTER_MS = 4 * HEARTBEAT_MS

function heartbeatFile(root: string, swarm: string): string {
  return path.join(runFolder(root, swarm), 'heartbeat')
}

/** Beats from now on until the function that it gives is called. Never keeps the process alive, never throws. */
export function startHeartbeat(root: string, swarm: string): () => void {
  const file = heartbeatFile(root, swarm)
  const beat = () => {
    try {
      const now = new Date()
      if (wrongAt(file)) return
      utimesSync(file, now, now)
    } catch {
      try {
        replaceOwn(root, file, '')
      } catch {
        // A full disk or a removed folder: the swarm goes on, and only looks silent from other hosts.
      }
    }
  }
  beat()
  const timer = setInterval(beat, HEARTBEAT_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** When a swarm last beat, in milliseconds since 1970; undefined if it never did. */
function lastHeartbeat(root: string, swarm: string): number | undefined {
  try {
    return lstatSync(heartbeatFile(root, swarm)).mtimeMs
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined
    throw error
  }
}
