// Keeps a short list on a ref of the remote, for clones that share nothing else. An entry that does not change lapses by
// the clock of whoever reads it: two machines' clocks need not agree.

import path from 'node:path'
import { z } from 'zod'
import { isErrno } from '../../errors.js'
import { stateFolder } from '../../files/paths.js'
import { withLock } from '../one-file.js'
import { pauseBefore, type RefPlace, readRef, type Seen, writeRef } from './remote-text.js'

/** How long the remote may be silent: nothing rests on these lists but time and money. */
const SILENT_MS = 15_000
/** Whoever loses so many times against others does without. */
const MOST_TRIES = 20
const MOST_ENTRIES = 1000
/** Characters; whoever may push can write what they like there. */
const MOST_TEXT = 1_000_000

/** What each entry has: it counts up with each sign of life. */
export interface Lapsing {
  readonly renewed: number
}

export interface RemoteListOptions<T extends Lapsing> {
  /** The main checkout. */
  readonly root: string
  readonly remote: string
  readonly kind: Exclude<RefPlace['kind'], 'tasks'>
  /** What the entries are called in the text. */
  readonly field: string
  /** The form of one. */
  readonly entry: z.ZodType<T>
  /** What tells one from all others. */
  keyOf(entry: T): string
  /** Says what the list is, for its commit. */
  readonly what: string
  /** Called once with what the server says, if it takes no such refs; it is not asked again. */
  refused(words: string): void
}

export interface ChangeOptions {
  /** The list is as it was: then it is written at once, and read if somebody else was quicker. */
  readonly isLikely?: boolean
  readonly signal?: AbortSignal
}

/** A list for each branch, by its name. All throw where the remote is away or takes no such refs: who asks does without. */
export interface RemoteList<T> {
  /** Reads it as it is now. */
  read(name: string, signal?: AbortSignal): Promise<readonly T[]>
  /**
   * Changes it.
   * @param turn gives the entries as they shall be, or the same array where there is nothing to change
   * @returns the entries from then on
   */
  change(name: string, turn: (entries: readonly T[]) => readonly T[], options?: ChangeOptions): Promise<readonly T[]>
  /** For how long an entry has been as it is, ms, as far as we have seen. */
  ageOf(entry: T): number
}

export function remoteList<T extends Lapsing>(options: RemoteListOptions<T>): RemoteList<T> {
  const { root, remote, kind, field, entry, keyOf, what, refused } = options
  const form = z.object({ format: z.literal(1), [field]: z.array(entry).max(MOST_ENTRIES) })
  /** When an entry was first seen as it is, by `performance.now()`. */
  const since = new Map<string, { readonly renewed: number; readonly at: number }>()
  /** A list as it was when it was last read or written, by its name. */
  const last = new Map<string, Seen>()
  let refusal: unknown
  const placeOf = (name: string, signal: AbortSignal | undefined): RefPlace => {
    if (refusal !== undefined) throw refusal
    return { root, remote, kind, name, timeoutMs: SILENT_MS, signal }
  }
  /** Whoever may push can write it: what is not of its form is no list. */
  const entriesIn = ({ text = '' }: Seen): readonly T[] => {
    try {
      if (text.length > MOST_TEXT) return []
      return form.parse(JSON.parse(text))[field] as T[]
    } catch {
      return []
    }
  }
  /** An entry on each line, so that a person can read them. */
  const textOf = (entries: readonly T[]): string =>
    `{"format":1,"${field}":[\n${entries.map((one) => JSON.stringify(one)).join(',\n')}\n]}\n`
  /** The last one takes the ref away with it, unless the server keeps what it has. */
  const write = async (place: RefPlace, seen: Seen, entries: readonly T[]): Promise<Seen | undefined> => {
    if (entries.length > 0) return writeRef(place, seen, textOf(entries), what)
    return writeRef(place, seen, undefined, what).catch((error: unknown) => {
      if (!isErrno(error, 'store-refused')) throw error
      return writeRef(place, seen, textOf(entries), what)
    })
  }
  return {
    ageOf(one) {
      const key = keyOf(one)
      const before = since.get(key)
      if (before?.renewed === one.renewed) return performance.now() - before.at
      since.set(key, { renewed: one.renewed, at: performance.now() })
      return 0
    },
    async read(name, signal) {
      const seen = await readRef(placeOf(name, signal))
      last.set(name, seen)
      return entriesIn(seen)
    },
    async change(name, turn, { isLikely = false, signal } = {}) {
      const place = placeOf(name, signal)
      const tryOnce = async (seen: Seen): Promise<readonly T[] | undefined> => {
        const before = entriesIn(seen)
        const after = turn(before)
        const now = after === before ? seen : await write(place, seen, after)
        if (now) last.set(name, now)
        return now && after
      }
      // Of one clone one at a time: two that push at once only get in each other's way.
      const lock = path.join(stateFolder(root), 'claims', 'refs', `${kind}.lock`)
      return withLock(root, lock, async () => {
        let after = isLikely ? await tryOnce(last.get(name) ?? {}) : undefined
        for (let attempt = 0; !after && attempt < MOST_TRIES; attempt++) {
          if (attempt > 0) await pauseBefore(attempt)
          after = await tryOnce(await readRef(place))
        }
        if (!after) throw new Error(`others were faster ${MOST_TRIES} times`)
        return after
      }).catch((error: unknown) => {
        if (isErrno(error, 'store-refused') && refusal === undefined) {
          refusal = error
          refused((error as Error).message)
        }
        throw error
      })
    },
  }
}
