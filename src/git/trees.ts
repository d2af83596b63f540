// Writes a few files into a tree without a checkout or an index: the cost is that of the folders on the way.

import type { TreeEdit } from '../words.js'
import { converse } from './batch.js'
import { type Objects, parseTree, type TreeEntry } from './objects.js'
import { gitText } from './run-git.js'

/**
 * The tree with the edits made; folders that become empty go.
 * @returns the tree's id, the same one if nothing changes
 */
export async function editTree(
  root: string,
  objects: Objects,
  tree: string,
  edits: readonly TreeEdit[],
): Promise<string> {
  if (edits.length === 0) return tree
  const written = await Promise.all(
    edits.map(async ({ path, content, mode }) => ({
      parts: path.split('/'),
      entry: content && { mode: mode ?? '100644', oid: await writeBlob(root, content) },
    })),
  )
  const writer = converse(root, ['mktree', '-z', '--batch', '--missing'])
  const write = (entries: readonly TreeEntry[]) => {
    const lines = entries.map(({ mode, oid, name }) => `${mode} ${kindOf(mode)} ${oid}\t${name}\0`)
    return writer.ask(`${lines.join('')}\0`, (bytes) => {
      const end = bytes.indexOf(10)
      return end < 0 ? undefined : { answer: bytes.toString('latin1', 0, end), taken: end + 1 }
    })
  }
  try {
    return (await change(tree, written)) ?? (await write([]))
  } finally {
    writer.close()
  }

  /** Gives the id of the changed folder, or undefined if nothing is left in it. */
  async function change(folder: string | undefined, inside: readonly Written[]): Promise<string | undefined> {
    const bytes = folder ? await objects.contents(folder) : undefined
    const entries = new Map(parseTree(bytes ?? Buffer.alloc(0), tree.length / 2).map((one) => [one.name, one]))
    for (const [name, group] of groups(inside)) {
      const own = group.findLast((one) => one.parts.length === 1)
      const below = group.filter((one) => one.parts.length > 1)
      if (own) {
        if (own.entry) entries.set(name, { name, ...own.entry })
        else if (entries.get(name)?.mode !== '040000') entries.delete(name)
      }
      if (below.length === 0) continue
      const old = entries.get(name)
      const rest = below.map((one) => ({ ...one, parts: one.parts.slice(1) }))
      const oid = await change(old?.mode === '040000' ? old.oid : undefined, rest)
      if (oid) entries.set(name, { mode: '040000', name, oid })
      else if (old?.mode === '040000') entries.delete(name)
    }
    return entries.size === 0 ? undefined : write([...entries.values()])
  }
}

interface Written {
  readonly parts: readonly string[]
  readonly entry: { readonly mode: string; readonly oid: string } | null
}

function groups(inside: readonly Written[]): Map<string, Written[]> {
  const found = new Map<string, Written[]>()
  for (const one of inside) {
    const name = one.parts[0]!
    const group = found.get(name)
    if (group) group.push(one)
    else found.set(name, [one])
  }
  return found
}

function kindOf(mode: string): string {
  return mode === '040000' ? 'tree' : mode === '160000' ? 'commit' : 'blob'
}

function writeBlob(root: string, content: Uint8Array): Promise<string> {
  return gitText(root, ['hash-object', '-w', '--no-filters', '--stdin'], { input: content })
}
