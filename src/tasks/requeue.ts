// Claims without a sign of life: found, and put back to pending with what is known of their work in the notes.

import { messageOf } from '../errors.js'
import type { Claim, TaskStore } from './contract.js'

export interface StaleClaim {
  readonly id: string
  readonly summary: string
  /** Why it counts as stale. */
  readonly reason: string
  /** Missing where it is nobody's: never put back by itself. */
  readonly claim?: Claim
}

export interface Requeued {
  readonly requeued: readonly StaleClaim[]
  /** What was asked for and not put back, with the reason. */
  readonly left: readonly { readonly id: string; readonly reason: string; readonly unknown?: boolean }[]
}

export interface RequeueOptions {
  /** Only these; a file that was moved by hand goes back only if it is named here. */
  readonly ids?: readonly string[]
  /** Who puts them back. */
  readonly by: string
  /** Why a claim is not put back, although its holder is gone: its work has landed. */
  readonly keep?: (claim: Claim) => Promise<string | undefined>
  /** Says where a claim's work is, for the notes. */
  readonly note?: (claim: Claim) => Promise<string | undefined>
  /** A swarm that has died, with all that it had started. */
  readonly dead?: string
}

/**
 * Every claim without a sign of life, and every task in current that is nobody's.
 * @param dead a swarm that has died: what its agents claimed from a shell, without a process, is nobody's either
 */
export async function staleClaims(store: TaskStore, dead?: string): Promise<StaleClaim[]> {
  const { current } = await store.list()
  return current.flatMap(({ id, summary, stale, bare, claim }) => {
    const { swarm, pid } = claim?.holder ?? {}
    const isOfDead = dead !== undefined && swarm === dead && pid === undefined
    const reason = stale ?? bare ?? (isOfDead ? `its swarm ${dead} has died` : undefined)
    return reason === undefined ? [] : { id, summary, reason, ...(claim ? { claim } : {}) }
  })
}

/** Puts stale claims back to pending. A holder that comes back late is refused: its fence is an old one. */
export async function requeueStale(store: TaskStore, options: RequeueOptions): Promise<Requeued> {
  const stale = await staleClaims(store, options.dead)
  const named = options.ids && new Set(options.ids)
  const requeued: StaleClaim[] = []
  const left = await notStale(store, stale, options.ids ?? [])
  for (const one of stale) {
    if (named ? !named.has(one.id) : !one.claim) continue
    try {
      const why = one.claim && (await options.keep?.(one.claim))
      if (why === undefined) {
        await putBack(store, one, options)
        requeued.push(one)
      } else left.push({ id: one.id, reason: why })
    } catch (error) {
      left.push({ id: one.id, reason: messageOf(error) })
    }
  }
  return { requeued, left }
}

async function notStale(
  store: TaskStore,
  stale: readonly StaleClaim[],
  ids: readonly string[],
): Promise<{ id: string; reason: string; unknown?: boolean }[]> {
  const missing = ids.filter((id) => !stale.some((one) => one.id === id))
  if (missing.length === 0) return []
  const { pending, current, complete } = await store.list()
  return missing.map((id) => {
    const held = current.find((task) => task.id === id)
    if (held?.claim) return { id, reason: `${held.claim.holder.worker} holds it and shows signs of life` }
    if (held) return { id, reason: 'somebody is moving it' }
    if (pending.some((task) => task.id === id)) return { id, reason: 'it is pending' }
    if (complete.some((task) => task.id === id)) return { id, reason: 'it is complete' }
    return { id, reason: 'there is no such task', unknown: true }
  })
}

async function putBack(store: TaskStore, stale: StaleClaim, options: RequeueOptions): Promise<void> {
  const { id, reason, claim } = stale
  const work = claim && (await options.note?.(claim))
  const ours = store.take ? await store.take(id, { worker: options.by, pid: process.pid }, claim?.fence) : claim
  if (!ours) return
  const whose = claim ? `The claim of ${claim.holder.worker} ended` : 'It was left in current'
  await store.release(ours, `${whose} (${reason}).${work ? ` ${work}` : ''}`)
}
