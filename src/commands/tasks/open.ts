// What every `oompa tasks …` command begins with: the main checkout's store, and who is asking.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { TaskStore } from '../../tasks/contract.js'
import { openTaskStore, type StoreChoice } from '../../tasks/index.js'
import { renewWorker } from '../../tasks/records.js'
import { findRoot } from '../../tasks/root.js'
import type { Args, OptionSpec } from '../contract.js'
import { number, text } from '../parse.js'

export const json: OptionSpec = { type: 'boolean', describe: 'Print JSON for programs' }

export const who = {
  worker: { type: 'string', describe: 'Who holds the task (default: OOMPA_WORKER, else your user name)' },
} satisfies Record<string, OptionSpec>

export interface Opened {
  readonly root: string
  readonly store: TaskStore
  /** Who asks: `--worker`, else `OOMPA_WORKER`, else the user's name. */
  readonly worker: string
  readonly swarm?: string
}

/** Opens the tasks of the main checkout; a worker that asks anything shows that its claims live (cli.md, 18). */
export async function openTasks(args: Args): Promise<Opened> {
  const root = await findRoot()
  const store = await openTaskStore(root, storeChoice(root))
  const named = text(args, 'worker') || process.env.OOMPA_WORKER
  const swarm = process.env.OOMPA_SWARM || undefined
  const worker = named || process.env.USER || process.env.LOGNAME || 'shell'
  renewWorker(root, worker, swarm)
  return { root, store, worker, ...(swarm === undefined ? {} : { swarm }) }
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

/** `tasks.store` of oompa.json, read without its schema; a mistake in the file is for `oompa check` to say. */
function storeChoice(root: string): StoreChoice {
  const folder = process.env.OOMPA_TASKS
  const inside = folder && !path.relative(root, folder).startsWith('..') && folder !== root
  const store = storeSetting(root)
  return { ...(inside ? { folder: path.resolve(root, folder) } : {}), ...(store ? { store } : {}) }
}

function storeSetting(root: string): StoreChoice['store'] {
  const file = ['oompa.json', 'oompa/oompa.json'].map((name) => path.join(root, name)).find((one) => existsSync(one))
  if (!file) return undefined
  try {
    const store: unknown = JSON.parse(readFileSync(file, 'utf8'))?.tasks?.store
    return store === 'folder' || store === 'lists' || store === 'graph' ? store : undefined
  } catch {
    return undefined
  }
}
