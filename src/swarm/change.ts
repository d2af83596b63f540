// Turns what an agent left in its worktree into a change: committed, without the status folders of `tasks/`.

import { formatAgentSpec } from '../agents/spec.js'
import { describeCommit } from '../git/changes.js'
import { builtOn } from '../merge/base.js'
import { commitLeftovers } from '../merge/commit.js'
import { ontoRewritten } from '../merge/rewritten.js'
import type { Change, Worktree } from '../words.js'
import type { Attempt, Iteration } from './contract.js'
import { emptyChange, remember } from './iteration.js'
import { takeOwn, takeRequests } from './requests.js'
import type { Turn } from './turn.js'

/** What an author's turn left: everything committed, requests about tasks taken out and carried out. */
export async function changeOf(worktree: Worktree, attempt: Attempt, said: Turn): Promise<Change> {
  const { iteration } = attempt
  const { swarm } = iteration.lane
  iteration.said = { text: said.text, denials: said.denials, signals: said.signals }
  // In the person's own checkout nothing is committed, put back or landed for them.
  if (swarm.settings.here) {
    if (swarm.store) await takeOwn(iteration, swarm.store)
    return emptyChange(iteration, worktree, { attempt: attempt.number, message: said.text })
  }
  const into = swarm.into!
  const task = iteration.claims[0]?.task
  const leftovers = await commitLeftovers(worktree, {
    message: task ? `${task.summary}` : `Work of ${iteration.worker}, iteration ${iteration.number}`,
  })
  for (const { path, reason } of leftovers.left) {
    swarm.emit({
      type: 'note',
      level: 'warning',
      worker: iteration.worker,
      iteration: iteration.number,
      text: `${path} is not committed: ${reason}`,
    })
  }
  iteration.unresolved = leftovers.unresolved
  // Here, while the worktree's own log still says what was made in it.
  await swarm.bypassed()
  const head = await onTarget(iteration, worktree, leftovers.head ?? worktree.base)
  const commit = await takeRequests(iteration, worktree, head)
  iteration.commit = commit
  const facts = await describeCommit(swarm.repository.root, commit, `refs/heads/${into}`, iteration.onto)
  return remember(iteration, {
    swarm: iteration.swarm,
    worker: iteration.worker,
    number: iteration.number,
    attempt: attempt.number,
    worktree,
    branch: worktree.branch,
    commit: facts.commit,
    base: facts.base,
    into,
    files: facts.files,
    task: iteration.claims[0]?.task,
    author: formatAgentSpec(iteration.lane.agent),
    message: said.text,
  })
}

/**
 * Where the person has taken out of the target what the branch was built on, it is put onto the target as it is now.
 * @param head the commit that the worktree is on
 * @returns the commit that it is on then
 */
async function onTarget(iteration: Iteration, worktree: Worktree, head: string): Promise<string> {
  const { swarm, name: worker } = iteration.lane
  const { root } = swarm.repository
  const into = swarm.into!
  const base = await builtOn(root, into, head, iteration.onto ?? worktree.base)
  iteration.onto = base
  const moved = await ontoRewritten(root, worktree, { into, commit: head, base })
  if (!moved) return head
  iteration.onto = moved.target
  const text = `${into} no longer has ${base.slice(0, 12)}, on which ${worktree.branch} was built: its own commits are on ${into} as it is now.`
  swarm.emit({ type: 'note', worker, iteration: iteration.number, text })
  return moved.commit
}
