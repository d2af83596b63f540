// Says what is wrong with `oompa.json`: where, what was expected, what was found, and the nearest right key.

import type { Form } from '../files/form.js'
import { lineCounter } from '../files/lines.js'
import { nearest } from '../files/nearest.js'
import { keysAt } from './jsonSchema.js'
import { successorOf } from './retired.js'

/** A path into the file: keys and array indexes. */
export type JsonPath = readonly (string | number)[]

/** What zod says of one mistake, as far as we read it. */
export interface Issue {
  readonly code?: string
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly keys?: readonly string[]
  readonly errors?: readonly (readonly Issue[])[]
}

export interface Mistake {
  readonly path: JsonPath
  readonly problem: string
}

/** Every mistake that zod found, in our words. */
export function mistakesOf(value: unknown, issues: readonly Issue[]): Mistake[] {
  return issues.flatMap((issue) => mistakesOfIssue(value, issue, []))
}

/** What was expected of a single value, to be read after "must be". */
export function expectedOf(issues: readonly Issue[]): string {
  return issues[0]?.message ?? 'something else'
}

function mistakesOfIssue(value: unknown, issue: Issue, above: JsonPath): Mistake[] {
  const path = [...above, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))]
  if (issue.keys) return issue.keys.map((key) => ({ path: [...path, key], problem: unknownKey(path, key) }))
  // Of a union, the branch that fits the value's own type says more than the union does.
  const closer = issue.errors?.find((branch) => branch.every((one) => one.path.length > 0 || one.keys))
  if (closer?.length) return closer.flatMap((one) => mistakesOfIssue(value, one, path))
  return [{ path, problem: `expected ${issue.message}, found ${describe(valueAt(value, path))}` }]
}

function unknownKey(path: JsonPath, key: string): string {
  const successor = successorOf(path, key)
  if (successor) return `there is no such key; use ${successor}`
  const keys = keysAt(path)
  const near = nearest(key, keys)
  if (near) return `there is no such key; did you mean \`${near}\`?`
  return `there is no such key; known ones: ${keys.filter((one) => one !== '$schema').join(', ')}`
}

/** All mistakes as one message, in the order of the file, which has this text and these places. */
export function explainMistakes(name: string, mistakes: readonly Mistake[], text: string, form: Form): string {
  const lineOf = lineCounter(text)
  const lines = mistakes
    .map((mistake) => ({
      line: lineOf(offsetAt(form, mistake.path)),
      text: `${pathText(mistake.path)}: ${mistake.problem}`,
    }))
    .sort((a, b) => a.line - b.line)
    .map(({ line, text }) => `line ${line}: ${text}`)
  return lines.length === 1
    ? `${name}, ${lines[0]}.`
    : `${name} has ${lines.length} mistakes:\n${lines.map((line) => `  ${line}`).join('\n')}`
}

/** Where the value at `path` begins, or its key; the nearest value above it if it is not there. */
function offsetAt(form: Form, path: JsonPath): number {
  let [here, at] = [form, form.start]
  for (const step of path) {
    const entry = here.entries?.find((one) => one.key === step)
    const next = entry?.value ?? here.items?.[Number(step)]
    if (!next) break
    here = next
    at = entry?.keyStart ?? next.start
  }
  return at
}

/** `workers[1].iterations`; `the file` for the whole. */
export function pathText(path: JsonPath): string {
  const text = path
    .map((step) =>
      typeof step === 'number' ? `[${step}]` : /^[\w$]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`,
    )
    .join('')
  return text.replace(/^\./, '') || 'the file'
}

function valueAt(value: unknown, path: JsonPath): unknown {
  let here = value
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = Object.entries(here).find(([key]) => key === String(step))?.[1]
  }
  return here
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text
}
