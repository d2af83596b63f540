// Has nobody judge by a program that was changed behind the swarm's back: whoever would run it waits until it is put
// back, as a landing waits for an edit that is in its way.

import { setTimeout as sleep } from 'node:timers/promises'
import { OompaError, STATUS } from '../errors.js'
import type { HookContext } from '../hooks/contract.js'
import type { Program } from '../hooks/programs.js'
import { changedError, changedWords, type Judges } from '../review/judges.js'
import type { Change } from '../words.js'
import type { Swarm } from './contract.js'
import { waitUnlessOver } from './waiting.js'

type Judging = Pick<Swarm, 'judges' | 'into' | 'emit' | 'stopping'> & {
  readonly budget: Pick<Swarm['budget'], 'reached' | 'watch'>
}

/** Between two looks at a program that was changed, milliseconds. */
const LOOK_AGAIN_MS = 1_000
/** Who writes the programs while they judge, so often, does it on purpose. */
const MOST_TIMES = 3

/**
 * A review or approve hook that runs between two looks at the programs that judge: an answer during which one of them
 * was written to counts for nothing, and is asked for again. What the hook says about itself stays.
 */
export function judged<C extends HookContext, T, H extends (change: Change, context: C) => T | Promise<T>>(
  swarm: Judging,
  hook: H & ((change: Change, context: C) => T | Promise<T>),
): H {
  if (swarm.judges.programs.length === 0) return hook
  const between = async (change: Change, context: C): Promise<T> => {
    for (let times = 1; times <= MOST_TIMES; times++) {
      const before = await judgesAsPinned(swarm)
      const answer = await hook(change, context)
      if (swarm.judges.stamp() === before) return answer
      swarm.emit({
        type: 'note',
        level: 'warning',
        worker: change.worker,
        iteration: change.number,
        text: 'A program that judges was written to while it judged: its answer does not count.',
      })
    }
    const paths = swarm.judges.programs.map((one) => one.path).join(' ')
    throw new OompaError({
      code: 'judge-changed',
      message: `A program that judges was written to while it judged, ${MOST_TIMES} times: nobody knows which one has answered.`,
      mend: `git status -- ${paths}`,
      status: STATUS.refused,
    })
  }
  return Object.assign(between, hook)
}

/**
 * Waits until the programs that judge are as they were at the start, or as the target has them.
 * @returns their stamp, taken before the look
 * @throws OompaError `judge-changed` (status 4) when the swarm is to end before
 */
export async function judgesAsPinned(swarm: Judging): Promise<string> {
  let look = await lookAt(swarm.judges)
  if (look.changed.length === 0) return look.stamp
  const into = swarm.into ?? 'HEAD'
  say(swarm, look.changed, into)
  await waitUnlessOver(swarm, async (signal) => {
    while (look.changed.length > 0) {
      await sleep(LOOK_AGAIN_MS, undefined, { signal })
      look = await lookAt(swarm.judges)
    }
  })
  if (look.changed.length > 0) throw changedError(look.changed, into)
  if (said.delete(swarm.judges)) {
    swarm.emit({ type: 'note', text: 'The programs that judge are as they should be again: judging goes on.' })
  }
  return look.stamp
}

async function lookAt(judges: Judges): Promise<{ stamp: string; changed: readonly Program[] }> {
  const stamp = judges.stamp()
  return { stamp, changed: await judges.changed() }
}

/** What was said last; several workers wait for the same. */
const said = new WeakMap<Judges, string>()

function say(swarm: Judging, changed: readonly Program[], into: string): void {
  const { message, mend } = changedWords(changed, into)
  if (said.get(swarm.judges) === message) return
  said.set(swarm.judges, message)
  swarm.emit({ type: 'note', level: 'warning', text: `${message} Nothing is judged until it is mended: ${mend}` })
}
