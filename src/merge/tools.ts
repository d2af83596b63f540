// The git processes that stay open while branches land, one set for each repository in this process.

import { type Merger, openMerger } from '../git/merge-trees.js'
import { type Objects, sharedObjects } from '../git/objects.js'

export interface LandingTools {
  /** The main checkout, absolute. */
  readonly root: string
  readonly objects: Objects
  readonly merger: Merger
  close(): void
}

/** Opens the tools for a repository; nothing is started before it is used. They do not keep us alive. */
export function openTools(root: string): LandingTools {
  const objects = sharedObjects(root)
  const merger = openMerger(root, objects)
  return {
    root,
    objects,
    merger,
    // The objects are shared with the rest of this process, and stay.
    close: merger.close,
  }
}
