// Which merge hook lands the changes of a swarm: the person's, else the queue that the settings describe.

import type { Settings } from '../config/contract.js'
import type { Hooks, MergeHook } from '../hooks/contract.js'
import { mergeQueue } from '../merge/index.js'

/** Undefined where landing is turned off (`"merge": false`), and at level 1. */
export function mergeHookOf(hooks: Pick<Hooks, 'merge'>, settings: Settings, level: number): MergeHook | undefined {
  if (level === 1) return undefined
  if (hooks.merge) return hooks.merge
  if (!settings.merge.enabled) return undefined
  const { enabled: _, ...options } = settings.merge
  return mergeQueue(options)
}
