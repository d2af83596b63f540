// The three lists of a folder as they are on disk, and how an item goes from one to another without being lost.

import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../../errors.js'
import { fromBytes, toBytes } from '../../files/bytes.js'
import { type Item, type ItemProblem, readItems, withItem, withoutItem } from './markdown.js'

export type ListName = 'pending' | 'in_progress' | 'complete'
export const LISTS = ['pending', 'in_progress', 'complete'] as const satisfies readonly ListName[]

export interface List {
  readonly path: string
  readonly text: string
  readonly items: readonly Item[]
  readonly problems: readonly ItemProblem[]
}

export type Lists = Readonly<Record<ListName, List>>

/** The three lists; one that is not there is empty. */
export function readLists(folder: string): Lists {
  const read = (name: ListName): List => {
    const file = path.join(folder, `${name}.md`)
    const text = readText(file)
    return { path: file, text, ...readItems(text) }
  }
  return { pending: read('pending'), in_progress: read('in_progress'), complete: read('complete') }
}

function readText(file: string): string {
  try {
    return fromBytes(readFileSync(file))
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return ''
    throw error
  }
}

/** Replaces a file in one step; a link stays a link, the mode stays. */
export function replaceFile(file: string, text: string): void {
  const target = realpathOf(file)
  const draft = path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}`)
  mkdirSync(path.dirname(target), { recursive: true })
  const mode = statSync(target, { throwIfNoEntry: false })?.mode ?? 0o666
  try {
    writeFileSync(draft, toBytes(text), { mode: mode & 0o777 })
    renameSync(draft, target)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

function realpathOf(file: string): string {
  try {
    return realpathSync(file)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return file
    throw error
  }
}

interface Intent {
  readonly id: string
  readonly from: ListName
  readonly to: ListName
}

/**
 * Moves an item, as `block` says it from now on. Both files cannot change in one step: it is written where it goes,
 * then taken away where it was, and an intent on disk tells the next one what to finish.
 */
export function moveItem(folder: string, intents: string, lists: Lists, item: Item, move: Intent, block: string): void {
  const intent = path.join(intents, 'moving.json')
  writeFileSync(intent, JSON.stringify(move))
  const { from, to } = move
  // A list that we made goes again when nothing is left in it, so that `git status` shows nothing of us.
  if (!existsSync(lists[to].path)) writeFileSync(madeByUs(intents, to), '')
  replaceFile(path.join(folder, `${to}.md`), withItem(lists[to].text, block))
  takeOut(intents, lists[from], from, item)
  rmSync(intent)
}

function madeByUs(intents: string, name: ListName): string {
  return path.join(intents, `made-${name}`)
}

function takeOut(intents: string, list: List, name: ListName, item: Item): void {
  const text = withoutItem(list.text, item)
  if (text === '' && existsSync(madeByUs(intents, name))) {
    rmSync(list.path, { force: true })
    rmSync(madeByUs(intents, name))
  } else replaceFile(list.path, text)
}

/** Finishes a move that was cut short by its process's death. To be called under the lock. */
export function finishMove(folder: string, intents: string): void {
  const intent = path.join(intents, 'moving.json')
  const text = readText(intent)
  if (text === '') return
  const move = parseIntent(text)
  if (move) {
    const lists = readLists(folder)
    const isThere = lists[move.to].items.some((item) => item.task.id === move.id)
    const left = lists[move.from].items.find((item) => item.task.id === move.id)
    if (isThere && left) takeOut(intents, lists[move.from], move.from, left)
  }
  rmSync(intent, { force: true })
}

function parseIntent(text: string): Intent | undefined {
  try {
    const { id, from, to } = JSON.parse(text)
    const isList = (name: unknown): name is ListName => LISTS.some((one) => one === name)
    return typeof id === 'string' && isList(from) && isList(to) ? { id, from, to } : undefined
  } catch {
    return undefined
  }
}
