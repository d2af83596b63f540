// What a person's answer does: an approved change lands through the same merge and test, a rejected one goes back.

import { OompaError, STATUS } from '../errors.js'
import { openLog } from '../events/log.js'
import { describeCommit } from '../git/changes.js'
import { type Change, isRefusal, type Landing, type Refusal } from '../words.js'
import { removeApproval, type StoredApproval, verifyApproval, waitingApprovals } from './held-changes.js'

/**
 * An agent may ask for approval and not give it. Whoever wants to get round this can; nobody does so by mistake.
 * @throws OompaError `not-a-person` (status 4)
 */
export function refuseAgents(what: string, env: NodeJS.ProcessEnv = process.env): void {
  if (!env.OOMPA_WORKER || !env.OOMPA_SWARM) return
  throw new OompaError({
    code: 'not-a-person',
    message: `\`oompa ${what}\` is for a person, and this is worker ${env.OOMPA_WORKER} of the swarm ${env.OOMPA_SWARM}.`,
    mend: 'Commit your work: the loop says who has to look at it.',
    status: STATUS.refused,
  })
}

/**
 * Lands a change that a person has approved: the same commit, through the same merge and test.
 * A refusal (a conflict, a failed test) leaves it waiting.
 * @param land lands a change as a swarm would
 * @throws OompaError `approval-changed` (status 4)
 */
export async function landApproved(
  root: string,
  approval: StoredApproval,
  land: (change: Change) => Promise<Landing | Refusal>,
): Promise<Landing | Refusal> {
  await verifyApproval(root, approval)
  const landed = await land(await changeOfApproval(root, approval))
  if (isRefusal(landed)) return landed
  const isFirst = (await waitingApprovals(root)).some(({ id }) => id === approval.id)
  if (isFirst) say(root, approval, { type: 'approval.approved', id: approval.id })
  await removeApproval(root, approval, true)
  return landed
}

/** Takes a change back: its work stays at the ref, the reason is for its author. */
export async function rejectApproval(root: string, approval: StoredApproval, reason: string): Promise<void> {
  say(root, approval, { type: 'approval.rejected', id: approval.id, reason })
  await removeApproval(root, approval, false)
}

async function changeOfApproval(root: string, approval: StoredApproval): Promise<Change> {
  // The target may have moved: base and files are as git sees them now, the commit is the approved one.
  const facts = await describeCommit(root, approval.commit, approval.into, approval.base)
  return {
    swarm: approval.swarm,
    worker: approval.worker,
    number: approval.iteration,
    attempt: 1,
    worktree: {
      name: `.${approval.worker}-i${approval.iteration}`,
      path: root,
      branch: approval.branch,
      base: facts.base,
    },
    branch: approval.branch,
    commit: approval.commit,
    base: facts.base,
    into: approval.into,
    files: facts.files,
    reviewedBy: approval.reviewedBy,
    ...(approval.author ? { author: approval.author } : {}),
  }
}

/** Into the log of the swarm that the change came from, which may have ended. */
function say(
  root: string,
  approval: StoredApproval,
  event: { type: 'approval.approved'; id: string } | { type: 'approval.rejected'; id: string; reason: string },
): void {
  const log = openLog(root, approval.swarm)
  log.emit({
    ...event,
    worker: approval.worker,
    iteration: approval.iteration,
    commit: approval.commit,
    ...(approval.task ? { task: approval.task } : {}),
  })
  log.close()
}
