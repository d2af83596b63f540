// The three lists of a folder as they are on disk, and how an item goes from one to another without being lost.

import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { clearPlace, replaceOwn, textOf } from '../../files/own.js'
import { readTasksText, replaceFile } from '../one-file.js'
import { type Item, type ItemProblem, readItems, withItem, withoutItem } from './markdown.js'

export type ListName = 'pending' | 'in_progress' | 'complete'
export const LISTS = ['pending', 'in_progress', 'complete'] as const satisfies readonly ListName[]

export interface List {
  /** The main checkout: what lies outside of it is not read. */
  readonly top: string
  readonly path: string
  readonly text: string
  readonly items: readonly Item[]
  readonly problems: readonly ItemProblem[]
}

export type Lists = Readonly<Record<ListName, List>>

/** The three lists of a folder below `top`; one that is not there is empty. */
export function readLists(top: string, folder: string): Lists {
  const read = (name: ListName): List => {
    const file = path.join(folder, `${name}.md`)
    const { text, wrong } = readTasksText(top, file)
    const { items, problems } = readItems(text)
    return {
      top,
      path: file,
      text,
      items,
      problems: wrong ? [{ line: 1, reason: `${wrong}: no task is read from it` }] : problems,
    }
  }
  return { pending: read('pending'), in_progress: read('in_progress'), complete: read('complete') }
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
export function moveItem(intents: string, lists: Lists, item: Item, move: Intent, block: string): void {
  const intent = path.join(intents, 'moving.json')
  clearPlace(intent)
  replaceOwn(intents, intent, JSON.stringify(move))
  const { from, to } = move
  // A list that we made goes again when nothing is left in it, so that `git status` shows nothing of us.
  if (!existsSync(lists[to].path)) replaceOwn(intents, madeByUs(intents, to), '')
  replaceFile(lists[to], withItem(lists[to].text, block))
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
  } else replaceFile(list, text)
}

/** Finishes a move that was cut short by its process's death. To be called under the lock. */
export function finishMove(top: string, folder: string, intents: string): void {
  const intent = path.join(intents, 'moving.json')
  const text = textOf(intent)
  if (!text) return
  const move = parseIntent(text)
  if (move) {
    const lists = readLists(top, folder)
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
