// What landed here while the remote was away, or another machine was faster: each landing is put on top of what others have
// pushed, so that the target's first parents are all landings, one after the other, whoever made them. Each stays
// reachable as it was, as the second parent of what stands for it: whatever asks whether it has landed still finds it.

import { OompaError } from '../errors.js'
import { isAncestor } from '../git/ancestry.js'
import { treeChanges } from '../git/changes.js'
import { held } from '../git/collect.js'
import { commitTree, readCommit } from '../git/commits.js'
import { gitText } from '../git/run-git.js'
import { loggedLandings } from './base.js'
import { landedCommits } from './bypass.js'
import type { LandContext } from './contract.js'
import { type SwapAnswer, swapTarget } from './swap.js'
import type { LandingTools } from './tools.js'
import { type Divergence, mergedTree, mustPass, type WithdrawRequest } from './withdraw.js'

/**
 * Puts the landings that the remote has not on top of its value, each tested there. The target moves once, or not at all.
 * @returns undefined where a merge of both is all that can be done: a person's commit is among them, one conflicts with
 * what was pushed, or does not pass with it
 */
export async function landAgain(
  tools: LandingTools,
  context: LandContext,
  which: Divergence,
  request: WithdrawRequest,
): Promise<SwapAnswer | undefined> {
  const { root } = tools
  const { into, remote, ours, theirs } = which
  if (!(await areLandings(tools, which))) return undefined
  const list = await gitText(root, ['rev-list', '--first-parent', '--reverse', ours, `^${theirs}`])
  const history = await context.history?.()
  const make = async () => {
    const made: string[] = []
    for (const oid of list.split('\n').filter(Boolean)) {
      const onto = made.at(-1) ?? theirs
      const tree = await mergedTree(tools, history, which, { parent: undefined, commit: oid, onto })
      const { message, author } = await commitOf(tools, oid)
      made.push(await commitTree(root, { tree, parents: [onto, oid], message, author }))
    }
    return { commit: made.at(-1), made }
  }
  try {
    const { made, release } = await held(root, { name: 'landing', from: ours }, make, context.signal)
    try {
      for (const to of made) await mustPass(tools, context, which, { ...request, to })
      const to = made.at(-1) ?? ours
      const changes = () => treeChanges(root, ours, to)
      const message = `oompa: put on top of ${remote}/${into}`
      return await swapTarget({ root, into, from: ours, to, edits: [], changes, message })
    } finally {
      await release()
    }
  } catch (error) {
    if (error instanceof OompaError && error.code === 'diverged') return undefined
    throw error
  }
}

/** Whether all that the remote has not has landed, and nobody else's commit is on the way. */
async function areLandings(tools: LandingTools, { into, ours, theirs }: Divergence): Promise<boolean> {
  // Git's log says what a landing stands on, and our own record, which no agent can write, that it is one.
  const known = new Set(landedCommits(tools.root))
  const logged = loggedLandings(tools.root, into).filter(({ to }) => known.has(to))
  const landed = new Map(logged.map(({ from, to }) => [to, from]))
  const landedOn = async (commit: string): Promise<string | undefined> => {
    if (landed.has(commit)) return landed.get(commit)
    const [parent, again] = (await commitOf(tools, commit)).parents
    // One that stands for a landing already.
    return again !== undefined && (await landedOn(again)) !== undefined ? parent : undefined
  }
  let at: string | undefined = ours
  while (at !== undefined && !(await isAncestor(tools.root, at, theirs))) at = await landedOn(at)
  return at !== undefined
}

async function commitOf(tools: LandingTools, oid: string) {
  return readCommit((await tools.objects.contents(oid)) ?? Buffer.alloc(0))
}
