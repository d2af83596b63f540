// What a seed means: the same number always gives the same swarm and the same faults, so a broken night can be played again.

import type { OompaEvent } from '../../src/events/contract.js'
import { type FaultName, faultNames } from './faults.js'

/** One thing that goes wrong. */
export interface PlannedFault {
  readonly name: FaultName
  /** It comes after the `nth` event of this type, */
  readonly after: OompaEvent['type']
  readonly nth: number
  /** and this much later. */
  readonly delayMs: number
}

export interface Plan {
  readonly seed: number
  readonly workers: number
  readonly tasks: readonly PlannedTask[]
  /** Whether `tasks/` is tracked by git. */
  readonly tracked: boolean
  readonly strategy: 'merge' | 'rebase' | 'squash'
  readonly batch: number
  readonly push: boolean
  readonly faults: readonly PlannedFault[]
}

/** How the scripted author of a task behaves. */
export interface PlannedTask {
  readonly id: string
  /** `shared` edits the line that others edit, `bad` fails the test the first time, `strict` is rejected once. */
  readonly kind: 'plain' | 'shared' | 'bad' | 'strict' | 'uncommitted'
}

const MOMENTS: readonly OompaEvent['type'][] = [
  'agent.started',
  'agent.ended',
  'review.ended',
  'landing.queued',
  'landing.testing',
  'landing.landed',
  'task.claimed',
  'iteration.ended',
]

const KINDS: readonly PlannedTask['kind'][] = ['plain', 'shared', 'bad', 'strict', 'uncommitted']

/** Seeds 1 to N play each fault alone, in the order of their names; those above play two at a time. */
export function planOf(seed: number): Plan {
  const random = generator(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const fault = (name: FaultName): PlannedFault => ({
    name,
    after: pick(MOMENTS),
    nth: 1 + Math.floor(random() * 3),
    delayMs: Math.floor(random() * 300),
  })
  const alone = faultNames[seed - 1]
  const faults = alone ? [fault(alone)] : [fault(pick(faultNames)), fault(pick(faultNames))]
  const count = 3 + Math.floor(random() * 2)
  return {
    seed,
    workers: 2 + Math.floor(random() * 2),
    tasks: Array.from({ length: count }, (_, index) => ({ id: `t${index + 1}`, kind: pick(KINDS) })),
    tracked: random() < 0.5,
    strategy: pick(['merge', 'merge', 'rebase', 'squash'] as const),
    batch: pick([1, 1, 3]),
    push: random() < 0.4 || faults.some(({ name }) => name.startsWith('remote')),
    faults,
  }
}

/** A line that says all of it. */
export function describePlan(plan: Plan): string {
  const faults = plan.faults.map(({ name, after, nth, delayMs }) => `${name} ${delayMs} ms after ${after} #${nth}`)
  const tasks = plan.tasks.map(({ kind }) => kind).join(' ')
  const how = [plan.strategy, `batch ${plan.batch}`, plan.tracked ? 'tracked' : 'untracked', plan.push ? 'push' : '']
  return `seed ${plan.seed}: ${faults.join(' + ')}; ${plan.workers} workers, ${how.filter(Boolean).join(', ')}; ${tasks}`
}

/** Numbers from 0 to 1 that depend on nothing but the seed (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
