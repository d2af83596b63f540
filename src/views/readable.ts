// Agents' JSON streams as a person reads them: what was said, which tools were called, how it ended. A line that is
// none of the known ones stays as it is, so that nothing an agent printed is hidden.

import { partsOf } from '../agents/json-stream.js'

/** Lines of a tool's output that are shown. */
const MOST_LINES = 4
/** Kinds of the four CLIs that tell nothing to a reader. */
const NOISE = new Set([
  'system',
  'init',
  'rate_limit_event',
  'stream_event',
  'thread.started',
  'turn.started',
  'turn.completed',
  'item.started',
  'item.updated',
  'step_start',
  'step_finish',
])

export interface Readable {
  /** One line of a log, not escaped, without its line end. */
  take(line: string): string[]
  /** What was held back: a message that comes in pieces. */
  flush(): string[]
}

/** Turns the lines of one log into lines for a person. */
export function readable(): Readable {
  let pieces = ''
  const flush = () => {
    const lines = pieces ? pieces.split('\n') : []
    pieces = ''
    return lines
  }
  return {
    take: (line) => (line.includes('{') ? partsOf(line).flatMap((part) => take(part, line)) : [...flush(), line]),
    flush,
  }

  function take(part: string | Facts, line: string): string[] {
    // Spaces between two objects are nothing; other noise is shown as it is.
    if (typeof part === 'string') return part.trim() === '' && part !== line ? [] : [...flush(), part]
    const piece = pieceOf(part)
    if (piece === undefined) return [...flush(), ...(linesOf(part) ?? [line])]
    // What is a line already need not wait for the rest of its message.
    const [rest = '', ...lines] = (pieces + piece).split('\n').reverse()
    pieces = rest
    return lines.reverse()
  }
}

type Facts = Readonly<Record<string, unknown>>

/** Gemini's messages come in pieces that belong together. */
function pieceOf(value: Facts): string | undefined {
  if (value.type !== 'message' || value.delta !== true || value.role === 'user') return undefined
  return typeof value.content === 'string' ? value.content : undefined
}

function linesOf(value: Facts): string[] | undefined {
  const { type } = value
  if (typeof type !== 'string') return undefined
  if (NOISE.has(type)) return []
  switch (type) {
    case 'assistant':
    case 'user':
      return contents(facts(value.message).content).flatMap(contentLines)
    case 'message':
      return value.role === 'user' ? [] : words(value.content)
    case 'result':
      return resultLines(value)
    case 'item.completed':
      return itemLines(facts(value.item))
    case 'text':
      return words(facts(value.part).text)
    case 'tool_use':
      return toolLines(value)
    case 'tool_result':
      return indented(value.output ?? value.content)
    case 'error':
    case 'turn.failed':
      return [
        `error: ${text(value.message) || text(facts(value.error).message) || JSON.stringify(value.error ?? value)}`,
      ]
    default:
      return undefined
  }
}

/** A part of one of Claude's messages. */
function contentLines(value: Facts): string[] {
  switch (value.type) {
    case 'text':
      return words(value.text)
    case 'tool_use':
      return [call(value.name, value.input)]
    case 'tool_result':
      return indented(
        typeof value.content === 'string'
          ? value.content
          : contents(value.content)
              .map((one) => text(one.text))
              .join('\n'),
      )
    default:
      return []
  }
}

/** The end of a run of Claude or Gemini. The result's text was a message before, but for the `json` form. */
function resultLines(value: Facts): string[] {
  const cost = typeof value.total_cost_usd === 'number' ? `, $${value.total_cost_usd.toFixed(2)}` : ''
  const bad = value.is_error === true || value.status === 'error'
  return [...(bad ? words(value.result) : []), `(${bad ? 'ended with an error' : 'ended'}${cost})`]
}

/** A completed item of Codex. */
function itemLines(item: Facts): string[] {
  switch (item.type) {
    case 'agent_message':
      return words(item.text)
    case 'reasoning':
      return words(item.text).map((line) => `  ${line}`)
    case 'command_execution':
      return [call('$', item.command), ...indented(item.aggregated_output)]
    case 'file_change':
      return contents(item.changes).map((change) => call(change.kind, change.path))
    case 'error':
      return [`error: ${text(item.message)}`]
    default:
      return [call(item.type, item.title ?? item.query ?? '')]
  }
}

/** A tool call of OpenCode (with its result) or Gemini. */
function toolLines(value: Facts): string[] {
  const part = facts(value.part)
  const state = facts(part.state)
  if (part.tool === undefined) return [call(value.tool_name ?? value.name, value.parameters ?? value.input)]
  return [call(part.tool, state.title ?? state.input), ...indented(state.output)]
}

function call(name: unknown, input: unknown): string {
  const known = facts(input)
  const said = known.command ?? known.file_path ?? known.path ?? known.pattern ?? input
  const shown = typeof said === 'string' ? said : JSON.stringify(said ?? '')
  return `→ ${text(name)} ${shown.split('\n')[0]}`.trimEnd()
}

function words(value: unknown): string[] {
  return text(value) === '' ? [] : text(value).split('\n')
}

function indented(value: unknown): string[] {
  const lines = words(value).filter((line) => line.trim() !== '')
  const shown = lines.slice(0, MOST_LINES).map((line) => `    ${line}`)
  return lines.length > MOST_LINES ? [...shown, `    … ${lines.length - MOST_LINES} more lines`] : shown
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function contents(value: unknown): Facts[] {
  return Array.isArray(value) ? value.map(facts) : []
}

function facts(value: unknown): Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {}
}
