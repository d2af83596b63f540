// Pushes the work of iterations at each commit, where several machines share the tasks: what a machine has when it dies is
// on the remote, and the task's notes say where.

import type { NetworkEnd, NetworkOptions } from '../git/network.js'
import { changeRef, pushChange, takeAwayChange } from '../merge/change-refs.js'
import type { Iteration, Swarm } from './contract.js'

/** A look at a branch costs no process. */
const LOOK_MS = 2000

/** Pushes from now on; returns what ends that when the iterations have ended. */
export function pushWork(swarm: Swarm, remote: string): () => Promise<void> {
  const { stopping, current, settings, commitOf, repository, emit } = swarm
  const pushed = new Map<Iteration, { readonly ref: string; tip: string }>()
  let said = false
  /** @param ask asks the remote for something, or answers undefined where that is so already */
  const send = async (ask: (options: NetworkOptions) => Promise<NetworkEnd | undefined>): Promise<boolean> => {
    const end = await ask({ timeoutMs: settings.limits.remoteMs, signal: stopping.agents, swarm: swarm.id })
    const isDone = end === undefined || end.status === 0
    if (!isDone && !said && !stopping.agents.aborted) {
      said = true
      const why = end.ended ?? end.stderr.trim().split('\n').at(-1)
      emit({ type: 'note', level: 'warning', text: `Work that goes on could not be pushed to ${remote}: ${why}` })
    }
    if (isDone) said = false
    return isDone
  }
  const { root } = repository
  const put = (ref: string, commit: string) => send((options) => pushChange(root, remote, { ref, commit }, options))
  const look = async (): Promise<void> => {
    for (const iteration of current.values()) {
      const { worktree, claims, worker } = iteration
      const tip = worktree && (await commitOf(`refs/heads/${worktree.branch}`))
      if (!tip || tip === worktree.base || tip === pushed.get(iteration)?.tip || !claims[0]) continue
      const ref = pushed.get(iteration)?.ref ?? changeRef(swarm.id, worker, claims[0].task.id)
      if (await put(ref, tip)) pushed.set(iteration, { ref, tip })
    }
    const going = new Set(current.values())
    for (const [iteration, { ref, tip }] of pushed) {
      if (going.has(iteration)) continue
      const { outcome, kept } = iteration
      const last = kept && (await commitOf(kept))
      // What has landed is on the target; what was kept stays, with its last commit.
      if (outcome === 'landed') await send((options) => takeAwayChange(root, remote, ref, options))
      else if (last && last !== tip) await put(ref, last)
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
