// Reads the tasks out of a planner's answer. What an agent wrote is data: it is right as a whole, or nothing is taken.

import { messageOf } from '../errors.js'
import type { Task } from '../words.js'
import { decodeTask, fileStem } from './decode.js'
import { cycles } from './order.js'

/** The tasks, each after those that it waits for; or everything that is wrong with the answer, in sentences. */
export type Proposal = { readonly tasks: readonly Task[] } | { readonly problems: readonly string[] }

type Kind = 'text' | 'texts' | 'number'

/** What a task of an answer may hold. Another key is a mistake: it would be lost, or mean something to somebody else. */
const KEYS: Readonly<Record<string, Kind>> = {
  id: 'text',
  summary: 'text',
  description: 'text',
  difficulty: 'text',
  role: 'text',
  story: 'text',
  acceptance: 'texts',
  files: 'texts',
  depends_on: 'texts',
  priority: 'number',
}

const WORDS: Readonly<Record<Kind, string>> = { text: 'a text', texts: 'a list of texts', number: 'a number' }

/** Ids become names of files, items of lists and keys of a graph. */
const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/

/**
 * Reads an answer against the tasks that are there.
 * @param answer the agent's final message: a JSON list, or a text with one code block that is one
 * @param there every task of the store, whatever its state
 */
export function readProposal(answer: string, there: readonly Task[]): Proposal {
  const list = listIn(answer)
  if (typeof list === 'string') return { problems: [list] }
  const read = list.map((value, index) => readTask(value, `task ${index + 1}`))
  const problems = read.flatMap((one) => ('problems' in one ? one.problems : []))
  if (problems.length > 0) return { problems }
  const tasks = read.flatMap((one) => ('task' in one ? [one.task] : []))
  const wrong = [...duplicates(tasks, there), ...unknown(tasks, there), ...circles(tasks, there)]
  return wrong.length > 0 ? { problems: wrong } : { tasks: prerequisitesFirst(tasks) }
}

/** The list of an answer, or what is wrong with it. */
function listIn(answer: string): unknown[] | string {
  const text = answer.trim()
  const blocks = text.startsWith('[') ? [text] : jsonBlocks(text)
  if (blocks.length !== 1) {
    return blocks.length === 0
      ? 'It holds no code block of JSON with a list of tasks.'
      : `It holds ${blocks.length} code blocks of JSON: which of them is the plan?`
  }
  try {
    const value: unknown = JSON.parse(blocks[0]!)
    return Array.isArray(value) ? value : 'Its JSON is no list.'
  } catch (error) {
    return `Its JSON cannot be read: ${messageOf(error)}.`
  }
}

/** What stands in code blocks that say that they are JSON, or say nothing and look like a list. */
function jsonBlocks(text: string): string[] {
  const found: string[] = []
  let open: { fence: string; wanted: boolean; lines: string[] } | undefined
  for (const line of text.split(/\r?\n/)) {
    const [, fence = '', info = ''] = /^ {0,3}(`{3,}|~{3,})\s*(\S*)/.exec(line) ?? []
    if (!open) {
      if (fence) open = { fence, wanted: /^(?:jsonc?)?$/i.test(info), lines: [] }
    } else if (fence.startsWith(open.fence) && info === '') {
      const block = open.lines.join('\n').trim()
      if (open.wanted && block.startsWith('[')) found.push(block)
      open = undefined
    } else open.lines.push(line)
  }
  return found
}

function readTask(value: unknown, where: string): { task: Task } | { problems: string[] } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { problems: [`${capital(where)} is no object.`] }
  }
  const fields: Record<string, unknown> = { ...value }
  const name = typeof fields.id === 'string' && ID.test(fields.id) ? `\`${fields.id}\`` : where
  const problems = Object.entries(fields).flatMap(([key, one]) => {
    const kind = Object.hasOwn(KEYS, key) ? KEYS[key]! : undefined
    if (!kind) return [`${capital(name)} has a key that no task has: ${JSON.stringify(key)}.`]
    return isKind(one, kind) ? [] : [`The ${key} of ${name} is ${JSON.stringify(one)}: it must be ${WORDS[kind]}.`]
  })
  if (typeof fields.id !== 'string' || !ID.test(fields.id)) {
    const id = fields.id === undefined ? 'has no id' : `has the id ${JSON.stringify(fields.id)}`
    problems.push(`${capital(where)} ${id}: it must be made of letters, digits, - and _.`)
  }
  if (fields.summary === undefined) problems.push(`${capital(name)} has no summary.`)
  else if (typeof fields.summary === 'string' && (fields.summary.trim() === '' || /[\r\n]/.test(fields.summary))) {
    problems.push(`The summary of ${name} must be one line.`)
  }
  for (const file of Array.isArray(fields.files) ? fields.files : []) {
    if (typeof file === 'string' && isOutside(file)) {
      problems.push(`${capital(name)} names ${JSON.stringify(file)}, which is outside of the repository.`)
    }
  }
  if (problems.length > 0) return { problems }
  const decoded = decodeTask(fields)
  return 'reason' in decoded ? { problems: [`${capital(name)} is no task: ${decoded.reason}.`] } : decoded
}

function isKind(value: unknown, kind: Kind): boolean {
  if (kind === 'texts') return Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== '')
  return kind === 'number' ? typeof value === 'number' : typeof value === 'string'
}

function isOutside(file: string): boolean {
  return /^(?:[/\\~]|[A-Za-z]:[/\\])/.test(file) || file.split(/[/\\]/).includes('..')
}

/** Two ids that would be one file are one id: on some file systems `Login` and `login` are. */
function duplicates(tasks: readonly Task[], there: readonly Task[]): string[] {
  const key = ({ id }: Task) => fileStem(id).toLowerCase()
  const known = new Map(there.map((task) => [key(task), task.id]))
  const own = new Map<string, string>()
  return tasks.flatMap((task) => {
    const other = known.get(key(task))
    if (other !== undefined) return [`There is a task \`${other}\` already.`]
    const first = own.get(key(task))
    own.set(key(task), task.id)
    return first === undefined ? [] : [`The id \`${task.id}\` stands there twice.`]
  })
}

function unknown(tasks: readonly Task[], there: readonly Task[]): string[] {
  const ids = new Set([...tasks, ...there].map(({ id }) => id))
  return tasks.flatMap(({ id, dependsOn }) =>
    dependsOn
      .filter((one) => !ids.has(one))
      .map((one) => `\`${id}\` depends on ${JSON.stringify(one)}, which is no task.`),
  )
}

/** Cycles that the plan closes; those that are there already are for `oompa tasks lint`. */
function circles(tasks: readonly Task[], there: readonly Task[]): string[] {
  const own = new Set(tasks.map(({ id }) => id))
  return cycles([...there, ...tasks])
    .filter((ids) => ids.some((id) => own.has(id)))
    .map((ids) => `These wait for each other: ${ids.map((id) => `\`${id}\``).join(' → ')}.`)
}

/** In the order of the answer, but each after those that it waits for: what is written never waits for what is not. */
function prerequisitesFirst(tasks: readonly Task[]): Task[] {
  const left = new Map(tasks.map((task) => [task.id, task]))
  const sorted: Task[] = []
  while (left.size > 0) {
    for (const [id, task] of left) {
      if (task.dependsOn.some((one) => left.has(one))) continue
      left.delete(id)
      sorted.push(task)
    }
  }
  return sorted
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
