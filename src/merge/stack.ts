// Puts one change on top of a commit, as the strategy says: new commits, and no ref or file touched.

import { type CommitFacts, commitTree, parseCommit } from '../git/commits.js'
import type { MergedTree } from '../git/merge-trees.js'
import { gitText } from '../git/run.js'
import type { TreeEdit } from '../words.js'
import type { Candidate, Strategy } from './contract.js'
import { mergeMessage, rebaseMessage, squashMessage, statusMessage } from './message.js'
import type { LandingTools } from './tools.js'

/** A change on top of a commit. */
export interface Stacked {
  readonly commit: string
  readonly tree: string
  /** What `merged-commit` says (cli.md, 16); undefined for a squash. */
  readonly mergedCommit?: string
  /** What was written of its task's status. */
  readonly edits: readonly TreeEdit[]
}

export type StackAnswer = Stacked | { readonly nothing: true } | { readonly conflict: MergedTree }

/** Makes the commits that bring `candidate` onto `onto` (a commit). */
export async function stack(
  tools: LandingTools,
  onto: string,
  candidate: Candidate,
  options: { readonly strategy: Strategy; readonly into: string },
): Promise<StackAnswer> {
  return options.strategy === 'rebase'
    ? rebased(tools, onto, candidate)
    : merged(tools, onto, candidate, options.strategy === 'squash', options.into)
}

async function merged(
  tools: LandingTools,
  onto: string,
  candidate: Candidate,
  squash: boolean,
  into: string,
): Promise<StackAnswer> {
  const [merge, before] = await Promise.all([
    tools.merger.merge(onto, candidate.commit),
    tools.objects.info(`${onto}^{tree}`),
  ])
  if (!merge.clean) return { conflict: merge }
  if (merge.tree === before?.oid) return { nothing: true }
  const mergedCommit = squash ? undefined : candidate.commit
  const edits = (await candidate.status?.edits(mergedCommit, onto)) ?? []
  const tree = await withEdits(tools, merge.tree, edits)
  if (!squash) {
    const message = mergeMessage(candidate, into)
    const commit = await commitTree(tools.root, { tree, parents: [onto, candidate.commit], message })
    return { commit, tree, mergedCommit, edits }
  }
  const commits = await commitsOf(tools, onto, candidate.commit)
  const message = squashMessage(
    candidate,
    commits.map((one) => one.message),
  )
  const author = commits.at(-1)?.author
  return { commit: await commitTree(tools.root, { tree, parents: [onto], message, author }), tree, edits }
}

/**
 * Git 2.39 has no `merge-tree --merge-base`: for each commit c, a commit of the target's tree whose parent is c's own
 * parent is merged with c, so that the merge base is what a rebase would take.
 */
async function rebased(tools: LandingTools, onto: string, candidate: Candidate): Promise<StackAnswer> {
  const commits = await commitsOf(tools, onto, candidate.commit)
  let tip = onto
  let tree = (await tools.objects.info(`${onto}^{tree}`))?.oid ?? ''
  const before = tree
  const kept: { tree: string; facts: CommitFacts }[] = []
  for (const facts of commits) {
    const base = facts.parents[0]
    if (base === undefined) continue
    const ours = await commitTree(tools.root, { tree, parents: [base], message: 'The target, as if it grew from here' })
    const merge = await tools.merger.merge(ours, facts.oid)
    if (!merge.clean) return { conflict: merge }
    if (merge.tree === tree) continue
    tree = merge.tree
    kept.push({ tree, facts })
  }
  if (tree === before) return { nothing: true }
  for (const [at, { tree, facts }] of kept.entries()) {
    const last = at === kept.length - 1
    const message = last ? rebaseMessage(candidate, facts.message) : facts.message
    tip = await commitTree(tools.root, { tree, parents: [tip], message, author: facts.author })
  }
  const mergedCommit = tip
  const edits = (await candidate.status?.edits(mergedCommit, onto)) ?? []
  const edited = await withEdits(tools, tree, edits)
  if (edited !== tree) {
    tip = await commitTree(tools.root, { tree: edited, parents: [tip], message: statusMessage(candidate) })
  }
  return { commit: tip, tree: edited, mergedCommit, edits }
}

async function withEdits(tools: LandingTools, tree: string, edits: readonly TreeEdit[]): Promise<string> {
  if (edits.length === 0) return tree
  const { editTree } = await import('../git/trees.js')
  return editTree(tools.root, tools.objects, tree, edits)
}

/** The commits of a change over the target, oldest first, without its merges. */
async function commitsOf(
  tools: LandingTools,
  onto: string,
  commit: string,
): Promise<(CommitFacts & { readonly oid: string })[]> {
  const { mergeBase } = await import('../git/ancestry.js')
  const base = await mergeBase(tools.root, onto, commit)
  const range = base === undefined ? [commit] : [`${base}..${commit}`, `^${onto}`]
  const list = await gitText(tools.root, ['rev-list', '--reverse', '--topo-order', '--no-merges', ...range])
  return Promise.all(
    list
      .split('\n')
      .filter(Boolean)
      .map(async (oid) => ({
        oid,
        ...parseCommit((await tools.objects.contents(oid))?.toString('utf8') ?? ''),
      })),
  )
}
