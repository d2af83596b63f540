// What a landing is about to do to a checkout, written down before, so that a start after a crash can finish or undo it.

import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { createFile } from '../files/create.js'
import { textOf } from '../files/own.js'
import { gitFolders, ourFolder } from '../git/folders.js'
import { isDead, type Owner, parseOwner, thisOwner } from '../processes/owner.js'

/** A move of the target and of the checkouts that are on it. */
export interface Intent {
  readonly ref: string
  readonly from: string
  readonly to: string
  readonly checkouts: readonly { readonly path: string; readonly own: string }[]
}

type Entry = Intent & Owner

let count = 0

/** Writes an intent; gives what removes it again. */
export function writeIntent(root: string, intent: Intent): () => void {
  const folder = journalFolder(root)
  mkdirSync(folder, { recursive: true })
  const me = thisOwner()
  const file = path.join(folder, `${me.pid}-${me.start}-${++count}.json`)
  const entry: Entry = { ...intent, ...me }
  createFile(file, JSON.stringify(entry))
  return () => rmSync(file, { force: true })
}

/** Whether anything is written down at all: a look into a folder, before every landing. */
export function hasIntents(root: string): boolean {
  try {
    return readdirSync(journalFolder(root)).length > 0
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw error
  }
}

/**
 * Moves are made under the landing lock alone, and whoever asks here holds it: of an owner whose process cannot be seen
 * from here no sign of life is needed.
 */
const NO_SIGN = { lastMs: 0, leaseMs: 0 }

/** Intents of processes that are dead, each with what removes it. Call it under the landing lock. */
export function leftIntents(root: string): { intent: Intent; forget(): void }[] {
  const folder = journalFolder(root)
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
  return names.flatMap((name) => {
    const file = path.join(folder, name)
    const entry = read(file)
    if (entry && !isDead(entry, NO_SIGN)) return []
    const forget = () => rmSync(file, { force: true })
    // A file that was cut by the crash was never acted upon: it is written whole before the first step.
    if (entry) return [{ intent: entry, forget }]
    if (!name.startsWith(`${process.pid}-`)) forget()
    return []
  })
}

function read(file: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(textOf(file) ?? '')
    const owner = parseOwner(value)
    return owner && isIntent(value) ? { ...value, ...owner } : undefined
  } catch {
    return undefined
  }
}

/** Agents can write below `.git`, too: ids and names are what git takes for such, and nothing else. */
function isIntent(value: unknown): value is Intent {
  if (typeof value !== 'object' || value === null) return false
  const { ref, from, to, checkouts } = value as Record<string, unknown>
  const isId = (id: unknown) => typeof id === 'string' && /^[0-9a-f]{40,64}$/.test(id)
  return (
    typeof ref === 'string' &&
    /^refs\/heads\/[^\s~^:?*[\\]+$/.test(ref) &&
    !ref.includes('..') &&
    isId(from) &&
    isId(to) &&
    Array.isArray(checkouts) &&
    checkouts.every((one: unknown) => {
      const { path: place, own } = Object(one)
      return typeof place === 'string' && typeof own === 'string'
    })
  )
}

function journalFolder(root: string): string {
  return path.join(ourFolder(gitFolders(root).common), 'moves')
}
