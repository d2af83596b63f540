// Two histories that conflict in nothing but the status of tasks: what each has done to it is known, and nobody is asked.

import type { MergedTree } from '../git/merge-trees.js'
import { editTree } from '../git/trees.js'
import type { HistorySides, StatusHistory } from '../words.js'
import type { LandingTools } from './tools.js'

/** The merge, clean where all that conflicts is the status of tasks, and that can be put together. */
export async function settleStatus(
  tools: LandingTools,
  merge: MergedTree,
  history: StatusHistory | undefined,
  sides: HistorySides,
): Promise<MergedTree> {
  if (merge.clean || !history) return merge
  const paths = [...merge.paths, ...merge.conflicts.map((one) => one.path)]
  if (paths.length === 0 || !paths.every((one) => history.isStatus(one))) return merge
  const edits = await history.merged(sides, merge.tree)
  if (!edits) return merge
  return {
    ...merge,
    clean: true,
    tree: await editTree(tools.root, tools.objects, merge.tree, edits),
    paths: [],
    conflicts: [],
  }
}
