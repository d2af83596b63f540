// What is owed to the store of tasks: a release or a completion that failed is tried again. Until it succeeds the claim
// stays the ended iteration's, and no later one completes it.

import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, OompaError } from '../errors.js'
import type { Debt } from '../recovery/contract.js'
import type { Claim } from '../tasks/contract.js'
import type { Debts, Iteration, Swarm } from './contract.js'

export function makeDebts(): Debts {
  return { open: new Map(), fences: new Set() }
}

/** At the end of the swarm a store that is away gets so many further tries, and so much time between two. */
const LAST_TRIES = 3
const LAST_PAUSE_MS = 1000

/** Says of a debt of `iteration` whose it is. */
export function factsOfClaim(iteration: Iteration, claim: Claim): Debt['facts'] {
  return { worker: iteration.worker, iteration: iteration.number, task: claim.task.id }
}

/**
 * Makes the call; what fails is tried again later, unless the store says that the claim is somebody else's by now.
 * @returns whether it was done
 */
export async function pay(swarm: Swarm, debt: Debt): Promise<boolean> {
  const { store, debts, emit } = swarm
  if (!store) return false
  const { fence } = debt.claim
  const before = debts.open.get(fence)
  // Out of the book while it is tried: two workers at once would make the call twice.
  debts.open.delete(fence)
  try {
    await debt.act(store)
  } catch (error) {
    const over = error instanceof OompaError && SETTLED.has(error.code)
    debts.fences.add(fence)
    const why = messageOf(error).replace(/\.?$/, '.')
    if (!over) debts.open.set(fence, { ...debt, why })
    if (over || !before) {
      const text = `Task ${debt.facts.task} could not be ${debt.what}: ${why}${over ? '' : ' It is tried again.'}`
      emit({ type: 'note', level: 'warning', ...debt.facts, text })
    }
    return false
  }
  await debt.done()
  return true
}

/** With these a store says that there is nothing left to be done with this claim. */
const SETTLED: ReadonlySet<string> = new Set(['not-yours', 'already-complete', 'unknown-task'])

/** Tries again what had failed. */
export async function payDebts(swarm: Swarm): Promise<void> {
  for (const debt of [...swarm.debts.open.values()]) await pay(swarm, debt)
}

/** The last tries, when the swarm ends; what is still owed is named, with the command that does it. */
export async function payLastDebts(swarm: Swarm): Promise<void> {
  for (let tries = 0; swarm.debts.open.size > 0 && tries < LAST_TRIES; tries++) {
    if (tries > 0) await sleep(LAST_PAUSE_MS)
    await payDebts(swarm)
  }
  for (const { facts, what, why } of swarm.debts.open.values()) {
    const command = what === 'completed' ? `oompa tasks complete ${facts.task} --force` : `oompa requeue ${facts.task}`
    swarm.emit({
      type: 'note',
      level: 'warning',
      ...facts,
      text: `Task ${facts.task} is still not ${what}: ${why} When that is mended: ${command}`,
    })
  }
}
