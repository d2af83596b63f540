// Says at each heartbeat that our claims live: another machine that shares the tasks knows us by nothing else.

import { messageOf } from '../errors.js'
import type { Swarm } from './contract.js'
import { payDebts } from './owed.js'

/** Renews the claims of all iterations in progress; returns what ends it. */
export function renewClaims(swarm: Swarm): () => void {
  const { store, settings, current, debts, emit } = swarm
  if (!store) return () => {}
  // While its server is away the last one goes on trying.
  let renewing = false
  const timer = setInterval(() => {
    void payDebts(swarm)
    const held = [...current.values()].flatMap((iteration) => iteration.claims)
    // What is owed lives on as well: a task whose work waits to be pushed is nobody else's to do.
    const claims = [...held, ...[...debts.open.values()].map(({ claim }) => claim)]
    if (claims.length === 0 || renewing || !store.renew) return
    renewing = true
    store
      .renew(claims)
      .catch((error: unknown) => {
        emit({ type: 'note', level: 'warning', text: `Renewing claims: ${messageOf(error)}` })
      })
      .finally(() => {
        renewing = false
      })
  }, settings.limits.heartbeatMs)
  timer.unref()
  return () => clearInterval(timer)
}
