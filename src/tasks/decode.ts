// Makes a task of what a file holds: every spelling of every key that the earlier systems wrote (docs/contract.md).

import type { Task } from '../words.js'

/** A task, or why the values make none. `remarks` are mistakes that do not stop it. */
export type Decoded = { readonly task: Task; readonly remarks: readonly string[] } | { readonly reason: string }

/** Ids longer than this make file names that some file systems refuse. */
const MAX_ID = 180

/**
 * Why an id cannot be used, or undefined. Ids are looked up and shown, and file names are made of them.
 */
export function idProblem(id: string): string | undefined {
  const shown = JSON.stringify(id.slice(0, 60))
  if (id.trim() === '') return 'its id is empty'
  if (id !== id.trim()) return `its id ${shown} begins or ends with a space`
  if (/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(id))
    return `its id ${shown} has a control character`
  if (Buffer.byteLength(id) > MAX_ID) return `its id is longer than ${MAX_ID} bytes`
  if (id.startsWith('-')) return `its id ${shown} begins with a dash: it could be taken for an option`
  if (/^[/\\]|^[A-Za-z]:[/\\]/.test(id) || id.split(/[/\\]/).some((part) => part === '..' || part === '.')) {
    return `its id ${shown} is a path`
  }
  return undefined
}

/** The file name of an id without its ending: anything outside `[A-Za-z0-9_-]` is a dash (docs/contract.md). */
export function fileStem(id: string): string {
  return id.replace(/[^A-Za-z0-9_-]/g, '-')
}

const ALIASES: Readonly<Record<string, string>> = {
  target_files: 'files',
  targets: 'files',
  acceptance_criteria: 'acceptance',
  dependencies: 'depends_on',
  role_hint: 'role',
}

/** One spelling for a key: `:target-files`, `targetFiles` and `targets` are `files`. */
export function canonicalKey(key: string): string {
  const snake = key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/-/g, '_')
    .toLowerCase()
  return ALIASES[snake] ?? snake
}

const KNOWN = new Set([
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
])

/**
 * Makes a task of the values of a file.
 * @param stem the file's name without its ending: the id of a task that has none, as in the earlier system
 */
export function decodeTask(value: unknown, stem?: string): Decoded {
  if (!isRecord(value)) return { reason: 'a task is a map of keys and values' }
  const fields = new Map<string, unknown>()
  const extra: Record<string, unknown> = {}
  for (const [key, one] of Object.entries(value)) {
    const canonical = canonicalKey(key)
    if (!KNOWN.has(canonical)) extra[key] = one
    else if ((fields.get(canonical) ?? null) === null || key === canonical) fields.set(canonical, one)
  }
  const remarks: string[] = []
  const written = scalar(fields.get('id'))
  const id = (written?.trim() ?? '') === '' ? (stem ?? written) : written
  if (id === undefined) return { reason: 'it has no id' }
  const bad = idProblem(id)
  if (bad) return { reason: bad }
  const dependsOn = strings(fields.get('depends_on'))
  if (dependsOn === undefined) return { reason: 'its depends_on is not a list of ids' }
  const priority = decodePriority(fields.get('priority'))
  if (priority === 'unknown') {
    remarks.push(`its priority ${JSON.stringify(fields.get('priority'))} is neither a number nor P1, so it comes last`)
  }
  const description = prose(fields.get('description'))
  return {
    remarks,
    task: {
      id,
      summary: oneLine(prose(fields.get('summary')) ?? prose(extra.title) ?? description ?? id),
      ...optional('description', description),
      ...optional('difficulty', scalar(fields.get('difficulty'))),
      acceptance: lines(fields.get('acceptance')),
      files: strings(fields.get('files')) ?? [],
      dependsOn,
      ...(typeof priority === 'number' ? { priority } : {}),
      ...optional('role', scalar(fields.get('role'))),
      ...optional('story', scalar(fields.get('story'))),
      ...optional('notes', prose(fields.get('notes'))),
      extra,
    },
  }
}

/** Makes a task of one that was written as JSON: its further keys stand in `extra`. */
export function decodeWritten(value: unknown): Decoded {
  if (!isRecord(value)) return decodeTask(value)
  const { extra, ...fields } = value
  return decodeTask({ ...(isRecord(extra) ? extra : {}), ...fields })
}

const PRIORITY_WORDS: Readonly<Record<string, number>> = {
  critical: 0,
  urgent: 0,
  high: 1,
  medium: 2,
  normal: 2,
  low: 3,
}

/** A priority in any spelling: `1`, `"1"`, `"P1"`, `:p1`, `high`. */
export function decodePriority(value: unknown): number | 'unknown' | undefined {
  if (value === null || value === undefined || value === '') return undefined
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return 'unknown'
  const digits = /^(?:p\s*)?(-?\d+(?:\.\d+)?)$/i.exec(value.trim())?.[1]
  return digits === undefined ? (PRIORITY_WORDS[value.trim().toLowerCase()] ?? 'unknown') : Number(digits)
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  const out: { [P in K]?: string } = {}
  if (value !== undefined) out[key] = value
  return out
}

function scalar(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

/** Text, or a list of texts as its lines. */
function prose(value: unknown): string | undefined {
  const text = Array.isArray(value) ? lines(value).join('\n') : scalar(value)
  return text === undefined || text.trim() === '' ? undefined : text
}

function oneLine(text: string): string {
  return text.trim().split(/\r?\n/, 1)[0]!
}

/** A list of texts; undefined if it is something else. One text is a list of one. */
function strings(value: unknown): string[] | undefined {
  if (value === null || value === undefined) return []
  const items = (Array.isArray(value) ? value : [value]).map(scalar)
  const found = items.filter((item) => item !== undefined)
  return found.length === items.length ? found.filter((item) => item !== '') : undefined
}

/** Acceptance criteria: a list, or in old files one text with a line for each. */
function lines(value: unknown): string[] {
  if (Array.isArray(value)) return value.map((one) => scalar(one) ?? JSON.stringify(one))
  const text = scalar(value)
  if (text === undefined) return []
  return text.split(/\r?\n/).flatMap((line) => line.replace(/^\s*(?:[-*]\s+)?/, '').trim() || [])
}
