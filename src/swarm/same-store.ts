// Says where two loops that run take tasks of the same store: whoever has given each its own did not mean that.

import type { Settings } from '../config/contract.js'
import type { StartedWorker } from '../events/contract.js'
import { type RunningLoop, runningLoops } from '../events/running.js'

type Lane = Pick<StartedWorker, 'story' | 'stores'>

/** One sentence for each other loop that takes tasks of a store of ours; none where there are not several stores. */
export function overlaps(root: string, swarm: string, { tasksStores, workers }: Settings): string[] {
  if (!tasksStores) return []
  return overlapWords(
    tasksStores,
    workers,
    runningLoops(root).filter((one) => one.swarm !== swarm),
  )
}

/** @param stores all that there are: who names none takes tasks of each */
export function overlapWords(
  stores: readonly string[],
  own: readonly Lane[],
  others: readonly RunningLoop[],
): string[] {
  return others.flatMap(({ swarm, named, workers }) => {
    const shared = stores.filter((store) =>
      own.some(
        (lane) => takes(lane, store) && workers.some((other) => takes(other, store) && isOfOneStory(lane, other)),
      ),
    )
    if (shared.length === 0) return []
    const who = named === undefined ? `Swarm ${swarm}` : `The loop in ${named} (swarm ${swarm})`
    return `${who} takes tasks of ${shared.join(' and ')}, too: no task is done twice, but they may wait for each other. Others are chosen with --stores.`
  })
}

const takes = ({ stores }: Lane, store: string) => stores === undefined || stores.includes(store)

const isOfOneStory = (one: Lane, other: Lane) =>
  one.story === undefined || other.story === undefined || one.story === other.story
