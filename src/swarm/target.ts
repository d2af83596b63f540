// Watches the target: a worker's commits may reach it by a landing only (docs/contract.md, 9).

import { STATUS } from '../errors.js'
import type { Emit } from '../events/contract.js'
import { sharedObjects } from '../git/objects.js'
import { remoteOf } from '../git/upstream.js'
import { type Bypass, bypassError, detectBypass, detectPushed, rememberMade } from '../merge/bypass.js'
import { foreignMove, sayMove } from '../merge/moved.js'
import type { Stopping } from './stop.js'

export interface TargetWatch {
  /** Looks at the target; true once a worker has moved it past us. Landing has stopped then, for good. */
  bypassed(): Promise<boolean>
}

export async function watchTarget(root: string, into: string, stopping: Stopping, emit: Emit): Promise<TargetWatch> {
  const look = async (ref: string) => (await sharedObjects(root).info(`${ref}^{commit}`))?.oid
  const remote = await remoteOf(root, into)
  const tracking = `refs/remotes/${remote}/${into}`
  let [known, pushed] = await Promise.all([look(`refs/heads/${into}`), look(tracking)])
  let bypassed = false
  return {
    async bypassed() {
      await lookAtRemote()
      const now = await look(`refs/heads/${into}`)
      if (bypassed || !known || !now || now === known) return bypassed
      const bypass = await detectBypass(root, into, known, now)
      if (bypass) await stop(bypass)
      else {
        const move = await foreignMove(root, into, known, now)
        if (move) sayMove(root, move, emit)
      }
      known = now
      return bypassed
    },
  }

  /** The remote's branch as we know it: a push leaves it in the repository, and so does a fetch. */
  async function lookAtRemote(): Promise<void> {
    // While the workers' own logs still say what was made.
    rememberMade(root)
    const now = await look(tracking)
    if (bypassed || now === undefined || now === pushed) return
    pushed = now
    const bypass = await detectPushed(root, into, remote, now)
    if (bypass) await stop(bypass)
  }

  async function stop(bypass: Bypass): Promise<void> {
    if (bypassed) return
    bypassed = true
    const error = await bypassError(root, bypass)
    const which = bypass.remote === undefined ? into : `${bypass.remote}/${into}`
    emit({ type: 'landing.bypassed', into: which, from: bypass.from, to: bypass.to })
    emit({ type: 'note', level: 'warning', text: `${error.message}\n${error.mend ?? ''}` })
    stopping.gently(`a worker moved ${which} past us`, STATUS.failed)
  }
}
