// Writes a new task as a file, in the style of the ones that people write by hand.

import { OompaError, STATUS } from '../errors.js'
import type { Task } from '../words.js'
import type { NewTask } from './contract.js'
import { idProblem } from './decode.js'
import type { Format } from './edit-task.js'
import { writeString } from './edn.js'

/** A task with everything that `new` leaves open; the id is made of the summary. `isTaken` says which ids are. */
export function completeTask(wanted: NewTask, isTaken: (id: string) => boolean): Task {
  const summary = wanted.summary.trim()
  if (summary === '') throw badTask('A task needs a summary.')
  const id = wanted.id ?? freeId(slug(summary), isTaken)
  const bad = idProblem(id)
  if (bad) throw badTask(`Cannot add the task: ${bad}.`)
  const { format: _, by: __, ...rest } = wanted
  return {
    ...rest,
    id,
    summary,
    acceptance: wanted.acceptance ?? [],
    files: wanted.files ?? [],
    dependsOn: wanted.dependsOn ?? [],
    extra: wanted.extra ?? {},
  }
}

function badTask(message: string): OompaError {
  return new OompaError({ code: 'bad-task', message, mend: 'oompa tasks add --help', status: STATUS.usage })
}

/** `Write the parser!` becomes `write-the-parser`, at most 48 characters. */
export function slug(summary: string): string {
  const words = summary
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  const short =
    words.length <= 48
      ? words
      : words
          .slice(0, 49)
          .replace(/-[^-]*$/, '')
          .slice(0, 48)
  return short || 'task'
}

/** `id`, or `id-2`, `id-3` … */
export function freeId(id: string, isTaken: (id: string) => boolean): string {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? id : `${id}-${number}`
    if (!isTaken(candidate)) return candidate
  }
}

/** The text of a task file. */
export function encodeTask(task: Task, format: Format): string {
  const fields: [string, unknown][] = [
    ['id', task.id],
    ['summary', task.summary],
    ['description', task.description],
    ['priority', task.priority],
    ['difficulty', task.difficulty],
    ['acceptance', task.acceptance.length ? task.acceptance : undefined],
    ['files', task.files.length ? task.files : undefined],
    ['depends_on', task.dependsOn.length ? task.dependsOn : undefined],
    ['role_hint', task.role],
    ['story', task.story],
    ['notes', task.notes],
    ...Object.entries(task.extra),
  ]
  const present = fields.filter(([, value]) => value !== undefined)
  if (format === 'json') return `${JSON.stringify(Object.fromEntries(present), null, 2)}\n`
  const pairs = present.map(([key, value]) => `:${ednName(key)} ${edn(value)}`)
  return `{${pairs.join('\n ')}}\n`
}

function ednName(key: string): string {
  return key.replace(/[^\p{L}\p{N}*+!_?$%&=<>.-]/gu, '-').replaceAll('_', '-') || 'key'
}

function edn(value: unknown): string {
  if (value === null || value === undefined) return 'nil'
  if (typeof value === 'string') return writeString(value)
  if (Array.isArray(value)) return `[${value.map(edn).join(' ')}]`
  if (typeof value === 'object') {
    return `{${Object.entries(value)
      .map(([key, one]) => `${writeString(key)} ${edn(one)}`)
      .join(', ')}}`
  }
  return typeof value === 'number' && !Number.isFinite(value) ? 'nil' : String(value)
}
