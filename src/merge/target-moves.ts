// Looks at each new value of a target before anything is landed on it: workers' commits may get there by a landing only.

import type { Emit } from '../events/contract.js'
import { type Bypass, bypassError, detectBypass, detectPushed } from './bypass.js'
import type { MergeOptions } from './contract.js'
import { foreignMove, movedError, sayMove } from './moved.js'

export interface MoveWatch {
  /** Says where the first worktree was made: what reached the target since, without us, did so by an agent or a person. */
  begin(base: string): void
  /**
   * @param now the value of the target
   * @throws OompaError `bypassed` if a worker's commits got onto it past us, `moved` where the person wants to be asked
   *   about what somebody else put there
   */
  check(now: string, emit: Emit): Promise<void>
  /** @throws OompaError `bypassed` if a worker has pushed to the remote past us */
  checkFetched(remote: string, commit: string, emit: Emit): Promise<void>
}

export function watchMoves(root: string, into: string, options: MergeOptions): MoveWatch {
  let known: string | undefined
  const stop = async (bypass: Bypass, which: string, emit: Emit): Promise<never> => {
    emit({ type: 'landing.bypassed', into: which, from: bypass.from, to: bypass.to, commit: bypass.to })
    throw await bypassError(root, bypass)
  }
  return {
    begin(base) {
      known ??= base || undefined
    },
    async check(now, emit) {
      const before = known
      known = now
      if (before === undefined || before === now) return
      const bypass = await detectBypass(root, into, before, now)
      if (bypass) await stop(bypass, into, emit)
      const move = await foreignMove(root, into, before, now)
      if (!move) return
      sayMove(root, move, emit)
      if (options.moved === 'stop') throw movedError(move)
    },
    async checkFetched(remote, commit, emit) {
      const bypass = await detectPushed(root, into, remote, commit)
      if (bypass) await stop(bypass, `${remote}/${into}`, emit)
    },
  }
}
