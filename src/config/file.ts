// Reads and checks `oompa.json`: its mistakes with their lines, its comments, keys of other versions.

import { readFileSync } from 'node:fs'
import { messageOf, usageError } from '../errors.js'
import { type Form, SyntaxFault } from '../files/form.js'
import { readJson } from '../files/json.js'
import { explainMistakes, type JsonPath, type Mistake, mistakesOf, pathText } from './mistakes.js'
import { passedOver } from './retired.js'
import { configSchema, type FileConfig } from './schema.js'

export interface CheckedConfig {
  readonly config: FileConfig
  /** What was accepted and does nothing, one sentence each. */
  readonly remarks: readonly string[]
}

/**
 * Reads a configuration file.
 * @param file absolute path
 * @param name what to call it in messages
 * @throws OompaError `unreadable-config`, `bad-json` or `bad-config`, all status 2
 */
export function readConfigFile(file: string, name: string): CheckedConfig {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (error) {
    throw usageError(`Cannot read ${name}: ${messageOf(error)}`, 'oompa check', 'unreadable-config')
  }
  return checkConfig(text, name)
}

/**
 * Checks the text of a configuration file; all mistakes are listed.
 * @throws OompaError `bad-json` or `bad-config`, both status 2
 */
export function checkConfig(text: string, name: string): CheckedConfig {
  const form = read(text, name)
  const remarks: string[] = []
  const value = withoutComments(form.value, [], remarks)
  const checked = configSchema.safeParse(value)
  const mistakes = checked.success ? contradictions(value as FileConfig) : mistakesOf(value, checked.error.issues)
  if (mistakes.length > 0 || !checked.success) {
    throw usageError(
      explainMistakes(name, mistakes, text, form),
      `Mend ${name}, then: oompa check (every key: docs/configuration.md)`,
      'bad-config',
    )
  }
  // As it was written, for flags and variables to be laid over it: defaults and units come last.
  return { config: value as FileConfig, remarks }
}

function read(text: string, name: string): Form {
  try {
    return readJson(text)
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error
    if (text.trim() === '') throw usageError(`${name} is empty.`, `Remove ${name}, or write {} into it.`, 'bad-json')
    const before = text.slice(0, error.offset).split('\n')
    const place = `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`
    const hint = error.message.includes('comments') ? ' A key that begins with `_` or `//` can hold a comment.' : ''
    throw usageError(`${name} is not JSON: ${place}: ${error.message}.`, `Mend ${name} at ${place}.${hint}`, 'bad-json')
  }
}

/** Keys that begin with `_` or `//` hold comments; some keys of other versions do nothing here, and that is said. */
function withoutComments(value: unknown, path: JsonPath, remarks: string[]): unknown {
  if (Array.isArray(value)) return value.map((one, index) => withoutComments(one, [...path, index], remarks))
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([key]) => {
    const why = passedOver(path, key)
    if (why) remarks.push(`${pathText([...path, key])} does nothing: ${why}.`)
    return !why && !key.startsWith('_') && !key.startsWith('//')
  })
  return Object.fromEntries(kept.map(([key, one]) => [key, withoutComments(one, [...path, key], remarks)]))
}

/** Two spellings of one thing that say different things. */
function contradictions(config: FileConfig): Mistake[] {
  const mistakes: Mistake[] = []
  const { workers = [] } = config
  for (const [index, worker] of [workers].flat().entries()) {
    const { iterations, max_cycle } = worker
    if (iterations !== undefined && max_cycle !== undefined && iterations !== max_cycle) {
      mistakes.push({
        path: ['workers', ...(Array.isArray(workers) ? [index] : []), 'max_cycle'],
        problem: `is ${max_cycle}, and \`iterations\`, which means the same, is ${iterations}: keep one`,
      })
    }
  }
  const twice = [
    ['budget_usd', config.budget_usd, 'usd', config.budget?.usd],
    ['budget_usd_per_day', config.budget_usd_per_day, 'perDay', config.budget?.perDay],
    ['max_minutes', config.max_minutes, 'minutes', config.budget?.minutes],
  ] as const
  for (const [key, value, same, other] of twice) {
    if (value === undefined || other === undefined || value === other) continue
    const problem = `is ${value}, and \`budget.${same}\`, which means the same, is ${other}: keep one`
    mistakes.push({ path: [key], problem })
  }
  if (!Array.isArray(workers)) {
    const { min = 1, max } = workers
    if (min > max) mistakes.push({ path: ['workers', 'min'], problem: `is ${min}, and \`max\` is ${max}` })
  } else if (workers.length > 0 && workers.every((worker) => worker.count === 0)) {
    mistakes.push({ path: ['workers'], problem: 'every `count` is 0: nobody is left to work' })
  }
  return mistakes
}
