// What a crash left is put in order by the next start (cli.md, settled question 15): agents ended, claims put back,
// work kept. Each crashed swarm once; then its log says so.

import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { messageOf } from '../errors.js'
import { openLog } from '../events/log.js'
import { listRuns } from '../events/runs.js'
import { logEdges, scanLog } from '../events/scan.js'
import { runFolder } from '../files/paths.js'
import { reap } from '../processes/reap.js'
import { processRecord } from '../processes/watchdog.js'
import type { Swarm } from './contract.js'

/** Puts the things of every crashed swarm in order, and says what was found. */
export async function recoverCrashed(swarm: Swarm): Promise<void> {
  const { root } = swarm.repository
  const crashed = listRuns(root).filter(
    (run) =>
      run.swarm !== swarm.id && run.state === 'crashed' && run.host === hostname() && !isRecovered(root, run.swarm),
  )
  if (crashed.length === 0 && !swarm.resumed && !swarm.store) return
  const { keepInterrupted, releaseStale } = await import('./salvage.js')
  // A worker from a shell, or a swarm of an earlier day, may have left claims too.
  if (crashed.length === 0 && !swarm.resumed) await releaseStale(swarm)
  for (const id of [...crashed.map((run) => run.swarm), ...(swarm.resumed ? [swarm.id] : [])]) {
    try {
      const processes = await reap(id, processRecord(runFolder(root, id)))
      const kept = await keepInterrupted(swarm, id, openIterations(root, id))
      const claims = await releaseStale(swarm)
      if (id === swarm.id) swarm.emit({ type: 'swarm.recovered', by: swarm.id, processes, claims, kept })
      else append(root, id, { by: swarm.id, processes, claims, kept })
      if (processes + claims + kept.length > 0) {
        swarm.emit({
          type: 'note',
          text: `Swarm ${id} had crashed: ended ${processes} processes, put back ${claims} tasks, kept the work of ${kept.length} iterations${kept.length ? ` (${kept.join(', ')})` : ''}.`,
        })
      }
    } catch (error) {
      swarm.emit({ type: 'note', level: 'warning', text: `Putting swarm ${id} in order: ${messageOf(error)}` })
    }
  }
}

function isRecovered(root: string, id: string): boolean {
  return (
    logEdges(root, id, (type) => type === 'swarm.recovered')?.last.some((event) => event.type === 'swarm.recovered') ??
    true
  )
}

/** Iterations that began and have no end in the log, whose worktree is still there: `w1-3`. */
function openIterations(root: string, id: string): { worker: string; iteration: number }[] {
  const open = new Map<string, { worker: string; iteration: number }>()
  for (const event of scanLog(root, id, (type) => type === 'iteration.started' || type === 'iteration.ended')) {
    if (event.worker === undefined || event.iteration === undefined) continue
    const name = `${event.worker}-${event.iteration}`
    if (event.type === 'iteration.ended') open.delete(name)
    else open.set(name, { worker: event.worker, iteration: event.iteration })
  }
  return [...open.values()].filter(({ worker, iteration }) => existsSync(path.join(root, `.${worker}-i${iteration}`)))
}

function append(
  root: string,
  id: string,
  facts: { by: string; processes: number; claims: number; kept: readonly string[] },
): void {
  const log = openLog(root, id)
  log.emit({ type: 'swarm.recovered', ...facts })
  log.close()
}
