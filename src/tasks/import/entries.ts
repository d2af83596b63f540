// Tasks of lists that other tools keep as data: requirements, issues, a task master's file, the earlier system's EDN.
// An entry is taken over right, or the whole list is refused with what was expected: a half of it helps nobody.

import { usageError } from '../../errors.js'
import type { Task } from '../../words.js'
import type { NewTask } from '../contract.js'
import { canonicalKey, decodeTask } from '../decode.js'
import { freeId, slug } from '../encode.js'

/** One entry, and where it stands, in words. */
export interface Entry {
  readonly value: unknown
  readonly where: string
}

export interface Imported {
  /** Open tasks, in the order of the list. */
  readonly tasks: readonly NewTask[]
  /** What could not be taken over as it was, for a person. */
  readonly remarks: readonly string[]
}

type Fields = ReadonlyMap<string, unknown>

/** Keys that hold the list. */
const LISTS = ['tasks', 'user_stories', 'stories', 'issues', 'features', 'items', 'todos']
/** Where the words of a task stand: the first that is there. */
const TITLES = ['summary', 'title', 'name', 'task', 'content', 'text', 'description', 'body', 'details']
/** What is done, or will never be. */
const DONE =
  /^(?:completed?|done|closed|finished|resolved|merged|passed|passes|cancell?ed|abandoned|obsolete|superseded|duplicate|wont[ _-]?(?:fix|do)|tombstone)$/
/** What says of an entry whether it is done, and is of no use to a task. */
const STATE = ['status', 'state', 'passes', 'complete', 'completed', 'done', 'closed', 'finished', 'is_complete']
const TIMES = ['completed_at', 'closed_at', 'finished_at']

/**
 * The entries of what a file holds.
 * @param chosen the list of several that is meant
 * @throws OompaError (status 2) with what was expected
 */
export function entriesOf(value: unknown, name: string, chosen?: string): Entry[] {
  const list = Array.isArray(value) ? value : isRecord(value) ? listIn(value, name, chosen) : undefined
  if (!list) {
    throw usageError(
      `Cannot import ${name}: it holds no list of tasks. Expected is a list, or a map with one of: ${LISTS.join(', ')}.`,
    )
  }
  return list.map((one, index) => ({ value: one, where: `${name}, task ${index + 1}` }))
}

function listIn(value: Record<string, unknown>, name: string, chosen?: string): unknown[] | undefined {
  const fields = fieldsOf(value)
  const found = LISTS.map((key) => fields.get(key)).find(Array.isArray)
  if (found) return found
  if (['id', ...TITLES].some((key) => fields.has(key))) return [value]
  // A task master keeps a list for each branch of work.
  const tagged = Object.entries(value).flatMap(([tag, one]) => {
    const tasks = isRecord(one) ? fieldsOf(one).get('tasks') : undefined
    return Array.isArray(tasks) && tasks.length > 0 ? [{ tag, tasks }] : []
  })
  const wanted = chosen === undefined ? tagged : tagged.filter(({ tag }) => tag === chosen)
  if (wanted.length === 1) return wanted[0]!.tasks
  if (tagged.length === 0) return undefined
  throw usageError(
    `Cannot import ${name}: it holds the lists ${tagged.map(({ tag }) => `\`${tag}\``).join(', ')}.`,
    `oompa tasks import ${name} --list ${tagged[0]!.tag}`,
  )
}

/** An entry that is open, and what others say of it. */
interface Open {
  readonly task: Task
  /** Ids that must be complete first, of the list or not. */
  readonly waitsFor: readonly string[]
  /** The entry that it is a part of. */
  readonly parent?: string
}

/**
 * The open tasks of a list. What they wait for and is done already is left out.
 * @throws OompaError (status 2) that names the entry, and what it lacks
 */
export function tasksOf(entries: readonly Entry[]): Imported {
  const ids = new Set<string>()
  const done = new Set<string>()
  const open: Open[] = []
  const remarks: string[] = []
  for (const entry of entries.flatMap(withParts)) {
    const fields = fieldsOf(typeof entry.value === 'string' ? { summary: entry.value } : entry.value)
    if (!isRecord(entry.value) && typeof entry.value !== 'string') {
      throw usageError(`Cannot import ${entry.where}: expected is a map of keys and values, or a text.`)
    }
    const id = idOf(fields, ids)
    ids.add(id)
    if (isDone(fields)) {
      done.add(id)
      continue
    }
    const { waitsFor, parent } = dependenciesOf(fields, entry.where)
    const decoded = decodeTask({ ...usable(fields, entry.where), id, depends_on: [] })
    if ('reason' in decoded) throw usageError(`Cannot import ${entry.where}: ${decoded.reason}.`)
    remarks.push(...decoded.remarks.map((remark) => `${id}: ${remark}.`))
    open.push({ task: decoded.task, waitsFor, ...(parent === undefined ? {} : { parent }) })
  }
  const parts = new Map<string, string[]>()
  for (const { task, parent } of open)
    if (parent !== undefined) parts.set(parent, [...(parts.get(parent) ?? []), task.id])
  const tasks = open.map(({ task, waitsFor }) => {
    // What is made of parts is complete after them.
    const own = parts.get(task.id) ?? []
    return {
      ...task,
      dependsOn: [...new Set([...waitsFor, ...own])].filter((one) => !done.has(one) && one !== task.id),
    }
  })
  return { tasks, remarks }
}

/** An entry and its subtasks, each as an entry of its own: `3`, `3.1`, `3.2`. */
function withParts(entry: Entry): Entry[] {
  if (!isRecord(entry.value)) return [entry]
  const fields = fieldsOf(entry.value)
  const parts = [fields.get('subtasks'), fields.get('sub_tasks')].find(Array.isArray) ?? []
  const parent = scalar(fields.get('id'))
  if (parts.length === 0 || parent === undefined) return [entry]
  const full = (id: string) => (id.startsWith(`${parent}.`) ? id : `${parent}.${id}`)
  const siblings = new Set(parts.flatMap((one) => (isRecord(one) ? (scalar(fieldsOf(one).get('id')) ?? []) : [])))
  const above = listOf(fields.get('depends_on'))
  const made = parts.map((one, index): Entry => {
    const where = `${entry.where}, subtask ${index + 1}`
    if (!isRecord(one)) return { value: one, where }
    const own = fieldsOf(one)
    const id = full(scalar(own.get('id')) ?? String(index + 1))
    const waits = listOf(own.get('depends_on')).map((wanted) => {
      const plain = scalar(wanted)
      return plain !== undefined && siblings.has(plain) ? full(plain) : wanted
    })
    const part = `Part of ${parent}: ${titleOf(fields) ?? ''}`.trim()
    const description = [part, scalar(own.get('description'))].filter(Boolean).join('\n\n')
    const title = titleOf(own)
    return {
      where,
      value: {
        ...Object.fromEntries(own),
        ...(title === undefined ? {} : { summary: title }),
        id,
        description,
        parent,
        depends_on: [...above, ...waits],
        status: isDone(fields) ? 'done' : own.get('status'),
      },
    }
  })
  const { subtasks: _, subTasks: __, sub_tasks: ___, ...rest } = entry.value
  return [{ ...entry, value: rest }, ...made]
}

function idOf(fields: Fields, taken: ReadonlySet<string>): string {
  const written = ['id', 'key', 'number'].map((key) => scalar(fields.get(key))).find((one) => one?.trim())
  return written ?? freeId(slug(titleOf(fields) ?? ''), (id) => taken.has(id))
}

function titleOf(fields: Fields): string | undefined {
  const title = TITLES.map((key) => scalar(fields.get(key))).find((text) => text?.trim())
  return title?.trim().split(/\r?\n/, 1)[0]
}

/** What is left of an entry for the task: its words, and what nobody but us would read it for is left out. */
function usable(fields: Fields, where: string): Record<string, unknown> {
  const summary = titleOf(fields)
  if (summary === undefined) {
    throw usageError(
      `Cannot import ${where}: it says nothing of what is to be done. Expected is a summary, title or description.`,
    )
  }
  const from = TITLES.find((key) => scalar(fields.get(key))?.trim())
  const left = new Map(fields)
  for (const key of [
    ...STATE,
    ...TIMES,
    ...TITLES,
    'steps',
    'design',
    'test_strategy',
    'key',
    'number',
    'parent',
    'parent_id',
    'blocked_by',
  ])
    left.delete(key)
  const written = (scalar(fields.get('description')) ?? scalar(fields.get('body')))?.trim()
  const text = [
    written === summary ? undefined : written,
    ...section(
      'Details',
      from === 'details' && scalar(fields.get('details'))?.trim() === summary ? undefined : fields.get('details'),
    ),
    ...section('Design', fields.get('design')),
    ...section('Steps', fields.get('steps')),
    ...section('How to test it', fields.get('test_strategy')),
  ]
  const description = text.filter((one) => one !== undefined && one !== '').join('\n\n')
  return { ...Object.fromEntries(left), summary, ...(description === '' ? {} : { description }) }
}

function section(name: string, value: unknown): string[] {
  if (Array.isArray(value)) {
    return value.length === 0
      ? []
      : [`${name}:\n${value.map((one) => `- ${scalar(one) ?? JSON.stringify(one)}`).join('\n')}`]
  }
  const text = scalar(value)?.trim()
  return text ? [`${name}: ${text}`] : []
}

/** Lists of other tools mark what is done in their own way. */
function isDone(fields: Fields): boolean {
  const status = scalar(fields.get('status') ?? fields.get('state')) ?? ''
  if (DONE.test(status.trim().toLowerCase().replace(/['’]/g, ''))) return true
  return [...STATE.slice(2), ...TIMES].some((key) => {
    const value = fields.get(key)
    // Some write the moment in place of `true`.
    return value === true || (typeof value === 'string' && !/^(?:|false|no|0|null|none)$/i.test(value.trim()))
  })
}

/** What an entry waits for: ids, or issues of which only those that block count. */
function dependenciesOf(fields: Fields, where: string): { waitsFor: string[]; parent?: string } {
  const waitsFor: string[] = []
  let parent = scalar(fields.get('parent')) ?? scalar(fields.get('parent_id'))
  for (const one of [fields.get('depends_on'), fields.get('blocked_by')].flatMap(listOf)) {
    const plain = scalar(one)
    if (plain !== undefined) {
      if (plain.trim() !== '') waitsFor.push(plain.trim())
      continue
    }
    const link = isRecord(one) ? fieldsOf(one) : new Map<string, unknown>()
    const to = ['depends_on_id', 'depends_on', 'id', 'task_id']
      .map((key) => scalar(link.get(key)))
      .find((id) => id?.trim())
    if (to === undefined) {
      throw usageError(`Cannot import ${where}: it waits for ${JSON.stringify(one)}. Expected are ids of tasks.`)
    }
    const type = scalar(link.get('type') ?? link.get('dependency_type'))?.toLowerCase() ?? 'blocks'
    if (type === 'blocks') waitsFor.push(to)
    else if (type === 'parent-child') parent = to
  }
  return { waitsFor, ...(parent === undefined ? {} : { parent }) }
}

/** A list, one thing, or ids with commas between them. */
function listOf(value: unknown): unknown[] {
  if (value === null || value === undefined) return []
  if (Array.isArray(value)) return value
  return typeof value === 'string' ? value.split(',').map((one) => one.trim()) : [value]
}

/** One spelling for each key; the first that says something counts. */
function fieldsOf(value: unknown): Map<string, unknown> {
  const fields = new Map<string, unknown>()
  if (!isRecord(value)) return fields
  for (const [key, one] of Object.entries(value)) {
    const canonical = canonicalKey(key)
    if ((fields.get(canonical) ?? null) === null) fields.set(canonical, one)
  }
  return fields
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function scalar(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}
