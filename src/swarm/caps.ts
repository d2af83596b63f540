// What the caps allow, decided from what was spent and what goes on. Pure.

import type { BudgetSettings, Settings } from '../config/contract.js'

/** What runs came to, in both of the units that a cap may have. */
export interface Amount {
  readonly usd: number
  readonly tokens: number
}

/** What was spent, in all and by whom. */
export interface Spending {
  readonly all: Amount
  readonly workers: ReadonlyMap<string, number>
  readonly tasks: ReadonlyMap<string, number>
}

export const NOTHING: Amount = { usd: 0, tokens: 0 }

/** A run in progress: what it will probably come to, and what its stream has said so far. */
export interface Going {
  readonly reserved: Amount
  readonly used: Amount
}

/** Why no further run may start. */
export interface Reached {
  readonly limit: 'budget' | 'tokens' | 'day' | 'task' | 'worker' | 'minutes' | 'no-progress' | 'unpriced'
  readonly value: number
  readonly why: string
}

/** One cap, and all that counts towards it. */
export interface Cap {
  readonly limit: 'budget' | 'tokens' | 'day' | 'task' | 'worker'
  readonly value: number
  readonly unit: keyof Amount
  /** By runs that have ended. */
  readonly spent: number
  readonly going: readonly Going[]
  /** Who it is of: a task, a worker. */
  readonly whose?: string
}

/** What all swarms of the repository have spent today, and what goes on in the others. */
interface Today {
  total(): number
  going(): readonly Going[]
}

/** The caps that hold for all runs of a swarm, and what counts towards each. */
export function capsOfSwarm(
  { usd, tokens, perDay }: BudgetSettings,
  { spent, going, day }: { readonly spent: Amount; readonly going: readonly Going[]; readonly day: Today },
): Cap[] {
  const all: Cap[] = []
  if (usd !== undefined) all.push({ limit: 'budget', unit: 'usd', value: usd, spent: spent.usd, going })
  if (tokens !== undefined) all.push({ limit: 'tokens', unit: 'tokens', value: tokens, spent: spent.tokens, going })
  if (perDay !== undefined)
    all.push({ limit: 'day', unit: 'usd', value: perDay, spent: day.total(), going: [...going, ...day.going()] })
  return all
}

/** The cap of one task, or of one worker, if there is one. */
export function capOfOne<L extends 'task' | 'worker'>(
  limit: L,
  value: number | undefined,
  whose: string | undefined,
  {
    spentBy,
    running,
  }: { readonly spentBy: ReadonlyMap<string, number>; readonly running: Iterable<Going & Record<L, string>> },
): Cap[] {
  if (value === undefined || whose === undefined) return []
  const going = [...running].filter((run) => run[limit] === whose)
  return [{ limit, unit: 'usd', value, whose, spent: spentBy.get(whose) ?? 0, going }]
}

/** Whether one more run of this price fits beside those that go on, each of which counts with what it is reserved. */
export function hasRoom({ unit, value, spent, going }: Cap, price: Amount): boolean {
  return spent + held(going, unit) + price[unit] <= value
}

/** Whether what was spent comes to the cap, with what streams have told of runs in progress. */
export function isReached(cap: Cap): boolean {
  return soFar(cap) >= cap.value
}

/** Whether a run has to end: the cap is passed by as much as the run was reserved, or reached, if nothing was. */
export function isPassed(cap: Cap, own: Going): boolean {
  return soFar(cap) >= cap.value + own.reserved[cap.unit]
}

/** What a run may come to: what the others leave of the cap, and what it is reserved in any case. */
export function allowance({ unit, value, spent, going }: Cap, own: Going): number {
  const others = going.filter((one) => one !== own)
  return Math.max(value - spent - held(others, unit), own.reserved[unit])
}

/** The cap as it is said of it that it is reached. */
export function reachedWords(cap: Cap): Reached {
  const { limit, value, whose } = cap
  const tokens = cap.unit === 'tokens'
  const spent = tokens ? `${soFar(cap)} used` : `$${soFar(cap).toFixed(4)} spent`
  const budget = tokens ? `the budget of ${value} tokens` : `the budget of $${value}`
  const why = {
    budget: `${budget} is used up (${spent})`,
    tokens: `${budget} is used up (${spent})`,
    day: `${budget} for today is used up (${spent} by the swarms of this repository)`,
    task: `${budget} for a task is used up (${spent} on ${whose})`,
    worker: `${budget} for a worker is used up (${spent} by ${whose})`,
  }[limit]
  return { limit, value, why }
}

/** The value that nine of ten do not pass; the largest of less than ten. */
export function p90(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.9) - 1] ?? 0
}

/** Whether what runs cost decides whether there may be more of them: then agents have to say it. */
export function countsRuns({ usd, tokens, perTask, perWorker, perDay }: BudgetSettings): boolean {
  return [usd, tokens, perTask, perWorker, perDay].some((cap) => cap !== undefined)
}

function soFar({ unit, spent, going }: Cap): number {
  return going.reduce((sum, { used }) => sum + used[unit], spent)
}

function held(going: readonly Going[], unit: keyof Amount): number {
  return going.reduce((sum, { reserved, used }) => sum + Math.max(reserved[unit], used[unit]), 0)
}

/** So many runs are worth a word before somebody pays for them. */
const MANY_RUNS = 15

/** What a swarm without a cap may cost, and how to cap it; undefined where it is capped, or is small. Pure. */
export function uncappedWords({ workers, budget }: Pick<Settings, 'workers' | 'budget'>): string | undefined {
  const { perTask: _, ...whole } = budget
  if (Object.values(whole).some((cap) => cap !== undefined)) return undefined
  const paid = workers.filter(({ agent }) => agent.harness !== 'command')
  const runs = paid.reduce((sum, { iterations }) => sum + iterations, 0)
  if (runs < MANY_RUNS) return undefined
  return `${runs} runs of agents without a cap: they may cost what ${runs} sessions of your own cost. To cap it: oompa run --budget-usd 10, or --max-minutes 60; ITERATIONS=1 WORKERS=1 is one run.`
}

/** Why a swarm ends whose minutes are over. */
export function minutesOver(minutes: number): string {
  return minutes === 1 ? '1 minute is over' : `${minutes} minutes are over`
}
