// The swarms of other machines, for the commands that look: brought up to now, where the tasks are in a server.

import { closeSync, futimesSync, writeSync } from 'node:fs'
import path from 'node:path'
import { messageOf } from '../errors.js'
import { elsewhereRoot } from '../events/copied-logs.js'
import { logFile, swarmIds } from '../events/log.js'
import { openOwn, textOf } from '../files/own.js'
import { runFolder } from '../files/paths.js'
import { hookTasks } from '../hooks/tasks-hook.js'
import type { EngineMachines } from '../tasks/task-engine.js'

/** Brings the logs of other machines here, and says so where that cannot be: what was brought before is shown. */
export async function lookElsewhere(root: string): Promise<void> {
  try {
    const store = await hookTasks(root)
    if (store?.engine) await bringElsewhere(root, store.engine.machines)
  } catch (error) {
    console.error(`oompa: the swarms of other machines are shown as they were known last: ${messageOf(error)}`)
  }
}

/** More than any log has lines: nothing of it is asked for. */
const ALL_OF_IT = 2 ** 31 - 1
const MOST_TURNS = 1000

/** Brings the copies up to what the engine has. */
export async function bringElsewhere(root: string, machines: EngineMachines): Promise<void> {
  const place = elsewhereRoot(root)
  const have: Record<string, number> = {}
  for (const swarm of swarmIds(place))
    have[swarm] = (textOf(logFile(place, swarm), Number.POSITIVE_INFINITY) ?? '').split('\n').length - 1
  for (const swarm of swarmIds(root)) have[swarm] = ALL_OF_IT
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const lines = await machines.eventsAfter(have)
    if (lines.length === 0) break
    for (const { swarm, number, line } of lines) {
      if (number !== (have[swarm] ?? 0) || !/^[0-9a-f]{8}$/.test(swarm)) continue
      append(root, swarm, line)
      have[swarm] = number + 1
    }
  }
  for (const { swarm, silentMs } of await machines.list()) {
    if (!/^[0-9a-f]{8}$/.test(swarm) || have[swarm] === undefined || have[swarm] === ALL_OF_IT) continue
    const file = path.join(runFolder(place, swarm), 'heartbeat')
    // From the repository down: an agent may have put a link in the place of any of its folders.
    const opened = openOwn(root, file)
    const seen = (Date.now() - silentMs) / 1000
    futimesSync(opened, seen, seen)
    closeSync(opened)
  }
}

function append(root: string, swarm: string, line: string): void {
  const file = openOwn(root, logFile(elsewhereRoot(root), swarm))
  try {
    writeSync(file, `${line.replaceAll('\n', ' ')}\n`)
  } finally {
    closeSync(file)
  }
}
