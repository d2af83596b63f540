// Reads tasks from elsewhere: a markdown list, a JSON array, an EDN vector, a task graph.

import { usageError } from '../errors.js'
import type { Task } from '../words.js'
import type { NewTask } from './contract.js'
import { canonicalKey, decodeTask } from './decode.js'
import { readForm } from './edit.js'
import { slug } from './encode.js'
import { lineAt, SyntaxFault } from './form.js'

/**
 * The open tasks of a text; which kind it is says its name's ending, or else how it begins.
 * @throws OompaError (status 2) with the line, if it cannot be read
 */
export async function readImport(text: string, name: string): Promise<NewTask[]> {
  const kind = kindOf(text, name)
  if (kind === 'yaml') {
    const { graphTasks } = await import('./graph/import.js')
    return graphTasks(text, name)
  }
  if (kind === 'md') {
    const { readItems } = await import('./lists/markdown.js')
    return readItems(text).items.flatMap((item) => (item.checked === true ? [] : item.task))
  }
  return fromData(text, kind, name)
}

function kindOf(text: string, name: string): 'md' | 'json' | 'edn' | 'yaml' {
  const ending = /\.(md|markdown|json|edn|ya?ml)$/i.exec(name)?.[1]?.toLowerCase()
  if (ending) return ending === 'json' || ending === 'edn' ? ending : ending.startsWith('y') ? 'yaml' : 'md'
  const start = text.trimStart().slice(0, 200)
  if (/^[[{]\s*["[{\]}]/.test(start)) return 'json'
  if (/^[[({]/.test(start) && !/^\[[ xX]\]/.test(start)) return 'edn'
  return /^(nodes|version|milestones)\s*:/m.test(text) ? 'yaml' : 'md'
}

function fromData(text: string, format: 'json' | 'edn', name: string): NewTask[] {
  let value: unknown
  try {
    value = readForm(text, format).value
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error
    throw usageError(`Cannot import ${name}: line ${lineAt(text, error.offset)}: ${error.message}.`)
  }
  const list = Array.isArray(value) ? value : listIn(value)
  if (!list) throw usageError(`Cannot import ${name}: it is not a list of tasks.`)
  return list.flatMap((one, index) => (isDone(one) ? [] : toTask(one, `${name}, task ${index + 1}`)))
}

/** `{ "tasks": […] }` and the like. */
function listIn(value: unknown): unknown[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const fields = Object.entries(value)
  const found = fields.find(
    ([key, one]) => ['tasks', 'user_stories', 'items'].includes(canonicalKey(key)) && Array.isArray(one),
  )
  if (Array.isArray(found?.[1])) return found[1]
  return fields.some(([key]) => key === 'id') ? [value] : undefined
}

/** Lists of other tools mark what is done in their own way. */
function isDone(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const status = 'status' in value ? String(value.status).toLowerCase() : ''
  return ['complete', 'completed', 'done', 'closed'].includes(status) || ('passes' in value && value.passes === true)
}

function toTask(value: unknown, where: string): Task {
  const fields = typeof value === 'string' ? { summary: value } : value
  const named =
    typeof fields === 'object' && fields !== null && !('id' in fields)
      ? {
          ...fields,
          id: slug(String(('summary' in fields && fields.summary) || ('title' in fields && fields.title) || '')),
        }
      : fields
  const decoded = decodeTask(named)
  if ('reason' in decoded) throw usageError(`Cannot import ${where}: ${decoded.reason}.`)
  return decoded.task
}
