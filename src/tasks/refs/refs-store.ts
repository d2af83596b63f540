// Tasks on a ref of the remote, for two to five machines without any server but the one that has the repository.

import path from 'node:path'
import { peekSettings } from '../../config/peek.js'
import { OompaError, STATUS } from '../../errors.js'
import { stateFolder } from '../../files/paths.js'
import type { TaskStore } from '../contract.js'
import { withLock } from '../one-file.js'
import { LEASE_MS } from '../records.js'
import { rootOf } from '../where.js'
import {
  addIn,
  type Book,
  claimIn,
  completeIn,
  listingOf,
  readBook,
  releaseIn,
  renewIn,
  reopenIn,
  type Turn,
  takeIn,
  writeBook,
} from './book.js'

export interface GitTasksOptions {
  /** The remote's name, or its URL; `origin` unless given. */
  readonly remote?: string
  /** The last part of the ref: `refs/oompa/tasks/<name>`; `all` unless given. */
  readonly name?: string
}

/** How long the remote may be silent. */
const SILENT_MS = 30_000
/** Whoever loses so many times against others has something else to say. */
const MOST_TRIES = 60

/**
 * The store of tasks on a ref of the remote. Each change is one push that names what it expects to be there, so two
 * clones never have one claim. It is meant for a few machines and some hundred tasks: each operation asks the remote.
 * @param root the main checkout; that of the hook which makes it, else `OOMPA_ROOT`, else the working directory
 */
export function gitTasks(options: GitTasksOptions = {}, root?: string): TaskStore {
  const { remote = 'origin', name = 'all' } = options
  const base = rootOf(root)
  const place = { root: base, remote, kind: 'tasks', name, timeoutMs: SILENT_MS } as const
  // Of one clone one at a time: two that push at once only get in each other's way.
  const locked = <T>(work: () => Promise<T>): Promise<T> =>
    withLock(base, path.join(stateFolder(base), 'claims', 'refs', 'lock'), work)
  const change = <T>(turn: (book: Book) => Turn<T>): Promise<T> =>
    locked(async () => {
      // Git is loaded where a store is used, and not where the package is imported.
      const { pauseBefore, readRef, writeRef } = await import('./remote-text.js')
      for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
        if (attempt > 0) await pauseBefore(attempt)
        const seen = await readRef(place)
        const { answer, book, what = 'change' } = turn(understood(seen.text))
        if (!book || (await writeRef(place, seen, writeBook(book), what))) return answer
      }
      throw new OompaError({
        code: 'store-away',
        message: `Others changed the tasks on ${remote} first, ${MOST_TRIES} times.`,
        mend: 'Fewer workers, or a PostgreSQL: oompa add tasks --postgres',
      })
    })
  let leaseMs: number | undefined
  const lease = () => (leaseMs ??= peekSettings(base).leaseMs ?? LEASE_MS)
  return {
    name: 'git',
    list: () => change((book) => ({ answer: listingOf(book, lease()) })),
    claim: (request) => change((book) => claimIn(book, request, lease())),
    complete: (claim, completion) => change((book) => completeIn(book, claim, completion)),
    release: (claim, reason) => change((book) => releaseIn(book, claim, reason)),
    add: (task) => change((book) => addIn(book, task)),
    async renew(claims) {
      if (claims.length > 0) await change((book) => renewIn(book, claims, lease()))
    },
    take: (id, claimer, expected) => change((book) => takeIn(book, id, claimer, expected)),
    reopen: (id, reason, by) => change((book) => reopenIn(book, id, reason, by)),
  }
}

function understood(text: string | undefined): Book {
  const book = text === undefined ? [] : readBook(text)
  if (book) return book
  throw new OompaError({
    code: 'store-new',
    message: 'The tasks on the remote were written by a later oompa, or by something else.',
    mend: 'npm install oompa-loompas@latest',
    status: STATUS.usage,
  })
}
