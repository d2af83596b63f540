// Reads and changes markdown lists of tasks: `- [ ]` or plain items, with facts as sub-items (`  - priority: 1`).
// Everything that is not the item itself stays byte for byte.

import type { Task } from '../../words.js'
import { canonicalKey, decodeTask } from '../decode.js'
import { slug } from '../encode.js'

/** An item and its lines, as offsets into the text. */
export interface Item {
  readonly start: number
  readonly end: number
  readonly block: string
  /** Undefined for a plain item. */
  readonly checked?: boolean
  readonly task: Task
}

export type ItemProblem = { readonly line: number; readonly reason: string }

// In these patterns what may be anything is `[^\n]`, which never fails: after `.`, which stops at a carriage return, a
// run of blanks would be tried again from each of them. What a title says is looked for without the blanks around it.
const ITEM = /^( {0,3}(?:[-*+]|\d{1,9}[.)])[ \t]+)(\[[ xX]\](?:[ \t]+|$))?([^\n]*)$/
const SUB_ITEM = /^([ \t]+)[-*+][ \t]+([^\n]*)$/
const FACT = /^\**([A-Za-z][A-Za-z _-]*?)\**:\**(?:[ \t]+([^\n]*))?$/

const FACTS = new Set([
  'id',
  'summary',
  'description',
  'difficulty',
  'acceptance',
  'files',
  'depends_on',
  'priority',
  'role',
  'story',
  'notes',
  'path',
  'output',
  'complexity',
  'completed_by',
  'completed_at',
  'review_rounds',
  'merged_commit',
])

/** The items of a list in the order in which they stand. */
export function readItems(text: string): { items: Item[]; problems: ItemProblem[] } {
  const items: Item[] = []
  const problems: ItemProblem[] = []
  let offset = text.startsWith('\uFEFF') ? 1 : 0
  const lines = text.slice(offset).match(/[^\n]*\n|[^\n]+$/g) ?? []
  let fence: string | undefined
  for (let index = 0; index < lines.length; ) {
    const line = lines[index]!
    const mark = /^\s{0,3}(```+|~~~+)/.exec(line)?.[1]
    if (mark) fence = fence === undefined ? mark[0] : mark[0] === fence ? undefined : fence
    const count =
      fence === undefined && !mark && ITEM.test(trimmed(line)) && !isRule(line) ? itemLines(lines, index) : 0
    if (count === 0) {
      offset += line.length
      index++
      continue
    }
    const block = lines.slice(index, index + count).join('')
    const read = readItem(block)
    if ('reason' in read) problems.push({ line: index + 1, reason: read.reason })
    else items.push({ start: offset, end: offset + block.length, block, ...read })
    offset += block.length
    index += count
  }
  return { items, problems }
}

function trimmed(line: string): string {
  return line.replace(/\r?\n$/, '')
}

function isRule(line: string): boolean {
  // Without its blanks first: a pattern that goes back over a long line ends in no stack.
  return /^ {0,3}[-*_]/.test(line) && /^(?:-{3,}|\*{3,}|_{3,})$/.test(line.replace(/[ \t\r\n]/g, ''))
}

/** How many lines belong to the item at `index`: those that are indented, and blank ones between them. */
function itemLines(lines: readonly string[], index: number): number {
  let count = 1
  for (let ahead = 1; index + ahead < lines.length; ahead++) {
    const line = trimmed(lines[index + ahead]!)
    if (line.trim() === '') continue
    if (!/^(?: {2,}|\t)/.test(line)) break
    count = ahead + 1
  }
  return count
}

function readItem(block: string): { task: Task; checked?: boolean } | { reason: string } {
  const [first = '', ...rest] = block.split(/\r?\n/)
  const [, , box, title = ''] = ITEM.exec(first) ?? []
  const { facts, acceptance, description } = readFacts(rest)
  // A summary of its own says that the title's words are no marks.
  const head: Title = facts.summary === undefined ? readTitle(title) : { summary: facts.summary }
  if (head.summary === '') return { reason: 'the item is empty' }
  const decoded = decodeTask({
    ...facts,
    id: facts.id ?? head.id ?? slug(head.summary),
    summary: head.summary,
    priority: facts.priority ?? head.priority,
    depends_on: listOf(facts.depends_on ?? head.dependsOn),
    files: listOf(facts.files),
    ...(facts.output === undefined ? {} : { output: listOf(facts.output) }),
    acceptance: [...(facts.acceptance ? [facts.acceptance] : []), ...acceptance],
    description: facts.description ?? (description || undefined),
  })
  if ('reason' in decoded) return decoded
  return { task: decoded.task, ...(box === undefined ? {} : { checked: !box.startsWith('[ ]') }) }
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(/[,\s]+/)
    .filter(Boolean)
    .map((one) => one.replace(/^`(.*)`$/, '$1'))
}

interface Title {
  readonly summary: string
  readonly id?: string
  readonly priority?: string
  readonly dependsOn?: string
}

/** `P1: T-2: Do it {#id} (depends on: a, b)` and the like: what a title says besides the summary. */
export function readTitle(title: string): Title {
  let summary = title.trim()
  const take = (pattern: RegExp) => {
    const found = pattern.exec(summary)
    if (!found) return undefined
    summary = (summary.slice(0, found.index).trimEnd() + summary.slice(found.index + found[0].length)).trim()
    return found[1]
  }
  const dependsOn = take(/\((?:depends[ _-]on|after):?\s([^()]+)\)/i)
  const priority = take(/^(P\d+):\s+/i) ?? take(/[[(](P\d+)[\])]/i)
  const id =
    take(/\{#([^{}\s]+)\}/) ??
    take(/^`([^`]+)`:?\s+/) ??
    take(/^\*\*([A-Za-z0-9][\w.-]*)\*\*:\s+/) ??
    take(/^((?=[\w.-]*[-_\d])[A-Za-z0-9][\w.-]*):\s+/)
  return {
    summary,
    ...(id === undefined ? {} : { id }),
    ...(priority === undefined ? {} : { priority }),
    ...(dependsOn === undefined ? {} : { dependsOn }),
  }
}

/** Sub-items with a known key are facts, other sub-items are acceptance, other text is the description. */
function readFacts(lines: readonly string[]): {
  facts: Record<string, string>
  acceptance: string[]
  description: string
} {
  const facts: Record<string, string> = {}
  const acceptance: string[] = []
  const description: string[] = []
  let open: { indent: number; key?: string } | undefined
  for (const line of lines) {
    const indent = /^[ \t]*/.exec(line)![0].length
    const sub = SUB_ITEM.exec(line)
    if (open && (line.trim() === '' || indent > open.indent)) {
      const text = (sub?.[2] ?? line).replace(/^\[[ xX]\]\s+/, '').trim()
      if (open.key === 'acceptance' || open.key === undefined) {
        if (text) acceptance.push(text)
      } else if (text) facts[open.key] = facts[open.key] ? `${facts[open.key]}\n${text}` : text
      continue
    }
    if (!sub) {
      description.push(line.trim())
      continue
    }
    const fact = FACT.exec(sub[2]!)
    const key = fact && canonicalKey(fact[1]!.trim().replace(/ /g, '_'))
    if (key && FACTS.has(key)) {
      open = { indent: sub[1]!.length, key }
      if (fact[2]) facts[key] = fact[2].trim()
    } else {
      open = { indent: sub[1]!.length }
      acceptance.push(sub[2]!.replace(/^\[[ xX]\]\s+/, '').trim())
    }
  }
  return { facts, acceptance, description: description.join('\n').trim() }
}

/** An item with facts set, as sub-items: replaced where they stand, else added at its end. */
export function setFacts(block: string, fields: Readonly<Record<string, string | number | undefined>>): string {
  const newline = block.includes('\r\n') ? '\r\n' : '\n'
  let lines = block.replace(/\r?\n$/, '').split(/\r?\n/)
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue
    const [head = '', ...more] = String(value).split(/\r?\n/)
    const at = lines.findIndex((line, index) => index > 0 && isFact(line, key))
    const indent = at < 0 ? '  ' : SUB_ITEM.exec(lines[at]!)![1]!
    const written = [`${indent}- ${key}:${head && ` ${head}`}`, ...more.map((line) => `${indent}    ${line}`)]
    if (at < 0) lines = [...lines, ...written]
    else {
      let end = at + 1
      while (end < lines.length && /^[ \t]*/.exec(lines[end]!)![0].length > indent.length) end++
      lines = [...lines.slice(0, at), ...written, ...lines.slice(end)]
    }
  }
  return lines.join(newline) + newline
}

function isFact(line: string, key: string): boolean {
  const fact = FACT.exec(SUB_ITEM.exec(line)?.[2] ?? '')
  return fact !== null && canonicalKey(fact[1]!.trim().replace(/ /g, '_')) === canonicalKey(key)
}

/** An item with its box ticked or not; a plain item has none. */
export function setChecked(block: string, checked: boolean): string {
  return block.replace(/^( {0,3}(?:[-*+]|\d{1,9}[.)])[ \t]+\[)[ xX]\]/, `$1${checked ? 'x' : ' '}]`)
}

/** The text without an item. */
export function withoutItem(text: string, item: Pick<Item, 'start' | 'end'>): string {
  return text.slice(0, item.start) + text.slice(item.end)
}

/** The text without items, which stand in their order. */
export function withoutItems(text: string, items: readonly Pick<Item, 'start' | 'end'>[]): string {
  let from = 0
  const parts = items.map(({ start, end }) => {
    const part = text.slice(from, start)
    from = end
    return part
  })
  return parts.join('') + text.slice(from)
}

/** The text with an item after its last one, or at its end. */
export function withItem(text: string, block: string): string {
  const last = readItems(text).items.at(-1)
  const at = last?.end ?? text.length
  const before = text.slice(0, at)
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const gap = before === '' || before === '\uFEFF' || before.endsWith('\n') ? '' : newline
  const space = !last && before.trim() !== '' && !/\n\r?\n$/.test(before + gap) ? newline : ''
  return before + gap + space + block.replace(/\r?\n/g, newline) + text.slice(at)
}

/** What a list may say besides, of those keys that a task brings with it. */
function moreFacts({ extra }: Task): Record<string, string | undefined> {
  return Object.fromEntries(
    ['path', 'output', 'complexity'].map((key) => {
      const value = extra[key]
      const text = Array.isArray(value) ? value.map(String).join(', ') : value === undefined ? undefined : String(value)
      return [key, text]
    }),
  )
}

/** A task as an item; `plain` without a box. */
export function writeItem(task: Task, plain: boolean): string {
  const summary = task.summary.replace(/\s+/g, ' ').trim()
  const title = readTitle(summary)
  const isSame = Object.keys(title).length === 1 && title.summary === summary
  return setFacts(`- ${plain ? '' : '[ ] '}${summary}\n`, {
    summary: isSame ? undefined : summary,
    id: slug(summary) === task.id ? undefined : task.id,
    priority: task.priority,
    'depends on': task.dependsOn.length ? task.dependsOn.join(', ') : undefined,
    files: task.files.length ? task.files.join(', ') : undefined,
    difficulty: task.difficulty,
    role: task.role,
    story: task.story,
    ...moreFacts(task),
    description: task.description,
    notes: task.notes,
    acceptance: task.acceptance.length
      ? ['', ...task.acceptance.map((one) => `- ${one.replace(/\s+/g, ' ')}`)].join('\n')
      : undefined,
  })
}
