// Puts a change's own commits on top of another commit, as a rebase does, with what stands in its merges.

import { isAncestor, mergeBase } from '../git/ancestry.js'
import { type CommitFacts, commitTree, readCommit, type Signature } from '../git/commits.js'
import type { MergedTree } from '../git/merge-trees.js'
import { gitText } from '../git/run-git.js'
import type { LandingTools } from './tools.js'

/** A commit to be made, on top of the one before. */
export interface ReplayedCommit {
  readonly tree: string
  readonly message: string
  readonly author: Signature
}

export interface Replay {
  /** None if there is nothing to put on top. */
  readonly commits: readonly ReplayedCommit[]
  /** The tree of the last. */
  readonly tree: string
}

type OwnCommit = CommitFacts & { readonly oid: string }

/**
 * Merges what is a change's own into `onto`.
 * @param gone what the change was built on, where that was taken out of `onto`: then this is the merge base
 */
export async function mergeOwn(
  tools: LandingTools,
  onto: string,
  commit: string,
  gone: string | undefined,
): Promise<MergedTree> {
  if (gone === undefined) return tools.merger.merge(onto, commit)
  const common = await mergeBase(tools.root, onto, commit)
  const parents = common === undefined || (await isAncestor(tools.root, common, gone)) ? [gone] : [gone, common]
  return tools.merger.merge(await standIn(tools, await treeOf(tools, onto), parents), commit)
}

/** A commit of the target's tree with other parents: git 2.39 has no `merge-tree --merge-base`, and asks the history. */
function standIn(tools: LandingTools, tree: string, parents: readonly string[]): Promise<string> {
  return commitTree(tools.root, { tree, parents, message: 'The target, as if it grew from here', isHelper: true })
}

async function treeOf(tools: LandingTools, commit: string): Promise<string> {
  return (await tools.objects.info(`${commit}^{tree}`))?.oid ?? ''
}

/** The commits of a change that neither `onto` has nor what was taken out of it, oldest first, merges among them. */
export async function ownCommits(
  tools: LandingTools,
  onto: string,
  commit: string,
  gone: string | undefined,
): Promise<OwnCommit[]> {
  const without = gone === undefined ? [`^${onto}`] : [`^${onto}`, `^${gone}`]
  const list = await gitText(tools.root, ['rev-list', '--reverse', '--topo-order', commit, ...without])
  return Promise.all(
    list
      .split('\n')
      .filter(Boolean)
      .map(async (oid) => ({ oid, ...readCommit((await tools.objects.contents(oid)) ?? Buffer.alloc(0)) })),
  )
}

export const isMerge = ({ parents }: Pick<CommitFacts, 'parents'>): boolean => parents.length > 1

/**
 * The change's commits, each merged on top of the one before. A rebase leaves merges out, and with them what an author
 * wrote into one: a mended conflict above all. So where there are merges, what the last tree lacks of the whole merge
 * comes as a last commit; and where a commit conflicts that the whole does not, it and those after it become one.
 */
export async function replay(
  tools: LandingTools,
  onto: string,
  commit: string,
  gone: string | undefined,
): Promise<Replay | { readonly conflict: MergedTree }> {
  const own = await ownCommits(tools, onto, commit, gone)
  const start = await treeOf(tools, onto)
  const plain = await replayPlain(tools, start, own)
  if (!plain.left && !own.some(isMerge)) return plain
  const whole = await mergeOwn(tools, onto, commit, gone)
  if (!whole.clean) return { conflict: whole }
  if (whole.tree === plain.tree) return plain
  const rest = plain.left?.filter((one) => !isMerge(one)) ?? own.filter(isMerge)
  const message = rest.map((one) => one.message.trim()).join('\n\n')
  const author = rest.at(-1)!.author
  return { commits: [...plain.commits, { tree: whole.tree, message, author }], tree: whole.tree }
}

/** As far as they go: `left` begins with the first commit that conflicts. */
async function replayPlain(
  tools: LandingTools,
  start: string,
  own: readonly OwnCommit[],
): Promise<Replay & { readonly left?: readonly OwnCommit[] }> {
  const commits: ReplayedCommit[] = []
  let tree = start
  for (const [at, one] of own.entries()) {
    const [base] = one.parents
    if (base === undefined || isMerge(one)) continue
    const merge = await tools.merger.merge(await standIn(tools, tree, [base]), one.oid)
    if (!merge.clean) return { commits, tree, left: own.slice(at) }
    if (merge.tree === tree) continue
    tree = merge.tree
    commits.push({ tree, message: one.message, author: one.author })
  }
  return { commits, tree }
}

/** Writes the commits of a replay; gives the last, or `onto` if there is none. */
export async function writeReplay(
  tools: LandingTools,
  onto: string,
  { commits }: Replay,
  lastMessage: (message: string) => string,
): Promise<string> {
  let tip = onto
  for (const [at, { tree, message, author }] of commits.entries()) {
    const text = at === commits.length - 1 ? lastMessage(message) : message
    tip = await commitTree(tools.root, { tree, parents: [tip], message: text, author })
  }
  return tip
}
