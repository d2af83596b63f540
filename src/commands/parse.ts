// Turns argv into options by a command's own table. What is right is parsed by Node's parser, which costs nothing to
// load; help and mistakes are left to yargs, which explains them (measured: yargs adds half an empty program's start).

import { parseArgs } from 'node:util'
import { usageError } from '../errors.js'
import type { Args, Command, OptionSpec } from './contract.js'

/**
 * Options and positionals of `argv`, or what to print if it asks for help.
 * @throws OompaError with status 2, naming the mistake.
 */
export async function parse(command: Command, argv: readonly string[]): Promise<Args | { help: string }> {
  const { argv: before, rest } = splitRest(argv)
  const quick = before.includes('--help') || before.includes('-h') ? undefined : parseQuickly(command, before)
  if (quick && countsFit(command, quick)) return { ...quick, rest }
  const { explain } = await import('./explain.js')
  return explain(command, before)
}

function splitRest(argv: readonly string[]): { argv: string[]; rest: string[] } {
  const at = argv.indexOf('--')
  return at < 0 ? { argv: [...argv], rest: [] } : { argv: argv.slice(0, at), rest: argv.slice(at + 1) }
}

function parseQuickly(command: Command, argv: string[]): Omit<Args, 'rest'> | undefined {
  const specs = command.options ?? {}
  try {
    const { values, positionals } = parseArgs({
      args: spreadArrays(specs, argv),
      strict: true,
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(specs).map(([name, spec]) => [
          name,
          {
            type: spec.type === 'boolean' ? ('boolean' as const) : ('string' as const),
            multiple: spec.array === true,
            ...(spec.short ? { short: spec.short } : {}),
          },
        ]),
      ),
    })
    const options: Record<string, Args['options'][string]> = {}
    for (const [name, value] of Object.entries(values)) options[name] = convert(name, specs[name]!, value)
    return { positionals, options }
  } catch (error) {
    if (error instanceof TypeError) return undefined // Node's words for a mistake; yargs has better ones
    throw error
  }
}

/**
 * `--workers claude:5 opencode:2` becomes `--workers=claude:5 --workers=opencode:2`, and `--iterations -1` becomes
 * `--iterations=-1`: a number below zero is a bad value, not an option.
 */
function spreadArrays(specs: Readonly<Record<string, OptionSpec>>, argv: readonly string[]): string[] {
  const out: string[] = []
  let array: string | undefined
  for (const [at, word] of argv.entries()) {
    const before = specs[argv[at - 1]?.replace(/^--/, '') ?? '']
    if (/^-[\d.]/.test(word) && before && before.type !== 'boolean' && !before.array) {
      out.push(`${out.pop()}=${word}`)
    } else if (word.startsWith('-')) {
      const name = word.replace(/^--/, '')
      array = specs[name]?.array ? name : undefined
      if (specs[name]?.optional && !isNumber(argv[at + 1])) out.push(`${word}=Infinity`)
      else if (!array) out.push(word)
    } else if (array) out.push(`--${array}=${word}`)
    else out.push(word)
  }
  return out
}

function isNumber(word: string | undefined): boolean {
  return word !== undefined && /^\d+(\.\d+)?$/.test(word)
}

function convert(name: string, spec: OptionSpec, value: unknown): Args['options'][string] {
  if (Array.isArray(value)) return value.map((one) => convert(name, spec, one) as string | number)
  if (typeof value === 'boolean') return value
  const text = String(value)
  if (spec.choices && !spec.choices.includes(text)) {
    throw usageError(`--${name} is \`${text}\`: it must be one of ${spec.choices.join(', ')}.`)
  }
  if (spec.type !== 'number') return text
  const number = Number(text)
  if (spec.optional && number === Number.POSITIVE_INFINITY) return number
  if (text.trim() === '' || !Number.isFinite(number)) throw usageError(`--${name} is \`${text}\`: it must be a number.`)
  return number
}

function countsFit(command: Command, args: Omit<Args, 'rest'>): boolean {
  const specs = command.positionals ?? []
  const required = specs.filter((spec) => spec.required).length
  const most = specs.some((spec) => spec.array) ? Number.POSITIVE_INFINITY : specs.length
  return args.positionals.length >= required && args.positionals.length <= most
}

/** A text option, or undefined. */
export function text(args: Args, name: string): string | undefined {
  const value = args.options[name]
  return typeof value === 'string' ? value : undefined
}

/** A number option, or undefined. */
export function number(args: Args, name: string): number | undefined {
  const value = args.options[name]
  return typeof value === 'number' ? value : undefined
}

/** Whether a switch was given. */
export function flag(args: Args, name: string): boolean {
  return args.options[name] === true
}

/** All values of an option that may be given several times. */
export function list(args: Args, name: string): string[] {
  const value = args.options[name]
  return Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)]
}
