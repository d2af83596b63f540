// Writes lists of which an item goes from one to another, so that a crash in between neither loses nor doubles it.

import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { clearPlace, replaceOwn, textOf } from '../../files/own.js'
import { changedFiles, type Document, type DocumentPlace, type Texts } from '../document/contract.js'
import { readTasksText, replaceFile } from '../one-file.js'
import { readItems, withoutItem } from './markdown.js'

/** Lists are named without their ending. */
interface Intent {
  readonly id: string
  readonly from: string
  readonly to: string
}

/**
 * Both files cannot change in one step: an item is written where it goes, then taken away where it was, and an intent on
 * disk tells the next one what to finish. Where several have moved a crash leaves them in both, and the next start, which
 * moved them, sees that.
 */
export function writeLists(place: DocumentPlace, { texts: before }: Document, texts: Texts, id?: string): void {
  const changed = changedFiles([...texts.keys()], before, texts)
  const grew = (file: string) => texts.get(file)!.length > (before.get(file) ?? '').length
  const [from, to] = [changed.find((file) => !grew(file)), changed.find(grew)]
  if (id === undefined || !(from && to)) {
    // The list of complete ones is the last.
    for (const file of changed.reverse()) takeOut(place, file, texts.get(file)!)
    return
  }
  const { folder } = place.records
  const intent = path.join(folder, 'moving.json')
  clearPlace(intent)
  replaceOwn(folder, intent, JSON.stringify({ id, from: nameOf(from), to: nameOf(to) } satisfies Intent))
  // A list that we made goes again when nothing is left in it, so that `git status` shows nothing of us.
  if (!existsSync(place.file(to))) replaceOwn(folder, madeByUs(place, to), '')
  replaceFile({ top: place.top, path: place.file(to) }, texts.get(to)!)
  takeOut(place, from, texts.get(from)!)
  rmSync(intent)
}

function nameOf(file: string): string {
  return path.basename(file, '.md')
}

function madeByUs({ records }: DocumentPlace, file: string): string {
  return path.join(records.folder, `made-${nameOf(file)}`)
}

function takeOut(place: DocumentPlace, file: string, text: string): void {
  const made = madeByUs(place, file)
  if (text === '' && existsSync(made)) {
    rmSync(place.file(file), { force: true })
    rmSync(made)
  } else replaceFile({ top: place.top, path: place.file(file) }, text)
}

/** Finishes a move that was cut short by its process's death. To be called under the lock. */
export function finishMove(place: DocumentPlace): void {
  const intent = path.join(place.records.folder, 'moving.json')
  const text = textOf(intent)
  if (!text) return
  const move = parseIntent(text)
  if (move) {
    const [from, to] = [`${move.from}.md`, `${move.to}.md`]
    const read = (file: string) => readTasksText(place.top, place.file(file)).text
    const find = (list: string) => readItems(list).items.find(({ task }) => task.id === move.id)
    const left = find(read(from))
    if (left && find(read(to))) takeOut(place, from, withoutItem(read(from), left))
  }
  rmSync(intent, { force: true })
}

function parseIntent(text: string): Intent | undefined {
  try {
    const { id, from, to } = JSON.parse(text)
    const isList = (name: unknown) => ['pending', 'in_progress', 'complete'].some((one) => one === name)
    return typeof id === 'string' && isList(from) && isList(to) ? { id, from, to } : undefined
  } catch {
    return undefined
  }
}
