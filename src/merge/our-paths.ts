// Keeps what is ours out of every landing: `.oompa/`, where agents write and the loop reads, and worktrees' folders.

import { parseTree, type TreeEntry } from '../git/objects.js'
import type { ChangedFile, Refusal } from '../words.js'
import type { LandingTools } from './tools.js'

/** A disk that knows no case has the same folder by another spelling. */
const OURS = /^(\.oompa|\.w\d+-i\d+)$/i

/** Names of ours that a change adds or changes; taking them out is welcome. Pure. */
export function ourNames(files: readonly Pick<ChangedFile, 'path' | 'status'>[]): string[] {
  const touched = files.filter((file) => file.status !== 'removed').map((file) => file.path.split('/')[0]!)
  return [...new Set(touched.filter((name) => OURS.test(name)))]
}

/** Names of ours that differ between two trees and are in the second: two reads, of the top alone. */
export async function ourNamesBetween({ objects }: LandingTools, before: string, after: string): Promise<string[]> {
  const [was, is] = await Promise.all([before, after].map(async (tree) => entries(await objects.contents(tree), after)))
  const had = new Map(was!.map((entry) => [entry.name, entry.oid]))
  return is!.filter(({ name, oid }) => OURS.test(name) && had.get(name) !== oid).map(({ name }) => name)
}

function entries(tree: Buffer | undefined, name: string): TreeEntry[] {
  return tree ? parseTree(tree, name.length / 2) : []
}

/** What the author is told: it can mend it. */
export function oursRefusal(branch: string, names: readonly string[]): Refusal {
  const list = names.map((name) => `\`${name}\``).join(', ')
  return {
    refused: 'policy',
    feedback: `${branch} holds ${list}, which oompa keeps in the checkout for itself: it lands nowhere, whatever added it. To mend it: \`git rm -r -q --cached ${names.join(' ')}\`, and commit.`,
    details: { files: names },
  }
}
