// What an agent did to the tasks is read as requests, and taken out of its change (docs/contract.md, *State*).

import path from 'node:path'
import { messageOf } from '../errors.js'
import { changeBase } from '../git/changes.js'
import type { TaskListing, TaskRequests, TaskStore } from '../tasks/contract.js'
import { partsOf } from '../tasks/index.js'
import type { Worktree } from '../words.js'
import type { Iteration } from './contract.js'
import { adoptClaims, hold, takeCommands } from './hold.js'

/**
 * Carries out what may be carried out, says what is not, and puts the worktree's copy back.
 * @param head the commit that the worktree is on
 * @returns the commit that it is on then
 */
export async function takeRequests(iteration: Iteration, worktree: Worktree, head: string): Promise<string> {
  const { swarm } = iteration.lane
  const { store, into } = swarm
  if (!store) return head
  const listing = await takeOwn(iteration, store)
  const base = await changeBase(swarm.repository.root, head, `refs/heads/${into}`, iteration.onto)
  if (base === undefined) return head
  const { tracked } = store
  let now = head
  if (tracked) {
    const own = iteration.claims.map((claim) => claim.task.id)
    const requests = await tracked.requests(worktree.path, base, own)
    for (const id of requests.completed) {
      if (!own.includes(id)) await claimCompleted(iteration, id)
      iteration.moved.add(id)
    }
    await carryOut(iteration, requests)
    now = (await tracked.restore(worktree.path, base, requests.adds)) ?? now
  }
  return keepsFiles(store, swarm.repository.root) ? now : ((await takeFiles(iteration, worktree, base, listing)) ?? now)
}

/**
 * What the agent did to the tasks themselves: it claimed some, it called some of its own complete by a command or by
 * hand, it added some by a command.
 */
export async function takeOwn(iteration: Iteration, store: TaskStore): Promise<TaskListing> {
  const listing = await store.list()
  adoptClaims(iteration, listing)
  takeCommands(iteration)
  const complete = new Set(listing.complete.map((task) => task.id))
  for (const { task } of iteration.claims) if (complete.has(task.id)) iteration.moved.add(task.id)
  return listing
}

/** Whether the files below `tasks/pending/` are the store's own, whose requests it reads by itself. */
function keepsFiles(store: TaskStore, root: string): boolean {
  return partsOf(store).some(
    (one) => one.name === 'folder' && one.tracked !== undefined && one.path === path.join(root, 'tasks'),
  )
}

/** New files in `tasks/pending/`, for a store that keeps its tasks in some other way. */
async function takeFiles(
  iteration: Iteration,
  worktree: Worktree,
  base: string,
  listing: TaskListing,
): Promise<string | undefined> {
  const [{ addedFiles, PENDING }, { restorePaths }] = await Promise.all([
    import('../tasks/tracked/new-files.js'),
    import('../tasks/tracked/restore.js'),
  ])
  const known = new Set([...listing.pending, ...listing.current, ...listing.complete].map((task) => task.id))
  const requests = await addedFiles(worktree.path, base, (id) => known.has(id))
  if (requests.adds.length + requests.ignored.length === 0) return undefined
  await carryOut(iteration, requests)
  return restorePaths(worktree.path, base, [PENDING], requests.adds)
}

/** An agent that moved a pending task to complete has done it, if nobody else holds it: claim it, for the landing. */
async function claimCompleted(iteration: Iteration, id: string): Promise<void> {
  const { swarm, name } = iteration.lane
  if (swarm.claims) return
  const answer = await swarm.store!.claim({ claimer: { worker: name, swarm: swarm.id, pid: process.pid }, id })
  if (answer.answer === 'claimed') hold(iteration, answer.claim, 'the agent')
  else ignored(iteration, id, answer.why)
}

async function carryOut(iteration: Iteration, requests: Pick<TaskRequests, 'adds' | 'ignored'>): Promise<void> {
  const { lane } = iteration
  const { swarm } = lane
  for (const { path: file, task } of requests.adds) {
    if (!lane.settings.canPlan) {
      ignored(iteration, file, 'this worker may not add tasks (can_plan is false)')
      continue
    }
    try {
      const by = { worker: lane.name, swarm: swarm.id }
      const added = await swarm.store!.add({
        store: lane.settings.stores?.[0],
        ...task,
        by,
        format: file.endsWith('.json') ? 'json' : 'edn',
      })
      iteration.added.push(added.id)
      swarm.emit({ type: 'task.added', worker: lane.name, iteration: iteration.number, task: added.id, by: lane.name })
    } catch (error) {
      ignored(iteration, file, messageOf(error))
    }
  }
  for (const one of requests.ignored) ignored(iteration, one.path, one.reason)
}

function ignored(iteration: Iteration, what: string, reason: string): void {
  iteration.lane.swarm.emit({
    type: 'task.ignored',
    worker: iteration.worker,
    iteration: iteration.number,
    path: what,
    reason,
  })
}
