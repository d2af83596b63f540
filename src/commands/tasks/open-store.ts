// What every `oompa tasks …` command begins with: the main checkout's store, and who is asking.

import path from 'node:path'
import { type Args, number, type OptionSpec, text } from '../../cli/contract.js'
import { peekSettings } from '../../config/peek.js'
import { storePath, unknownStore } from '../../config/store-paths.js'
import { OompaError, STATUS } from '../../errors.js'
import type { OompaEvent } from '../../events/contract.js'
import { hookTasks } from '../../hooks/tasks-hook.js'
import type { Claim, TaskStore } from '../../tasks/contract.js'
import { openTaskStore, type StoreChoice, storeOfHook } from '../../tasks/index.js'
import { renewWorker } from '../../tasks/records.js'
import { findRoot } from '../../tasks/root.js'

export const json: OptionSpec = { type: 'boolean', describe: 'Print JSON for programs' }

export const who = {
  worker: {
    type: 'string',
    describe: 'Who holds the task (default: OOMPA_WORKER, else your user name)',
    names: 'worker',
  },
} satisfies Record<string, OptionSpec>

export interface Opened {
  readonly root: string
  readonly store: TaskStore
  /** Who asks: `--worker`, else `OOMPA_WORKER`, else the user's name. */
  readonly worker: string
  readonly swarm?: string
}

/**
 * Opens the tasks of the main checkout; a worker that asks anything shows that its claims live (docs/contract.md, 18).
 * @param except a file that is taken over into the store, and is none
 */
export async function openTasks(args: Args, except?: string): Promise<Opened> {
  const root = await findRoot()
  const store = await storeOf(root, except ? { except } : {})
  const named = text(args, 'worker') || process.env.OOMPA_WORKER
  const swarm = process.env.OOMPA_SWARM || undefined
  const worker = named || process.env.USER || process.env.LOGNAME || 'shell'
  renewWorker(root, worker, swarm)
  if (named) await renewIn(store, worker, swarm)
  return { root, store, worker, ...(swarm === undefined ? {} : { swarm }) }
}

/**
 * The tasks that count: those of `hooks/tasks`, else the ones that the repository has.
 * @param into the branch whose they are; within a swarm its target, else the one that is checked out, unless given
 * @throws OompaError for a hook that cannot be loaded, or two stores of which nothing says which (status 2)
 */
export async function storeOf(
  root: string,
  { into, except }: Pick<StoreChoice, 'into' | 'except'> = {},
): Promise<TaskStore> {
  const target = into ?? (await startOfSwarm(root))?.into
  const whose = typeof target === 'string' ? target : undefined
  const hook = await hookTasks(root)
  const choice = storeChoice(root)
  if (hook) return storeOfHook(hook, root, { ...choice, into: whose })
  return openTaskStore(root, { ...choice, into: whose, ...(except ? { except } : {}) })
}

/** The start of the swarm whose agent asks: it says on what branch its tasks are, and which of them a worker takes. */
async function startOfSwarm(root: string): Promise<Extract<OompaEvent, { type: 'swarm.started' }> | undefined> {
  const swarm = process.env.OOMPA_SWARM
  if (!swarm || !/^[0-9a-f]{8}$/.test(swarm)) return undefined
  const { logEdges } = await import('../../events/scan-log.js')
  const first = logEdges(root, swarm, () => false)?.first
  return first?.type === 'swarm.started' ? first : undefined
}

/**
 * The stores that were named, else those that the worker who asks has for its own; undefined for all.
 * @throws OompaError `unknown-store` (status 2)
 */
export async function storesFor(
  { root, store }: Opened,
  names: readonly string[],
): Promise<readonly string[] | undefined> {
  const known = [...(store.shards?.keys() ?? [])]
  const named = names.map(storePath)
  for (const name of named) if (!known.includes(name)) throw unknownStore(name, known)
  if (named.length > 0) return named
  // Agents can write into the log.
  const workers: unknown = (await startOfSwarm(root))?.workers
  const own: unknown = Array.isArray(workers) && workers.find((one) => Object(one).worker === process.env.OOMPA_WORKER)
  const { stores } = Object(own)
  const there = known.filter((name) => Array.isArray(stores) && stores.includes(name))
  return there.length > 0 ? there : undefined
}

/** The same in a store that keeps its claims by itself; that it cannot be reached is for the command to say. */
async function renewIn(store: TaskStore, worker: string, swarm: string | undefined): Promise<void> {
  if (!store.renew || store.tracked) return
  try {
    const { current } = await store.list()
    const own = current.flatMap(({ claim }) => (claim && isLease(claim, worker, swarm) ? [claim] : []))
    if (own.length > 0) await store.renew(own)
  } catch {
    // Said by what the command is about to do.
  }
}

function isLease({ holder }: Claim, worker: string, swarm: string | undefined): boolean {
  return holder.worker === worker && holder.pid === undefined && (swarm === undefined || holder.swarm === swarm)
}

/** The claimer that the options name. */
export function claimerOf(opened: Opened, args: Args): { worker: string; swarm?: string; pid?: number } {
  const pid = number(args, 'pid')
  return {
    worker: opened.worker,
    ...(opened.swarm === undefined ? {} : { swarm: opened.swarm }),
    ...(pid === undefined ? {} : { pid }),
  }
}

/** `tasks` of oompa.json, read without its schema; a mistake in the file is for `oompa check` to say. */
function storeChoice(root: string): StoreChoice {
  const folder = process.env.OOMPA_TASKS
  const inside = folder && !path.relative(root, folder).startsWith('..') && folder !== root
  const { tasksStore: store, tasksStores: stores } = peekSettings(root)
  return { store, stores, ...(inside ? { folder: path.resolve(root, folder) } : {}) }
}

/** The id given, or the task that this iteration claimed. */
export function taskId(args: Args): string {
  const id = args.positionals[0] ?? process.env.OOMPA_TASK
  if (id) return id
  throw new OompaError({
    code: 'usage',
    message: 'Which task? Name its id (OOMPA_TASK is not set).',
    mend: 'oompa tasks',
    status: STATUS.usage,
  })
}
