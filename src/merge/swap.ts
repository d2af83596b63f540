// The moment of a landing: the target moves from the value that was tested against to the tested one, together with
// the checkouts that are on it, or nothing moves.

import { watch } from 'node:fs'
import { OompaError } from '../errors.js'
import type { RawChange } from '../git/changes.js'
import { type Checkout, checkoutsOf } from '../git/checkouts.js'
import { gitFolders } from '../git/folders.js'
import { isBlocked, type Moved, moveCheckout, whatIsInTheWay } from '../git/move.js'
import type { Blocked } from '../git/overlap.js'
import { type PreparedSwap, prepareSwap } from '../git/refs.js'
import { resolveCommit } from '../git/repository.js'
import type { TreeEdit } from '../words.js'
import { recordLanded } from './bypass.js'
import { crashPoint } from './crash.js'
import { writeIntent } from './journal.js'

export interface SwapRequest {
  readonly root: string
  /** The target, without `refs/heads/`. */
  readonly into: string
  readonly from: string
  readonly to: string
  /** Task files that the main checkout has, or gets by `settle`. */
  readonly edits: readonly TreeEdit[]
  /** The difference between them. */
  changes(): Promise<readonly RawChange[]>
  /** For the reflog. */
  readonly message: string
}

/** `moved`: the target has another value by now. */
export type SwapAnswer = 'swapped' | 'moved' | Blocked

/** What would keep the checkouts that are on the target from moving now, without touching anything. */
export async function whatBlocks(request: SwapRequest): Promise<Blocked | undefined> {
  for (const checkout of checkoutsOf(request.root, request.into)) {
    const notOnDisk = writtenBySettle(request, checkout)
    const blocked = await whatIsInTheWay({ checkout, notOnDisk, changes: await request.changes() })
    if (blocked) return blocked
  }
  return undefined
}

/** Only the main checkout has the task's files: there `settle` puts them in place. */
function writtenBySettle(request: SwapRequest, checkout: Checkout): Set<string> {
  return new Set(checkout.path === request.root ? request.edits.map((edit) => edit.path) : [])
}

/**
 * Moves the target. The ref is held, its old value checked, before a file of a checkout is touched, and moves only
 * after the last one: whoever commits by hand in between is told by git that the ref is locked.
 */
export async function swapTarget(request: SwapRequest): Promise<SwapAnswer> {
  const ref = `refs/heads/${request.into}`
  const checkouts = checkoutsOf(request.root, request.into)
  const busy = checkouts.find((checkout) => checkout.busy)
  if (busy) return { reason: `${busy.busy} is in progress in ${busy.path}`, paths: [] }

  const { from, to } = request
  const forget = checkouts.length > 0 ? writeIntent(request.root, { ref, from, to, checkouts }) : () => {}
  crashPoint('journal')
  const prepared = await prepare(request, ref).catch((error: unknown) => {
    forget()
    throw error
  })
  if (!prepared || 'reason' in prepared) {
    forget()
    return prepared ?? 'moved'
  }
  crashPoint('prepared')
  const moved: Moved[] = []
  try {
    for (const checkout of checkouts) {
      const notOnDisk = writtenBySettle(request, checkout)
      const answer = await moveCheckout({ checkout, notOnDisk, changes: await request.changes() })
      if (isBlocked(answer)) {
        for (const one of moved.reverse()) await one.undo()
        await prepared.abort()
        forget()
        return answer
      }
      moved.push(answer)
    }
    crashPoint('files')
    if (!areThese(checkoutsOf(request.root, request.into), checkouts)) {
      for (const one of moved.reverse()) await one.undo()
      await prepared.abort()
      forget()
      return 'moved'
    }
    // Before the ref moves: another worker that looks at it in between must not take our landing for a bypass.
    recordLanded(request.root, to)
    await committed(request, ref, prepared)
  } catch (error) {
    for (const one of moved.reverse()) await one.undo()
    await prepared.abort()
    forget()
    throw error
  }
  crashPoint('swapped')
  for (const one of moved) one.finish()
  await bringAlong(request, checkouts)
  forget()
  crashPoint('finished')
  return 'swapped'
}

/** Whoever holds the ref is in the way, as a person's edit is: what has been paid for waits until they let go. */
async function prepare(
  { root, from, to, message }: SwapRequest,
  ref: string,
): Promise<PreparedSwap | undefined | Blocked> {
  try {
    return await prepareSwap(root, { ref, from, to, message })
  } catch (error) {
    if (!(error instanceof OompaError && error.code === 'ref-locked')) throw error
    return { reason: `${error.message}\n${error.mend}`, paths: [] }
  }
}

/** A git that was killed in its last moment has moved the ref: the checkouts are right as they are then. */
async function committed({ root, to }: SwapRequest, ref: string, prepared: PreparedSwap): Promise<void> {
  try {
    await prepared.commit()
  } catch (error) {
    if ((await resolveCommit(root, ref)) !== to) throw error
  }
}

/** A person may put a checkout on another branch, or on the target, while its files are moved. */
function areThese(now: readonly Checkout[], before: readonly Checkout[]): boolean {
  return now.length === before.length && now.every((one) => before.some((other) => other.own === one.own))
}

/** A checkout that was put on the target in the last moment has the files of its old value: it follows, if it can. */
async function bringAlong(request: SwapRequest, before: readonly Checkout[]): Promise<void> {
  for (const checkout of checkoutsOf(request.root, request.into)) {
    if (checkout.busy || before.some((one) => one.own === checkout.own)) continue
    const notOnDisk = writtenBySettle(request, checkout)
    const answer = await moveCheckout({ checkout, notOnDisk, changes: await request.changes() })
    if (!isBlocked(answer)) answer.finish()
  }
}

/** Waits for what blocks to go: resolves when something has changed in the git folder, after a while, or when the signal comes. */
export async function checkoutChanges(root: string, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { own } = gitFolders(root)
  await new Promise<void>((resolve) => {
    // A hint only: an edit of a file shows nowhere in the git folder.
    const watcher = watch(own, () => done())
    const timer = setTimeout(() => done(), ms)
    const done = () => {
      clearTimeout(timer)
      watcher.close()
      signal.removeEventListener('abort', done)
      resolve()
    }
    watcher.on('error', done)
    signal.addEventListener('abort', done, { once: true })
  })
}
