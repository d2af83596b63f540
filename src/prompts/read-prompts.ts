// Reads a worker's prompts from the main checkout when the swarm starts: what is read then is what every turn gets.

import { existsSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { isErrno, messageOf, usageError } from '../errors.js'
import { joinBytes } from './level1.js'

export interface PromptText {
  /** What stands in the files, joined by a blank line; a single file's bytes are untouched. */
  readonly bytes: Buffer
  /** The same with includes expanded (level 2 and 3), or undefined at level 1. */
  readonly text?: string
  /** The files that were read, absolute. */
  readonly files: readonly string[]
}

interface ReadPromptOptions {
  /** From level 2 on: the text has to be UTF-8, and includes are expanded. */
  readonly expand: boolean
}

/** Ours, used where a configuration names one that the repository does not have. */
const SHIPPED = ['plan.md', 'planner.md', 'executor.md', 'reviewer.md']

/**
 * Reads prompts, relative to the root or absolute.
 * @throws OompaError `no-prompt`, `empty-prompt`, `not-utf8`, `bad-include`, all status 2
 */
export function readPrompts(root: string, prompts: readonly string[], { expand }: ReadPromptOptions): PromptText {
  const files = prompts.map((prompt) => findPrompt(root, prompt))
  const contents = files.map((file, index) => readPrompt(file, prompts[index]!))
  const bytes = joinBytes(contents)
  if (!expand) return { bytes, files }
  const texts = contents.map((content, index) => {
    const text = decode(content, prompts[index]!)
    return expandIncludes(text, { file: files[index]!, allowed: [root, path.dirname(files[index]!)], root })
  })
  return { bytes, files, text: joinTexts(texts) }
}

/** Texts joined by one blank line, whatever line ends they close with. */
function joinTexts(texts: readonly string[]): string {
  return texts.map((text) => text.replace(/^\uFEFF/, '').trimEnd()).join('\n\n')
}

function findPrompt(root: string, prompt: string): string {
  const file = path.resolve(root, prompt)
  if (existsSync(file)) return realpathSync(file)
  const name = path.basename(prompt)
  const folder = path.dirname(prompt)
  if (SHIPPED.includes(name) && ['prompts', path.join('config', 'prompts')].includes(path.normalize(folder))) {
    return shippedPrompt(name)
  }
  throw usageError(
    `There is no prompt ${prompt} in ${root}.`,
    name === 'worker.md' ? 'oompa init' : `Write ${prompt}, or name another one with --prompt.`,
    'no-prompt',
  )
}

/** A prompt of the package, such as `reviewer.md`. */
export function shippedPrompt(name: string): string {
  return fileURLToPath(new URL(`../../prompts/${name}`, import.meta.url))
}

function readPrompt(file: string, name: string): Buffer {
  let content: Buffer
  try {
    content = readFileSync(file)
  } catch (error) {
    const why = isErrno(error, 'EISDIR') ? 'it is a folder' : messageOf(error)
    throw usageError(`Cannot read the prompt ${name}: ${why}.`, 'oompa check', 'no-prompt')
  }
  if (content.toString('latin1').trim() === '') {
    throw usageError(
      `The prompt ${name} is empty: an agent would be started for nothing.`,
      `Write ${name}.`,
      'empty-prompt',
    )
  }
  return content
}

function decode(content: Buffer, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch {
    throw usageError(
      `The prompt ${name} is not UTF-8.`,
      `iconv -f LATIN1 -t UTF-8 ${name} > ${name}.utf8 && mv ${name}.utf8 ${name}`,
      'not-utf8',
    )
  }
}

// `#oompa_directive:include_file "path"`: a line of a prompt that stands for another file.

const DIRECTIVE = /^[ \t]*#oompa_directive:include_file[ \t]+"([^"]+)"[ \t]*\r?$/gm

/** Files that include each other twice and twice again grow without end: a prompt longer than this is a mistake. */
const LONGEST = 1_000_000

interface IncludeOptions {
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
function expandIncludes(text: string, options: IncludeOptions): string {
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
