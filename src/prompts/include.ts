// `#oompa_directive:include_file "path"`: a line of a prompt that stands for another file.

import { readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { messageOf, usageError } from '../errors.js'

const DIRECTIVE = /^[ \t]*#oompa_directive:include_file[ \t]+"([^"]+)"[ \t]*\r?$/gm

/** Files that include each other twice and twice again grow without end: a prompt longer than this is a mistake. */
const LONGEST = 1_000_000

export interface IncludeOptions {
  /** The file that the text is from, absolute, links resolved. */
  readonly file: string
  /** Folders that included files must be in, absolute. */
  readonly allowed: readonly string[]
  /** Tried after the file's own folder, which is what the earlier system's own prompts need. */
  readonly root: string
}

/**
 * Replaces each directive by its file's text, and so on within it. A file that is being included already is left out.
 * @throws OompaError `bad-include` (status 2)
 */
export function expandIncludes(text: string, options: IncludeOptions): string {
  const budget = { left: LONGEST }
  return expand(text, options, [options.file], budget)
}

function expand(text: string, options: IncludeOptions, open: readonly string[], budget: { left: number }): string {
  return text.replace(DIRECTIVE, (_line, wanted: string) => {
    const file = findInclude(wanted, open.at(-1)!, options)
    if (open.includes(file)) return ''
    const content = readInclude(file, wanted, open.at(-1)!)
    budget.left -= content.length
    if (budget.left < 0) throw bad(wanted, open.at(-1)!, `the prompt grows past ${LONGEST} characters`)
    return expand(content, options, [...open, file], budget).replace(/\r?\n$/, '')
  })
}

function findInclude(wanted: string, from: string, options: IncludeOptions): string {
  for (const folder of [path.dirname(from), options.root]) {
    let file: string
    try {
      file = realpathSync(path.resolve(folder, wanted))
    } catch {
      continue
    }
    if (options.allowed.some((one) => isInside(file, realpathSync(one)))) return file
    throw bad(wanted, from, 'it is outside of the repository')
  }
  throw bad(wanted, from, 'there is no such file')
}

function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file)
  return relative !== '' && !relative.startsWith(`..${path.sep}`) && relative !== '..' && !path.isAbsolute(relative)
}

function readInclude(file: string, wanted: string, from: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (error) {
    throw bad(wanted, from, messageOf(error))
  }
}

function bad(wanted: string, from: string, why: string): Error {
  return usageError(`${from} includes "${wanted}": ${why}.`, `Mend that line of ${from}.`, 'bad-include')
}
