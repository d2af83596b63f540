// The settings that a command on the path of a shell loop needs, read without the schema: a mistake in the file is for
// `oompa check` and `oompa run` to say.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { LimitSettings, Settings } from './contract.js'
import { durationMs } from './duration.js'
import { storePath } from './store-paths.js'

export type Peeked = Partial<
  Pick<Settings, 'tasksStore' | 'tasksStores' | 'gitHooks'> & Pick<LimitSettings, 'leaseMs' | 'testMs'>
>

/** What `oompa.json` of the main checkout `root` says; nothing where there is none, or it cannot be read. */
export function peekSettings(root: string): Peeked {
  const file = ['oompa.json', 'oompa/oompa.json'].map((name) => path.join(root, name)).find((one) => existsSync(one))
  const config = file === undefined ? {} : members(parse(file))
  const { store, stores } = members(config.tasks)
  const { hooks } = members(config.git)
  const { lease, test } = members(config.limits)
  const [leaseMs, testMs] = [duration(lease), duration(test)]
  return {
    ...(store === 'folder' || store === 'lists' || store === 'graph' ? { tasksStore: store } : {}),
    ...(isTexts(stores) ? { tasksStores: stores.map(storePath) } : {}),
    ...(hooks === true ? { gitHooks: true } : {}),
    ...(leaseMs === undefined ? {} : { leaseMs }),
    ...(testMs === undefined ? {} : { testMs }),
  }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string')
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}

function members(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function duration(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  const ms = durationMs(value)
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined
}
