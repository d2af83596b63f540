// What a task says beyond the keys that all stores know, and its worker should be told: of a task graph's node, of a
// list of requirements, of other tools' files.

import type { Task } from '../words.js'
import { canonicalKey } from './decode.js'

/** A fact with its name: one line, or several. */
export interface TaskFact {
  readonly name: string
  readonly values: readonly string[]
}

const NAMES: Readonly<Record<string, string>> = {
  path: 'Path',
  output: 'Output',
  complexity: 'Complexity',
  steps: 'Steps',
  details: 'Details',
  design: 'Design',
  test_strategy: 'How to test it',
}

/** Those facts of a task, in the order in which they are written. */
export function furtherFacts({ extra }: Task): TaskFact[] {
  return Object.entries(extra).flatMap(([key, value]) => {
    const name = NAMES[canonicalKey(key)]
    const values = (Array.isArray(value) ? value : [value]).flatMap((one) => textOf(one) ?? [])
    return name && values.length > 0 ? [{ name, values }] : []
  })
}

function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text.trim() === '' ? undefined : text.trim()
}
