// The difference of two trees, read through the `cat-file` that is open anyway: no process, and only the folders that
// differ, whatever the number of files.

import type { RawChange } from './changes.js'
import { type Objects, parseTree, type TreeEntry } from './objects.js'

const NO_MODE = '000000'
const FOLDER = '040000'

/** File, link or submodule. */
const kindOf = (entry: TreeEntry) => entry.mode.slice(0, 3)

/** As `git diff-tree -r --raw --no-renames` says it, in no particular order. */
export async function treeChanges(objects: Objects, from: string, to: string): Promise<RawChange[]> {
  const [a, b] = await Promise.all([objects.info(`${from}^{tree}`), objects.info(`${to}^{tree}`)])
  const none = '0'.repeat(to.length)
  const changes: RawChange[] = []
  await compare(a?.oid, b?.oid, '')
  return changes

  async function compare(old: string | undefined, young: string | undefined, folder: string): Promise<void> {
    if (old === young) return
    const [before, after] = await Promise.all([read(old), read(young)])
    const deeper: Promise<void>[] = []
    for (const name of new Set([...before.keys(), ...after.keys()])) {
      const was = before.get(name)
      const is = after.get(name)
      if (was?.oid === is?.oid && was?.mode === is?.mode) continue
      const path = folder + name
      const [wasFolder, isFolder] = [was?.mode === FOLDER, is?.mode === FOLDER]
      if (wasFolder || isFolder) {
        deeper.push(compare(wasFolder ? was?.oid : undefined, isFolder ? is?.oid : undefined, `${path}/`))
      }
      const [oldFile, newFile] = [wasFolder ? undefined : was, isFolder ? undefined : is]
      if (oldFile || newFile) changes.push(change(path, oldFile, newFile))
    }
    await Promise.all(deeper)
  }

  async function read(oid: string | undefined): Promise<Map<string, TreeEntry>> {
    const bytes = oid === undefined ? undefined : await objects.contents(oid)
    return new Map(bytes ? parseTree(bytes, none.length / 2).map((entry) => [entry.name, entry]) : [])
  }

  function change(path: string, was: TreeEntry | undefined, is: TreeEntry | undefined): RawChange {
    return {
      path,
      status: was ? (is ? (kindOf(was) === kindOf(is) ? 'M' : 'T') : 'D') : 'A',
      oldMode: was?.mode ?? NO_MODE,
      newMode: is?.mode ?? NO_MODE,
      oldOid: was?.oid ?? none,
      newOid: is?.oid ?? none,
    }
  }
}
