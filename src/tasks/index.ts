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
  /** The folder of the tasks, below the root or absolute; `tasks` unless it is given. */
  readonly folder?: string
  /** The branch whose tasks they are, without `refs/heads/`; the one that is checked out unless given. */
  readonly into?: string
  /** Called when they cannot be in the checkout, and when they are back. */
  readonly say?: (text: string) => void
}

type OpenStore = (root: string, folder: string) => Promise<TaskStore>

/** Loaded when they are chosen: a claim from a shell must not pay for the others. */
const stores = {
  folder: async (root, folder) => (await import('./folder/store.js')).taskFolder(folder, root),
  lists: async (root, folder) => (await import('./lists/store.js')).markdownLists(folder, root),
  graph: async (root) => (await import('./graph/store.js')).taskGraph(undefined, root),
} satisfies Record<string, OpenStore>

/**
 * The store of the main checkout `root`.
 * @throws OompaError `two-task-stores` (status 2) if there are a folder and lists and nothing says which (cli.md, 19)
 */
export async function openTaskStore(root: string, choice: StoreChoice = {}): Promise<TaskStore> {
  const folder = choice.folder ?? 'tasks'
  return following(await stores[choice.store ?? chooseStore(root, folder)](root, folder), root, choice)
}

/** A store that stays with its branch, whatever is checked out. Nothing is loaded where no branch has left its tasks. */
export async function following(
  store: TaskStore,
  root: string,
  { into, say }: Pick<StoreChoice, 'into' | 'say'>,
): Promise<TaskStore> {
  if (!store.tracked || (into === undefined && !existsSync(path.join(stateFolder(root), 'away')))) return store
  const { followTarget } = await import('./tracked/follow.js')
  return followTarget(store, { root, ...(into === undefined ? {} : { into }), ...(say ? { say } : {}) })
}

function chooseStore(root: string, folder: string): keyof typeof stores {
  const there = (name: string) => existsSync(path.resolve(root, folder, name))
  if (there('pending') && there('pending.md')) {
    throw usageError(
      `There are two task stores: ${folder}/pending/ and ${folder}/pending.md.`,
      'Remove one of them, or write { "tasks": { "store": "folder" } } (or "lists") into oompa.json.',
      'two-task-stores',
    )
  }
  if (there('pending.md')) return 'lists'
  return !there('pending') && GRAPH_FILES.some((name) => existsSync(path.join(root, name))) ? 'graph' : 'folder'
}
