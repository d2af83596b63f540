// Says that tasks stand in current which nobody holds: a worker that finds nothing pending would end, or wait, in silence.

import type { TaskListing } from '../tasks/contract.js'
import type { Swarm } from './contract.js'

const said = new WeakSet<Swarm>()
/** More would only hide the command. */
const MOST = 10

/** Once for a swarm, where a worker has found no task. */
export function sayUnclaimed(swarm: Swarm, { current }: TaskListing): void {
  if (said.has(swarm)) return
  // An agent that claims by itself has moved a file, perhaps, and we have not read yet whose it is.
  if (!swarm.claims && swarm.workers.some((lane) => swarm.crew.state(lane.name) === 'working')) return
  const own = new Set([...swarm.current.values()].flatMap(({ claims }) => claims.map((claim) => claim.task.id)))
  const ids = current.flatMap(({ id, bare }) => (bare !== undefined && !own.has(id) ? [id] : []))
  if (ids.length === 0) return
  said.add(swarm)
  const one = ids.length === 1
  const named = ids.slice(0, MOST)
  const more = ids.length > MOST ? ` (and ${ids.length - MOST} more: oompa tasks stale)` : ''
  const text = `${one ? '1 task stands' : `${ids.length} tasks stand`} in current without a claim record. If nobody works on ${one ? 'it' : 'them'}: oompa requeue ${named.join(' ')}${more}`
  swarm.emit({ type: 'note', level: 'warning', text })
}
