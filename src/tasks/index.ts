// The stores that tasks can be in, and which of them a repository uses. A new store is one file and one line.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { usageError } from '../errors.js'
import { stateFolder } from '../files/paths.js'
import type { TaskStore } from './contract.js'
import { GRAPH_FILES } from './graph/files.js'

export interface StoreChoice {
  /** `tasks.store` of `oompa.json`. */
  readonly store?: 'folder' | 'lists' | 'graph'
  /** `tasks.stores` of `oompa.json`: several as one. */
  readonly stores?: readonly string[]
  /** The folder of the tasks, below the root or absolute; `tasks` unless it is given. */
  readonly folder?: string
  /** The branch whose tasks they are, without `refs/heads/`; the one that is checked out unless given. */
  readonly into?: string
  /** Called when they cannot be in the checkout, and when they are back. */
  readonly say?: (text: string) => void
  /** A file that is not the store, absolute: it is being taken over into another. */
  readonly except?: string
}

type OpenStore = (root: string, folder: string) => Promise<TaskStore>

/** Loaded when they are chosen: a claim from a shell must not pay for the others. */
const stores = {
  folder: async (root, folder) => (await import('./folder/folder-store.js')).taskFolder(folder, root),
  lists: async (root, folder) => (await import('./lists/markdown-lists.js')).markdownLists(folder, root),
  graph: async (root) => (await import('./graph/task-graph.js')).taskGraph(undefined, root),
} satisfies Record<string, OpenStore>

/**
 * The store of the main checkout `root`.
 * @throws OompaError `two-task-stores` (status 2) if there are several and nothing says which (docs/contract.md, 19)
 */
export async function openTaskStore(root: string, choice: StoreChoice = {}): Promise<TaskStore> {
  if (choice.stores) return following((await import('./sharded.js')).storesAt(choice.stores, root), root, choice)
  const folder = choice.folder ?? 'tasks'
  return following(await stores[choice.store ?? chooseStore(root, folder, choice.except)](root, folder), root, choice)
}

/**
 * The store of `hooks/tasks`, following its branch.
 * @throws OompaError `two-task-stores` (status 2) if it is one, and `oompa.json` names several
 */
export async function storeOfHook(hook: TaskStore, root: string, choice: StoreChoice): Promise<TaskStore> {
  if (choice.stores && !hook.shards) {
    throw usageError(
      `oompa.json names several task stores, and hooks/tasks gives one: ${hook.name}.`,
      "Write into hooks/tasks.ts: import { taskStores } from 'oompa-loompas'; export default taskStores()",
      'two-task-stores',
    )
  }
  return following(hook, root, choice)
}

/** A store that stays with its branch, whatever is checked out. Nothing is loaded where no branch has left its tasks. */
async function following(
  store: TaskStore,
  root: string,
  { into, say }: Pick<StoreChoice, 'into' | 'say'>,
  shard?: string,
): Promise<TaskStore> {
  if (store.shards) {
    const { sharded } = await import('./sharded.js')
    const shards = [...store.shards].map(
      async ([name, one]) => [name, await following(one, root, { into, say }, name)] as const,
    )
    return sharded(new Map(await Promise.all(shards)), root)
  }
  if (!store.tracked || (into === undefined && !existsSync(path.join(stateFolder(root), 'away')))) return store
  const { followTarget } = await import('./tracked/follow.js')
  return followTarget(store, { root, shard, ...(into === undefined ? {} : { into }), ...(say ? { say } : {}) })
}

/** The stores that a store is put together from; itself, where it is one. */
export function partsOf(store: TaskStore): readonly TaskStore[] {
  return store.shards ? [...store.shards.values()] : [store]
}

type Kind = keyof typeof stores

/** The stores that a repository has, each with what says so, below the root. */
export function foundStores(root: string, folder = 'tasks'): readonly { readonly kind: Kind; readonly sign: string }[] {
  const signs: readonly (readonly [Kind, string])[] = [
    ['folder', `${folder}/pending/`],
    ['lists', `${folder}/pending.md`],
    ...GRAPH_FILES.map((file) => ['graph', file] as const),
  ]
  const found = signs.filter(([, sign]) => existsSync(path.resolve(root, sign)))
  // Of two graphs the first is the one, as everywhere.
  return found
    .filter(([kind], at) => found.findIndex(([other]) => other === kind) === at)
    .map(([kind, sign]) => ({ kind, sign }))
}

function chooseStore(root: string, folder: string, except?: string): Kind {
  const found = foundStores(root, folder).filter(({ sign }) => path.resolve(root, sign) !== except)
  if (found.length > 1) {
    const names = found.map(({ kind }) => `"${kind}"`)
    throw usageError(
      `There are several task stores: ${found.map(({ sign }) => sign).join(' and ')}.`,
      `Remove what is not used, or write { "tasks": { "store": ${names[0]} } } (or ${names.slice(1).join(', ')}) into oompa.json.`,
      'two-task-stores',
    )
  }
  return found[0]?.kind ?? 'folder'
}
