// Lands work that was left: through the reviewers, the rules about approval, and the test that a swarm's changes meet.

import path from 'node:path'
import { OompaError } from '../errors.js'
import type { NewEvent } from '../events/contract.js'
import { openLog } from '../events/log.js'
import { describeCommit } from '../git/changes.js'
import { deleteRef } from '../git/refs.js'
import { git, gitText } from '../git/run-git.js'
import { commitLeftovers } from '../merge/commit.js'
import { type LeftMarkers, leftMarkers } from '../merge/left-markers.js'
import { openTools } from '../merge/tools.js'
import { leftMarkersRefusal } from '../merge/unfinished.js'
import { type LeftWork, workName } from '../recovery/unlanded.js'
import { holdForApproval, reasonsToWait } from '../review/held-changes.js'
import { reviewersFromSettings } from '../review/reviewer.js'
import { review } from '../review/rounds.js'
import { touchedOfTest } from '../review/test-files.js'
import { type Change, isRefusal, type Landing, type Refusal } from '../words.js'
import { landChange } from './land-change.js'
import { type Standalone, standalone } from './standalone.js'

/** Lands one, or says why not: then it stays where it is. */
export async function landLeft(root: string, work: LeftWork, say: (text: string) => void): Promise<Landing | Refusal> {
  const { swarm, worker, iteration, into } = work
  const log = swarm === undefined ? undefined : openLog(root, swarm)
  const emit = (event: NewEvent) => {
    if (event.type === 'landing.testing') say(`testing ${workName(work)}: ${event.command}`)
    if (event.type === 'agent.started') say(`${event.agent} reads ${workName(work)} …`)
    if (event.type === 'note') say(event.text)
    log?.emit({ worker, iteration, ...event })
  }
  try {
    return await standalone(root, { ...(swarm ? { swarm } : {}), worker, iteration, emit }, async (parts) => {
      const change = await changeOf(root, work)
      if (change.files.length === 0)
        return forgotten(root, work, change, { commit: change.commit, into, nothing: true })
      const refused = await mayNotLand(root, work, change, parts)
      if (refused && 'refused' in refused) return refused
      const { swarm: by, into: target } = change
      const answer = await landChange(root, { ...change, reviewedBy: refused?.by ?? [] }, parts, {
        ...{ worker, swarm: by, task: work.task ?? null, into: target },
        whyBack: () => `Its earlier work at ${work.ref} did not land.`,
      })
      return forgotten(root, work, change, answer)
    })
  } finally {
    log?.close()
  }
}

async function changeOf(root: string, work: LeftWork): Promise<Change> {
  const { worker, iteration, worktree, into, swarm = '00000000' } = work
  let { commit } = work
  if (worktree !== undefined && work.unsaved > 0) {
    const { left, unresolved } = await commitLeftovers(
      { path: worktree },
      { message: `Unfinished work of ${worker}, iteration ${iteration}` },
    )
    if (unresolved.length > 0) throw unfinished(work, `has conflicts in ${unresolved.join(', ')}`)
    if (left.length > 0) {
      throw unfinished(
        work,
        `has files that may not be committed: ${left.map((file) => `${file.path} (${file.reason})`).join(', ')}`,
      )
    }
    commit = await gitText(worktree, ['rev-parse', 'HEAD'])
  }
  const facts = await describeCommit(root, commit, `refs/heads/${into}`, work.base)
  const branch = work.ref.startsWith('refs/heads/') ? workName(work) : `oompa/${worker}-i${iteration}`
  return {
    swarm,
    worker,
    number: iteration,
    attempt: 1,
    worktree: { name: `.${worker}-i${iteration}`, path: worktree ?? root, branch, base: facts.base },
    branch,
    commit,
    base: facts.base,
    into,
    files: facts.files,
  }
}

function unfinished(work: LeftWork, why: string): OompaError {
  const name = path.basename(work.worktree ?? '')
  return new OompaError({ code: 'unfinished', message: `${name} ${why}.`, mend: `git -C ${name} status` })
}

/** A refusal, or who has approved it. */
async function mayNotLand(
  root: string,
  work: LeftWork,
  found: Change,
  { hooks, settings, context }: Standalone,
): Promise<Refusal | { by: readonly string[] }> {
  if (work.approval !== undefined) {
    return { refused: 'approval', feedback: `It waits for a person: oompa approve ${work.approval}`, final: true }
  }
  const touchesTheTest = await touchedOfTest(root, found, context.testCommands ?? [])
  const change: Change = { ...found, touchesTheTest }
  const left = await markersOf(root, change)
  if (left.length > 0) return { ...leftMarkersRefusal(work.ref, left), final: true }
  const configured = hooks.review.length > 0 ? undefined : reviewersFromSettings(settings)
  await configured?.prepare?.(root)
  const reviewed = await review(change, { hooks: configured ? [configured] : hooks.review, settings, context })
  if (reviewed.refusal) return reviewed.refusal
  const approved: Change = { ...change, reviewedBy: reviewed.reviewedBy }
  const reasons = await reasonsToWait(approved, hooks.approve, context)
  if (reasons.length === 0) return { by: reviewed.reviewedBy }
  // Putting it aside names it by its iteration: a second work of that iteration would take the place of the first.
  const plain = `refs/oompa/kept/${change.swarm}/${change.worker}-${change.number}`
  const known = await git(root, ['rev-parse', '--verify', '--quiet', plain])
  if (known.status === 0 && known.stdout.trim() !== change.commit) {
    return {
      refused: 'approval',
      feedback: `${reasons.join('\n')}\nLook at it, and land it yourself: oompa merge ${work.ref}`,
      final: true,
    }
  }
  return holdForApproval(approved, reasons, context)
}

/** Markers that the work still holds: said before anybody is asked to review it. */
async function markersOf(root: string, { commit, base }: Change): Promise<LeftMarkers[]> {
  const tools = openTools(root)
  try {
    return await leftMarkers(tools, { commit, onto: base })
  } finally {
    tools.close()
  }
}

/** What has landed needs no ref any more; it goes only if it still names what has landed. A branch is cleanup's. */
async function forgotten(
  root: string,
  work: LeftWork,
  change: Change,
  answer: Landing | Refusal,
): Promise<Landing | Refusal> {
  if (!isRefusal(answer) && work.ref.startsWith('refs/oompa/')) {
    await deleteRef(root, work.ref, change.commit)
  }
  return answer
}
