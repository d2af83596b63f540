// Pushes the work of iterations at each commit, where several machines share the tasks: what a machine has when it dies is
// on the remote, and the task's notes say where.

import { changeRef, pushRef } from '../merge/remote.js'
import type { Iteration, Swarm } from './contract.js'

/** A look at a branch costs no process. */
const LOOK_MS = 2000

/** Pushes from now on; returns what ends that when the iterations have ended. */
export function pushWork(swarm: Swarm, remote: string): () => Promise<void> {
  const { stopping, current, settings, commitOf, repository, emit } = swarm
  const pushed = new Map<Iteration, { readonly ref: string; tip: string }>()
  let said = false
  const send = async (refspec: string): Promise<boolean> => {
    const options = { timeoutMs: settings.limits.remoteMs, signal: stopping.agents, swarm: swarm.id }
    const { status, stderr, ended } = await pushRef(repository.root, remote, refspec, options)
    if (status !== 0 && !said && !stopping.agents.aborted) {
      said = true
      const why = ended ?? stderr.trim().split('\n').at(-1)
      emit({ type: 'note', level: 'warning', text: `Work that goes on could not be pushed to ${remote}: ${why}` })
    }
    if (status === 0) said = false
    return status === 0
  }
  const look = async (): Promise<void> => {
    for (const iteration of current.values()) {
      const { worktree, claims, worker } = iteration
      const tip = worktree && (await commitOf(`refs/heads/${worktree.branch}`))
      if (!tip || tip === worktree.base || tip === pushed.get(iteration)?.tip || !claims[0]) continue
      const ref = pushed.get(iteration)?.ref ?? changeRef(swarm.id, worker, claims[0].task.id)
      if (await send(`+${tip}:${ref}`)) pushed.set(iteration, { ref, tip })
    }
    const going = new Set(current.values())
    for (const [iteration, { ref, tip }] of pushed) {
      if (going.has(iteration)) continue
      const { outcome, kept } = iteration
      const last = kept && (await commitOf(kept))
      // What has landed is on the target; what was kept stays, with its last commit.
      if (outcome === 'landed' || (last && last !== tip))
        await send(outcome === 'landed' ? `:${ref}` : `+${last}:${ref}`)
      pushed.delete(iteration)
    }
  }
  let looking: Promise<void> | undefined
  const lookOnce = (): Promise<void> => {
    looking ??= look()
      .catch(() => {})
      .finally(() => {
        looking = undefined
      })
    return looking
  }
  const timer = setInterval(lookOnce, LOOK_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await looking
    await lookOnce()
  }
}
