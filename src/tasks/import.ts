// Reads tasks from elsewhere: markdown, JSON, JSON lines, EDN, YAML, a task graph. Each is right, or refused with what
// was expected.

import { usageError } from '../errors.js'
import { type Form, lineAt, SyntaxFault } from '../files/form.js'
import { readForm } from './edit-task.js'
import { symbolKey } from './edn.js'
import { type Entry, entriesOf, type Imported, tasksOf } from './import/entries.js'

export type { Imported } from './import/entries.js'

export interface ImportOptions {
  /** The file's name: its ending says what it is, or else how it begins. */
  readonly name: string
  /** The list of several in one file that is meant. */
  readonly list?: string
}

/**
 * The open tasks of a text.
 * @throws OompaError (status 2) with the line or the entry, and what was expected, if it cannot be read
 */
export async function readImport(text: string, { name, list }: ImportOptions): Promise<Imported> {
  switch (kindOf(text, name)) {
    case 'yaml':
      return readYaml(text, name, list)
    case 'md':
      return readMarkdown(text, name)
    case 'edn':
      return tasksOf(ednEntries(text, name, list))
    case 'jsonl':
      return tasksOf(lineEntries(text, name))
    default:
      return tasksOf(entriesOf(read(text, 'json', name).value, name, list))
  }
}

type Kind = 'md' | 'json' | 'jsonl' | 'edn' | 'yaml'

const ENDINGS: Readonly<Record<string, Kind>> = {
  md: 'md',
  markdown: 'md',
  json: 'json',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  edn: 'edn',
  yaml: 'yaml',
  yml: 'yaml',
}

function kindOf(text: string, name: string): Kind {
  const ending = ENDINGS[/\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '']
  if (ending && ending !== 'json') return ending
  const start = text
    .replace(/^\uFEFF/, '')
    .trimStart()
    .slice(0, 200)
  // One object a line, whatever the file is called.
  if (/^\{\s*"/.test(start) && secondLine(text)?.startsWith('{') && !isJson(text)) return 'jsonl'
  if (ending === 'json' || /^[[{]\s*["[{\]}]/.test(start)) return 'json'
  if (/^[[({]/.test(start) && !/^\[[ xX]\]/.test(start)) return 'edn'
  return /^(nodes|version|milestones|tasks)\s*:/m.test(text) ? 'yaml' : 'md'
}

function secondLine(text: string): string | undefined {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')[1]
    ?.trim()
}

function isJson(text: string): boolean {
  try {
    readForm(text, 'json')
    return true
  } catch (error) {
    if (error instanceof SyntaxFault) return false
    throw error
  }
}

function read(text: string, format: 'json' | 'edn', name: string): Form {
  try {
    return readForm(text, format)
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error
    throw usageError(`Cannot import ${name}: line ${lineAt(text, error.offset)}: ${error.message}.`)
  }
}

function ednEntries(text: string, name: string, list: string | undefined): Entry[] {
  const form = read(text, 'edn', name)
  const symbol = [form, ...(form.items ?? [])].map((one) => symbolKey(text, one)).find(Boolean)
  if (symbol) {
    const line = lineAt(text, symbol.keyStart)
    throw usageError(
      `Cannot import ${name}: line ${line}: the key \`${symbol.key}\` is a symbol: write \`:${symbol.key}\`.`,
    )
  }
  return entriesOf(form.value, name, list)
}

/** One JSON object a line. */
function lineEntries(text: string, name: string): Entry[] {
  return text.split('\n').flatMap((line, index): Entry[] => {
    const plain = line.replace(/^\uFEFF/, '').trim()
    const where = `${name}, line ${index + 1}`
    if (plain === '') return []
    try {
      return [{ value: readForm(plain, 'json').value, where }]
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error
      throw usageError(`Cannot import ${where}: ${error.message}. Expected is one JSON object a line.`)
    }
  })
}

async function readMarkdown(text: string, name: string): Promise<Imported> {
  const { entriesOfMarkdown } = await import('./import/headings.js')
  const entries = entriesOfMarkdown(text, name)
  if (entries.length > 0) return tasksOf(entries)
  throw usageError(
    `Cannot import ${name}: there is no task in it. Expected are \`- [ ]\` items, or headings with facts below them, such as \`Priority: 1\`.`,
  )
}

/** A task graph, or a list as of JSON. */
async function readYaml(text: string, name: string, list: string | undefined): Promise<Imported> {
  const { parseDocument } = await import('yaml')
  const document = parseDocument(text)
  const [error] = document.errors
  if (error)
    throw usageError(`Cannot import ${name}: line ${error.linePos?.[0].line ?? 1}: ${error.message.split('\n')[0]}`)
  const value: unknown = document.toJS()
  const isGraph = typeof value === 'object' && value !== null && 'nodes' in value
  if (!isGraph) return tasksOf(entriesOf(value, name, list))
  const { graphTasks } = await import('./graph/as-tasks.js')
  return { tasks: await graphTasks(text, name), remarks: [] }
}
