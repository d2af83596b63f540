// Puts one change on top of a commit, as the strategy says: new commits, and no ref or file touched.

import { mergeBase } from '../git/ancestry.js'
import { commitTree } from '../git/commits.js'
import type { MergedTree } from '../git/merge-trees.js'
import type { TreeEdit } from '../words.js'
import { isTakenOut } from './base.js'
import type { Candidate, Strategy } from './contract.js'
import { mergeMessage, rebaseMessage, squashMessage, statusMessage } from './message.js'
import { isMerge, mergeOwn, ownCommits, replay, writeReplay } from './replay.js'
import type { LandingTools } from './tools.js'

/** A change on top of a commit. */
export interface Stacked {
  readonly commit: string
  readonly tree: string
  /** What `merged-commit` says (docs/contract.md, 16); undefined for a squash. */
  readonly mergedCommit?: string
  /** What was written of its task's status. */
  readonly edits: readonly TreeEdit[]
}

export type StackAnswer =
  | Stacked
  | { readonly nothing: true }
  /** `gone`: what the change was built on, if that was taken out of the target. */
  | { readonly conflict: MergedTree; readonly gone?: string }

/** Makes the commits that bring `candidate` onto `onto` (a commit). */
export async function stack(
  tools: LandingTools,
  onto: string,
  candidate: Candidate,
  options: { readonly strategy: Strategy; readonly into: string },
): Promise<StackAnswer> {
  const { base, commit } = candidate
  const gone = (await isTakenOut(tools.root, base, commit, onto)) ? base : undefined
  const answer = await byStrategy(tools, onto, { candidate, gone, ...options })
  return 'conflict' in answer && gone !== undefined ? { ...answer, gone } : answer
}

interface StackRequest {
  readonly candidate: Candidate
  readonly gone: string | undefined
  readonly strategy: Strategy
  readonly into: string
}

function byStrategy(tools: LandingTools, onto: string, request: StackRequest): Promise<StackAnswer> {
  if (request.strategy === 'squash') return squashed(tools, onto, request)
  // What was taken out must not come back with the branch's history: its own commits are put on top of the target.
  if (request.strategy === 'rebase' || request.gone !== undefined) return replayed(tools, onto, request)
  return merged(tools, onto, request)
}

async function merged(tools: LandingTools, onto: string, { candidate, into }: StackRequest): Promise<StackAnswer> {
  const [merge, before] = await Promise.all([
    tools.merger.merge(onto, candidate.commit),
    tools.objects.info(`${onto}^{tree}`),
  ])
  const settled = merge.clean || !candidate.isHistory ? merge : await withStatus(tools, onto, candidate, merge)
  if (!settled.clean) return { conflict: settled }
  if (settled.tree === before?.oid && !candidate.isHistory) return { nothing: true }
  return mergeCommit(tools, onto, candidate.commit, { candidate, into, tree: settled.tree })
}

async function withStatus(
  tools: LandingTools,
  onto: string,
  { commit, statusHistory }: Candidate,
  merge: MergedTree,
): Promise<MergedTree> {
  const base = await mergeBase(tools.root, onto, commit)
  if (base === undefined) return merge
  const { settleStatus } = await import('./settled.js')
  return settleStatus(tools, merge, statusHistory, { base, ours: onto, theirs: commit })
}

/** A merge commit of the target and `theirs`, with the task's status. */
async function mergeCommit(
  tools: LandingTools,
  onto: string,
  theirs: string,
  { candidate, into, tree: merged }: { candidate: Candidate; into: string; tree: string },
): Promise<Stacked> {
  const edits = (await candidate.status?.edits(theirs, onto)) ?? []
  const tree = await withEdits(tools, merged, edits)
  const message = mergeMessage(candidate, into, theirs)
  const commit = await commitTree(tools.root, { tree, parents: [onto, theirs], message })
  return { commit, tree, mergedCommit: theirs, edits }
}

async function squashed(tools: LandingTools, onto: string, { candidate, gone }: StackRequest): Promise<StackAnswer> {
  const [merge, before] = await Promise.all([
    mergeOwn(tools, onto, candidate.commit, gone),
    tools.objects.info(`${onto}^{tree}`),
  ])
  if (!merge.clean) return { conflict: merge }
  if (merge.tree === before?.oid) return { nothing: true }
  const edits = (await candidate.status?.edits(undefined, onto)) ?? []
  const tree = await withEdits(tools, merge.tree, edits)
  const own = (await ownCommits(tools, onto, candidate.commit, gone)).filter((one) => !isMerge(one))
  const message = squashMessage(
    candidate,
    own.map((one) => one.message),
  )
  const author = own.at(-1)?.author
  return { commit: await commitTree(tools.root, { tree, parents: [onto], message, author }), tree, edits }
}

/** Its own commits on top of the target: as a rebase leaves them, or below a merge commit where that is the strategy. */
async function replayed(
  tools: LandingTools,
  onto: string,
  { candidate, gone, strategy, into }: StackRequest,
): Promise<StackAnswer> {
  const answer = await replay(tools, onto, candidate.commit, gone)
  if ('conflict' in answer) return answer
  const { tree } = answer
  if (tree === (await tools.objects.info(`${onto}^{tree}`))?.oid) return { nothing: true }
  const isLine = strategy === 'rebase'
  const last = (message: string) => (isLine ? rebaseMessage(candidate, message) : message)
  const tip = await writeReplay(tools, onto, answer, last)
  if (!isLine) return mergeCommit(tools, onto, tip, { candidate, into, tree })
  const edits = (await candidate.status?.edits(tip, onto)) ?? []
  const edited = await withEdits(tools, tree, edits)
  if (edited === tree) return { commit: tip, tree, mergedCommit: tip, edits }
  const message = statusMessage(candidate)
  const commit = await commitTree(tools.root, { tree: edited, parents: [tip], message })
  return { commit, tree: edited, mergedCommit: tip, edits }
}

async function withEdits(tools: LandingTools, tree: string, edits: readonly TreeEdit[]): Promise<string> {
  if (edits.length === 0) return tree
  const { editTree } = await import('../git/trees.js')
  return editTree(tools.root, tools.objects, tree, edits)
}
