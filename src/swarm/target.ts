// Watches the target: a worker's commits may reach it by a landing only (cli.md, settled question 9).

import { STATUS } from '../errors.js'
import type { Emit } from '../events/contract.js'
import { sharedObjects } from '../git/objects.js'
import { bypassError, detectBypass } from '../merge/bypass.js'
import type { Stopping } from './stop.js'

export interface TargetWatch {
  /** Looks at the target; true once a worker has moved it past us. Landing has stopped then, for good. */
  bypassed(): Promise<boolean>
}

export async function watchTarget(root: string, into: string, stopping: Stopping, emit: Emit): Promise<TargetWatch> {
  const look = async () => (await sharedObjects(root).info(`refs/heads/${into}^{commit}`))?.oid
  let known = await look()
  let bypassed = false
  return {
    async bypassed() {
      const now = await look()
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
