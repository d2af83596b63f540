// Two clones have gone on with the same folder of tasks: what each has done to their files becomes one history.

import type { StatusHistory, TreeEdit } from '../../words.js'
import { isTaskName } from '../folder/names.js'
import { blobAt, statusPaths, treeFiles } from './task-tree.js'

/** @param folder where the tasks stand below the root; undefined if they are not in the repository */
export function folderHistory(root: string, folder: string | undefined): StatusHistory {
  if (folder === undefined) return { isStatus: () => false, completeIn: async () => new Set(), merged: async () => [] }
  const paths = statusPaths(folder)
  const complete = `${folder}/complete/`
  return {
    isStatus: (path) => paths.some((one) => path.startsWith(`${one}/`)),
    async completeIn(commit) {
      const files = [...(await treeFiles(root, commit, [`${folder}/complete`])).keys()]
      return new Set(files.map((file) => file.slice(complete.length)).filter(isTaskName))
    },
    async merged(sides, tree) {
      const [was, ours, theirs, there] = await Promise.all(
        [sides.base, sides.ours, sides.theirs, tree].map((one) => treeFiles(root, one, paths)),
      )
      const wanted = filesOf({ was: was!, ours: ours!, theirs: theirs! })
      // One that anybody has done is not to be done again.
      for (const path of [...wanted.keys()].filter((one) => one.startsWith(complete))) {
        for (const state of ['pending', 'current']) wanted.delete(`${folder}/${state}/${path.slice(complete.length)}`)
      }
      const edits: TreeEdit[] = []
      for (const path of there!.keys()) if (!wanted.has(path)) edits.push({ path, content: null })
      for (const [path, blob] of wanted) {
        if (there!.get(path) !== blob) edits.push({ path, content: await blobAt(root, blob) })
      }
      return edits
    },
  }
}

type Files = ReadonlyMap<string, string>

/** Theirs, with what ours has otherwise than before; a file that both have changed is theirs, who were first. Pure. */
function filesOf({ was, ours, theirs }: { was: Files; ours: Files; theirs: Files }): Map<string, string> {
  const wanted = new Map(theirs)
  for (const path of new Set([...was.keys(), ...ours.keys()])) {
    const [before, now] = [was.get(path), ours.get(path)]
    if (now === before || theirs.get(path) !== before) continue
    if (now === undefined) wanted.delete(path)
    else wanted.set(path, now)
  }
  return wanted
}
