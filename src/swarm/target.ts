// Watches the target: a worker's commits may reach it by a landing only (cli.md, settled question 9).

import { STATUS } from '../errors.js'
import type { Emit } from '../events/contract.js'
import { resolveCommit } from '../git/repository.js'
import { bypassError, detectBypass } from '../merge/bypass.js'
import type { Stopping } from './stop.js'

export interface TargetWatch {
  /** Looks at the target; true once a worker has moved it past us. Landing has stopped then, for good. */
  bypassed(): Promise<boolean>
}

export async function watchTarget(root: string, into: string, stopping: Stopping, emit: Emit): Promise<TargetWatch> {
  const ref = `refs/heads/${into}`
  let known = await resolveCommit(root, ref)
  let bypassed = false
  return {
    async bypassed() {
      const now = await resolveCommit(root, ref)
      if (bypassed || !known || !now || now === known) return bypassed
      const bypass = await detectBypass(root, into, known, now)
      if (bypass && !bypassed) {
        bypassed = true
        const error = await bypassError(root, bypass)
        emit({ type: 'landing.bypassed', into, from: bypass.from, to: bypass.to })
        emit({ type: 'note', level: 'warning', text: `${error.message}\n${error.mend ?? ''}` })
        stopping.gently(`a worker moved ${into} past us`, STATUS.failed)
      }
      known = now
      return bypassed
    },
  }
}
