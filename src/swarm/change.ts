// Turns what an agent left in its worktree into a change: committed, without the status folders of `tasks/`.

import { renameSync } from 'node:fs'
import path from 'node:path'
import { formatAgentSpec } from '../agents/spec.js'
import { onDisk } from '../files/bytes.js'
import { kindOf } from '../files/kind.js'
import { makeFolder } from '../files/make-folder.js'
import { textOf } from '../files/own.js'
import { litterFolder } from '../files/paths.js'
import { describeCommit } from '../git/changes.js'
import { gitFolders } from '../git/folders.js'
import { undeclaredGitlinks } from '../git/gitlinks.js'
import { operationIn } from '../git/operations.js'
import { readStatus } from '../git/read-status.js'
import { builtOn } from '../merge/base.js'
import { commitLeftovers, type Leftovers } from '../merge/commit.js'
import { leftMarkers } from '../merge/left-markers.js'
import { ontoRewritten } from '../merge/rewritten.js'
import { LITTER } from '../merge/secrets.js'
import { targetCommit } from '../merge/target.js'
import { openTools } from '../merge/tools.js'
import { leftMarkersRefusal, markersRefusal, nestedRefusal, operationRefusal } from '../merge/unfinished.js'
import { touchedOfTest } from '../review/test-files.js'
import type { Change, Refusal, Worktree } from '../words.js'
import type { Attempt, Iteration } from './contract.js'
import { changeFrom, emptyChange } from './iteration.js'
import { takeOwn, takeRequests } from './task-requests.js'
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
  const { root } = swarm.repository
  const into = swarm.into!
  const { head, unfinished, untracked = [] } = await takeUp(iteration, worktree)
  // Here, while the worktree's own log still says what was made in it.
  await swarm.bypassed()
  // What is not brought to its end is left as it is, for its author to go on with.
  const commit = unfinished ? head : await takeRequests(iteration, worktree, await onTarget(iteration, worktree, head))
  iteration.commit = commit
  const facts = await describeCommit(root, commit, `refs/heads/${into}`, iteration.onto)
  // Committed as a link, or not at all.
  const nested = [...(await undeclaredGitlinks(root, facts.base, commit)), ...untracked]
  iteration.unfinished =
    unfinished ?? (nested.length > 0 ? nestedRefusal(nested) : await withMarkers(iteration, worktree.branch, commit))
  if (iteration.unfinished) {
    const { worker, number } = iteration
    const text = `${worktree.name} does not land as it is: ${firstLine(iteration.unfinished.feedback)}`
    swarm.emit({ type: 'note', level: 'warning', worker, iteration: number, text })
  }
  return changeFrom(iteration, {
    swarm: iteration.swarm,
    worker: iteration.worker,
    ...(swarm.machine === undefined ? {} : { machine: swarm.machine }),
    number: iteration.number,
    attempt: attempt.number,
    worktree,
    branch: worktree.branch,
    commit: facts.commit,
    base: facts.base,
    into,
    files: facts.files,
    touchesTheTest: await touchedOfTest(root, facts, swarm.testCommands()),
    task: iteration.claims[0]?.task,
    author: formatAgentSpec(iteration.lane.agent),
    message: said.text,
  })
}

/** Told before anybody reads the change; whoever lands it looks once more. */
async function withMarkers(
  { lane: { swarm }, conflicted }: Iteration,
  branch: string,
  commit: string,
): Promise<Refusal | undefined> {
  const tools = openTools(swarm.repository.root)
  try {
    const onto = await targetCommit(tools, swarm.into!)
    const left = await leftMarkers(tools, { commit, onto, given: conflicted })
    return left.length > 0 ? leftMarkersRefusal(branch, left) : undefined
  } finally {
    tools.close()
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!
}

interface TakenUp {
  readonly head: string
  /** Why it is not the whole. */
  readonly unfinished?: Refusal
  /** Repositories inside the worktree, of which nothing is committed. */
  readonly untracked?: readonly string[]
}

/** Commits what the author left, unless it is in the middle of something; gives the commit that the worktree is on. */
async function takeUp(iteration: Iteration, worktree: Worktree): Promise<TakenUp> {
  const { own } = gitFolders(worktree.path)
  const operation = operationIn(own)
  // The merge that we prepared for it needs no `git commit`, if everything in it is mended.
  const isOurs = textOf(path.join(own, 'MERGE_HEAD'))?.trimEnd() === iteration.onto && operation?.name === 'a merge'
  if (operation && !isOurs) {
    const { commit, entries } = await readStatus(worktree.path)
    const unmerged = entries.flatMap((entry) => (entry.kind === 'unmerged' ? [entry.path] : []))
    return { head: commit ?? worktree.base, unfinished: operationRefusal(operation, unmerged) }
  }
  const what = iteration.claims[0]?.task.summary ?? `Work of ${iteration.worker}, iteration ${iteration.number}`
  // Two clones that do the same in the same second would make the very same commit: each takes it for its own, which
  // somebody else has pushed.
  const leftovers = await commitLeftovers(worktree, { message: `${what}\n\nOompa-Swarm: ${iteration.swarm}` })
  sayLeft(iteration, leftovers.left)
  const head = leftovers.head ?? worktree.base
  if (leftovers.unresolved.length > 0) return { head, unfinished: markersRefusal(leftovers.unresolved) }
  const folders = leftovers.left.filter((one) => one.path.endsWith('/'))
  return { head, untracked: folders.map((one) => one.path.slice(0, -1)) }
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

// Files of tools that an agent left beside its work: said in one line for each reason, and moved out of the worktree,
// which would have to stay for them.

/** Names that are said for each reason; all of them would be thousands where packages were installed. */
const MOST_NAMES = 20

/** Says what was not committed and why, and remembers what need not stay. */
function sayLeft(iteration: Iteration, left: Leftovers['left']): void {
  for (const reason of new Set(left.map((one) => one.reason))) {
    const files = left.filter((one) => one.reason === reason)
    iteration.lane.swarm.emit({
      type: 'note',
      level: reason === LITTER ? 'info' : 'warning',
      worker: iteration.worker,
      iteration: iteration.number,
      text: `${namesOf(files.map((file) => file.path))} not committed: ${reason}`,
    })
  }
  rememberLitter(iteration, left)
}

/** Of one file or several, with the verb. */
function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(', ')
  if (names.length === 1) return `${shown} is`
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more are` : `${shown} are`
}

export function rememberLitter(iteration: Iteration, left: Leftovers['left']): void {
  for (const { path: file, reason } of left) if (reason === LITTER) iteration.litter.add(file)
}

/** Moves litter from a worktree that is given back to the folder of its swarm; what cannot be moved stays. */
export function putLitterAside({ litter, lane, worker, number }: Iteration, worktree: Worktree): void {
  const aside = path.join(litterFolder(lane.swarm.repository.root, lane.swarm.id), `${worker}-${number}`)
  for (const file of litter) {
    if (kindOf(path.join(worktree.path, file)) !== 'file') continue
    try {
      makeFolder(path.dirname(path.join(aside, file)))
      renameSync(onDisk(worktree.path, file), onDisk(aside, file))
    } catch {
      // Then the worktree stays for it, and that is said.
    }
  }
}
