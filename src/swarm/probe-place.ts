// Where agents are probed: a worktree as the iterations and the reviewers will have, since a CLI may work at the top of
// the repository and nowhere else (a shim that finds its version by the folder, a folder that nobody has trusted).

import { existsSync } from 'node:fs'
import path from 'node:path'
import { deleteRef } from '../git/refs.js'
import type { Worktree } from '../words.js'
import type { WorktreePool } from '../worktrees/contract.js'
import { openScratch } from '../worktrees/scratch.js'
import type { Swarm } from './contract.js'
import { contextOf, makeIteration } from './iteration.js'
import { oompaVariables } from './iteration-environment.js'
import { setUpWorktree } from './set-up-worktree.js'

export interface ProbePlace {
  /** Absolute. */
  readonly path: string
  /** What a run has in its environment there, beside the person's; no worker's name. */
  readonly variables: Readonly<Record<string, string>>
  /** Has the worktree set up as an iteration's is; false where there is nothing to set up. */
  setUp(): Promise<boolean>
  close(): Promise<void>
}

const nothing = async () => {}

/** The top of the repository: level 1 and `--here`, whose agents work there. */
export async function rootPlace(swarm: Swarm): Promise<ProbePlace> {
  return { path: swarm.repository.root, variables: {}, setUp: async () => false, close: nothing }
}

/** A worktree of the first worker, before its first iteration. */
export async function authorPlace(swarm: Swarm): Promise<ProbePlace> {
  const [worker] = swarm.workers
  const base = await swarm.commitOf(`refs/heads/${swarm.into}`)
  if (!worker || !base || swarm.settings.here || swarm.named) return rootPlace(swarm)
  const iteration = makeIteration(worker, 0)
  const opened = await openProbeWorktree(swarm.pool, swarm.repository.root, { ...iteration, base })
  // What stands in its way (a full disk, say) will be said by the first iteration.
  if (!opened) return rootPlace(swarm)
  const { worktree, close } = opened
  iteration.worktree = worktree
  const { OOMPA_WORKER: _, ...variables } = oompaVariables(iteration)
  return {
    path: worktree.path,
    variables: { ...variables, ...(await swarm.guard(iteration)) },
    async setUp() {
      if (swarm.hooks.worktree.length === 0) return false
      await setUpWorktree(worktree, contextOf(iteration, worktree), { hooks: swarm.hooks, root: swarm.repository.root })
      return true
    },
    async close() {
      const why = await close()
      if (why === undefined) return
      const text = `${worktree.name}, in which the agents were probed, stays: ${why}`
      swarm.emit({ type: 'note', level: 'warning', text })
    },
  }
}

/** A worktree that is thrown away, as reviewers have it. */
export async function reviewerPlace(swarm: Swarm): Promise<ProbePlace> {
  const { root } = swarm.repository
  const base = await swarm.commitOf(`refs/heads/${swarm.into}`)
  const scratch = base === undefined ? undefined : await openScratch(root, base, 'probe').catch(() => undefined)
  if (!scratch) return rootPlace(swarm)
  return { path: scratch.path, variables: {}, setUp: async () => false, close: scratch.remove }
}

/**
 * Makes a worktree to be probed in; undefined where none can be made.
 * @returns what takes it away again; it gives why the worktree stays, if it does
 */
export async function openProbeWorktree(
  pool: WorktreePool,
  root: string,
  { name, branch, base }: { readonly name: string; readonly branch: string; readonly base: string },
): Promise<{ readonly worktree: Worktree; close(): Promise<string | undefined> } | undefined> {
  if (existsSync(path.join(root, name))) return undefined
  const worktree = await pool.acquire({ name, branch, base }).catch(() => undefined)
  if (!worktree) return undefined
  return {
    worktree,
    async close() {
      const returned = await pool.release(worktree)
      if (!returned.gone) return returned.why
      await deleteRef(root, `refs/heads/${branch}`, base)
      return undefined
    },
  }
}
