// The files of stores that keep all tasks in one file: read and replaced where they are, through no link that leads out
// of the repository, and never waited for.

import { randomBytes } from 'node:crypto'
import { lstatSync, mkdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { OompaError, STATUS } from '../errors.js'
import { fromBytes, toBytes } from '../files/bytes.js'
import { createFile } from '../files/create.js'
import { readOwn, wrongAt } from '../files/own.js'
import { withLockIn } from '../locks/index.js'
import { makeStateFolder } from './records.js'

/** More than any list has; the whole file is read for each claim. */
const MOST_BYTES = 64_000_000

export interface TasksText {
  /** Empty if there is none. */
  readonly text: string
  /** Why it is not read, if something else is in its place. */
  readonly wrong?: string
}

/** What a file of tasks may not lead out of: the repository, or the folder that was named outside of it. */
export function topOf(root: string, file: string): string {
  return path.relative(root, file).startsWith('..') ? path.dirname(file) : root
}

/** The text of a file of tasks. A link is followed where it stays below `top`. */
export function readTasksText(top: string, file: string): TasksText {
  const place = realPlace(top, file)
  if ('wrong' in place) return { text: '', wrong: place.wrong }
  const found = readOwn(place.path, MOST_BYTES)
  if (!found) return { text: '' }
  return 'wrong' in found ? { text: '', wrong: found.wrong } : { text: fromBytes(found.bytes) }
}

/**
 * Replaces a file in one step; a link that stays below `top` stays a link, the mode stays.
 * @throws OompaError `not-a-file` (status 4)
 */
export function replaceFile({ top, path: file }: { readonly top: string; readonly path: string }, text: string): void {
  const place = realPlace(top, file)
  const wrong = 'wrong' in place ? place.wrong : wrongAt(place.path)
  if ('wrong' in place || wrong) {
    throw new OompaError({
      code: 'not-a-file',
      message: `${file} is not the file of tasks that it has to be: ${wrong}. Nothing is written through it.`,
      mend: `Look at it (ls -ld ${file}), then: mv ${file} ${file}.wrong`,
      status: STATUS.refused,
    })
  }
  const target = place.path
  const draft = path.join(path.dirname(target), `.${path.basename(target)}.${randomBytes(6).toString('hex')}`)
  mkdirSync(path.dirname(target), { recursive: true })
  const mode = statSync(target, { throwIfNoEntry: false })?.mode ?? 0o666
  try {
    createFile(draft, toBytes(text), mode & 0o777)
    renameSync(draft, target)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

/** Where a file is, its links resolved; why it is not looked for, if that is outside of `top`. */
function realPlace(top: string, file: string): { readonly path: string } | { readonly wrong: string } {
  const folder = path.dirname(file)
  if (folder !== top && folder !== path.dirname(folder) && !lstatSync(folder, { throwIfNoEntry: false })) {
    return { path: file }
  }
  try {
    const isLink = lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink()
    const real = isLink ? realpathSync(file) : path.join(realpathSync(folder), path.basename(file))
    const isInside = !path.relative(realpathSync(top), real).startsWith('..')
    return isInside ? { path: real } : { wrong: 'it leads out of the repository' }
  } catch {
    return { wrong: 'it is a link that leads nowhere' }
  }
}

// The lock of a store that is one file: held for a few milliseconds, in a folder of its own below `.oompa/`.

/**
 * Runs `work` while nobody else does; one that takes half a minute is not at work on such a file, but hangs.
 * @throws OompaError `lock-timeout`
 */
export function withLock<T>(root: string, folder: string, work: () => T | Promise<T>): Promise<T> {
  makeStateFolder(root, folder)
  return withLockIn(folder, 'tasks', async () => work(), { timeoutMs: 30_000 })
}
