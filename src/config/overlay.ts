// Lays flags and variables, which are text, over what `oompa.json` says: each becomes the value that the schema takes for
// its key, so that nothing is checked twice.

import { usageError } from '../errors.js'
import { type Given, type OverrideName, type Overrides, overrides } from './flags.js'
import { expectedOf } from './mistakes.js'
import { type FileConfig, settingsSchema } from './schema.js'

type Path = readonly string[]

/**
 * The configuration with everything that was given in its place; what is said of workers is said of each.
 * @throws OompaError with status 2, naming the flag or the variable and what it must be
 */
export function overlay(config: FileConfig, given: Overrides): unknown {
  let laid: unknown = { ...config, workers: config.workers ?? [{}] }
  for (const [name, one] of Object.entries(given)) {
    const row = overrides[name as OverrideName]
    if ('sets' in row) laid = withValue(laid, row.sets.split('.'), valueFor(row.sets.split('.'), one))
  }
  return laid
}

/** The value that the schema takes for this key: a list of texts, the text, or the number or the truth that it says. */
function valueFor(path: Path, { values, source }: Given): unknown {
  const text = (values.at(-1) ?? '').trim()
  const candidates = [...(values.length > 1 ? [values] : []), text, numberIn(text), truthIn(text)]
  const found = candidates.find((one) => one !== undefined && refusal(path, one) === undefined)
  if (found !== undefined) return found
  const expected = refusal(path, numberIn(text) ?? text)
  throw usageError(`${source} is \`${text}\`: it must be ${expected}.`, 'oompa run --help', 'bad-setting')
}

/** What the schema expects in place of this value; undefined if it takes it. */
function refusal(path: Path, value: unknown): string | undefined {
  const nested = path.reduceRight((inner, key) => (key === '*' ? [inner] : { [key]: inner }), value)
  const { error } = settingsSchema.safeParse(nested)
  return error && expectedOf(error.issues)
}

/** Plain digits only: a hexadecimal number or an exponent is a mistake of somebody's. */
function numberIn(text: string): number | undefined {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
}

function truthIn(text: string): boolean | undefined {
  const word = text.toLowerCase()
  if (['1', 'true', 'yes', 'on'].includes(word)) return true
  return ['0', 'false', 'no', 'off'].includes(word) ? false : undefined
}

function withValue(inside: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value
  if (Array.isArray(inside)) return inside.map((one) => withValue(one, rest, value))
  // One group that is not in a list.
  if (key === '*') return withValue(inside, rest, value)
  const object: Record<string, unknown> = typeof inside === 'object' && inside !== null ? { ...inside } : {}
  return { ...object, [key]: withValue(object[key], rest, value) }
}
