// Where `oompa merge` takes from what is not said on its command line: the repository's merge hook, or `oompa.json`.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { NO_ARGS } from '../cli/contract.js'
import { peekSettings } from '../config/peek.js'
import { findHooks } from '../hooks/find.js'
import type { MergeOptions } from './contract.js'

/** The options of `hooks/merge` or of `merge` in `oompa.json`; none where there is neither. */
export async function mergeDefaults(root: string): Promise<MergeOptions> {
  const found = findHooks(root)
  const files = found.files.filter((file) => file.hook === 'merge')
  if (files.length > 0) {
    const { loadHooks } = await import('../hooks/load-hooks.js')
    const { merge } = await loadHooks(root, { found: { ...found, files } })
    const { testMs } = peekSettings(root)
    const limit = testMs === undefined ? {} : { testTimeoutMs: testMs }
    return { ...limit, ...(merge && 'options' in merge ? (merge.options as MergeOptions) : {}) }
  }
  if (!['oompa.json', 'oompa/oompa.json'].some((file) => existsSync(path.join(root, file)))) return {}
  const { settingsOf } = await import('../config/load.js')
  const settings = await settingsOf(root, NO_ARGS, { env: process.env })
  const { enabled: _, ...options } = settings.merge
  return { ...options, testTimeoutMs: settings.limits.testMs }
}
