// `oompa scale`: how many workers the tasks want now, for whatever starts and ends machines.

import { type Command, flag } from '../cli/contract.js'
import { STATUS } from '../errors.js'
import type { SwarmState } from '../events/state.js'
import { affordable, laneCapacity, lanesWanted, latestSwarms } from '../swarm/wanted.js'
import { findRoot } from '../tasks/root.js'
import { lookElsewhere } from './other-machines.js'
import { json, storeOf } from './tasks/open-store.js'

export const command: Command = {
  summary: 'Say how many workers are wanted: one for each task that is ready or held, as many as can land.',
  options: { json },
  examples: [['oompa scale --json', 'for a program that starts machines']],
  async run(args) {
    const root = await findRoot()
    await lookElsewhere(root)
    const facts = await scaleFacts(root)
    const { ready, current, lane, affords } = facts
    if (flag(args, 'json')) console.log(JSON.stringify(facts, null, 2))
    else {
      const can = lane === null ? '' : `, ${lane} can land`
      const paid = affords === null ? '' : `, ${affords} can be paid for`
      const tasks = `${ready} ready, ${current} held`
      console.log(`${facts.wanted} wanted, ${facts.workers} at work: ${tasks}${can}${paid}`)
    }
    return STATUS.done
  },
}

/** How many workers are wanted, and what that comes from. */
export async function scaleFacts(root: string) {
  const { pending, current } = await (await storeOf(root)).list()
  const latest = latestSwarms(root)
  const shown = latest.map((one) => one.shown)
  const ready = pending.filter((task) => task.ready).length
  const running = latest.flatMap(({ run, shown: { state } }) => (run.state === 'running' ? [state] : []))
  const workers = running.flatMap((state) => [...state.workers.values()]).filter(({ phase }) => phase !== 'ended')
  const lane = laneCapacity(shown.map(({ figures }) => figures))
  const affords = affordable(shown, leftUsd(running))
  return {
    ready,
    current: current.length,
    workers: workers.length,
    lane: lane ?? null,
    affords: affords ?? null,
    wanted: lanesWanted({ ready, held: current.length, lane, affords }),
  }
}

/** What the swarms that are running have left of their budgets; undefined if one of them has no cap. */
function leftUsd(running: readonly SwarmState[]): number | undefined {
  const left = running.map(({ budgetUsd, costUsd = 0 }) => budgetUsd !== undefined && budgetUsd - costUsd)
  if (left.length === 0) return undefined
  return left.reduce((sum: number | undefined, one) => (sum === undefined || one === false ? undefined : sum + one), 0)
}
