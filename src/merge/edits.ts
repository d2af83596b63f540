// Lands a few files without a branch: the notes of tasks that no change carried, once, when a swarm drains.

import { treeChanges } from '../git/changes.js'
import { held } from '../git/collect.js'
import { commitTree } from '../git/commits.js'
import { editTree } from '../git/trees.js'
import type { TreeEdit } from '../words.js'
import type { LandContext, MergeOptions } from './contract.js'
import { landingSession } from './session.js'
import { swapTarget } from './swap.js'
import { targetCommit } from './target.js'
import { openTools } from './tools.js'

export interface EditsRequest {
  /** The target, without `refs/heads/`. */
  readonly into: string
  readonly message: string
  /** How changes land here: with `push`, this is pushed as they are. */
  readonly options: MergeOptions
  /** Asked for again under the lock: what has landed meanwhile is in the target. */
  edits(): Promise<readonly TreeEdit[]>
}

/** How often a target that somebody else moves is looked at again. */
const MOST_TRIES = 5

/**
 * Commits the edits over the target. The main checkout has the files already.
 * @returns the commit; undefined if there was nothing to commit; the reason if a checkout is in the way
 */
export async function landEdits(
  context: LandContext,
  { into, message, options, edits }: EditsRequest,
): Promise<{ commit: string } | { why: string } | undefined> {
  const { root } = context
  if ((await edits()).length === 0) return undefined
  const tools = openTools(root)
  try {
    return await landingSession(tools, context, { into, options, tested: new Map() }, async () => {
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const from = await targetCommit(tools, into)
        const wanted = await edits()
        if (wanted.length === 0) return undefined
        const before = (await tools.objects.info(`${from}^{tree}`))?.oid ?? ''
        const make = async () => {
          const tree = await editTree(root, tools.objects, before, wanted)
          const commit = tree === before ? undefined : await commitTree(root, { tree, parents: [from], message })
          return { commit, made: commit }
        }
        const { made: to, release } = await held(root, { name: 'landing', from }, make)
        if (to === undefined) return undefined
        const changes = () => treeChanges(root, from, to)
        const swap = { root, into, from, to, edits: wanted, changes, message: `oompa: ${message}` }
        const answer = await swapTarget(swap).finally(release)
        if (answer === 'swapped') return { commit: to }
        if (answer !== 'moved') return { why: answer.reason }
      }
      return { why: `${into} kept moving` }
    })
  } finally {
    tools.close()
  }
}
