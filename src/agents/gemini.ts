// Gemini CLI. Tried with 0.61.0.

import type { Usage } from '../words.js'
import { activity, lastPart, toolActivity, toolDetail } from './activity.js'
import type { Agent, AgentFailure, OutputReader } from './contract.js'
import { classify, cliWords } from './failure.js'
import { count, type JsonObject, object, string } from './json-stream.js'
import { geminiAccount, geminiRefuses } from './standing.js'
import { type Exit, failureOf, streamReader } from './stream.js'

export const gemini: Agent = {
  name: 'gemini',
  sessions: true,
  choosesSession: true,
  cumulativeUsage: false,
  reportsCost: false,
  command: ({ spec, permissions, session }) => ({
    file: 'gemini',
    args: [
      '--output-format',
      'stream-json',
      ...(spec.model ? ['--model', spec.model] : []),
      ...(permissions === 'bypass' ? ['--yolo'] : []),
      ...(session ? [session.resume ? '--resume' : '--session-id', session.id] : []),
    ],
  }),
  reader: () => jsonReader(),
  check: {
    version: () => ({ file: 'gemini', args: ['--version'] }),
    refuses: geminiRefuses,
    account: geminiAccount,
    install: 'npm install -g @google/gemini-cli',
    loginHelp: 'Run `gemini` once and log in, or set GEMINI_API_KEY.',
    allow:
      'Without a person Gemini offers its agent no shell and no edits: allow them by its policy engine, or set "permissions": "bypass" in oompa.json.',
  },
}

function jsonReader(): OutputReader {
  let session: string | undefined
  /** Pieces of the message that is being said; a tool between two makes the second a message of its own. */
  let pieces: string[] = []
  let said = false
  let result: JsonObject | undefined
  let error: string | undefined
  let worked = false
  let used = 0
  let model: string | undefined
  const tools = new Map<string, string>()
  const denials: string[] = []
  const take = (event: JsonObject): readonly string[] => {
    switch (event.type) {
      case 'init':
        result = undefined
        session = string(event.session_id)
        model = string(event.model)
        return []
      case 'message': {
        if (event.role !== 'assistant') return []
        result = undefined
        worked = true
        const text = string(event.content) ?? ''
        if (!said || event.delta !== true) pieces = []
        said = true
        pieces.push(text)
        return activity(text)
      }
      case 'tool_use': {
        result = undefined
        worked = true
        said = false
        used += 1
        const name = string(event.tool_name) ?? 'tool'
        tools.set(string(event.tool_id) ?? '', `${name}: ${toolDetail(event.parameters)}`)
        return toolActivity(name, event.parameters)
      }
      case 'tool_result': {
        result = undefined
        const id = string(event.tool_id) ?? ''
        if (isRefusal(event)) denials.push(tools.get(id) ?? 'tool')
        tools.delete(id)
        return []
      }
      case 'error':
        error = string(event.message) ?? error
        return []
      case 'result':
        result = event
        return []
      default:
        return []
    }
  }
  return streamReader({
    take,
    get finished() {
      return result !== undefined
    },
    end(exit) {
      const told = result?.status === 'error' ? toldFailure(result, error, exit.stderr) : undefined
      const complete = result !== undefined
      const failure = failureOf(
        { complete, missing: '`result`', told: told ?? (complete ? undefined : untold(error, exit)), worked },
        exit,
      )
      return {
        text: lastPart(pieces.join('')),
        session,
        usage: readUsage(object(result?.stats)),
        model,
        denials,
        tools: used,
        ...(failure ? { failure } : {}),
      }
    },
  })
}

/** What it was that ended the turn: its own words, and those that it writes to standard error about them. */
function toldFailure(result: JsonObject, error: string | undefined, stderr: string): AgentFailure {
  const told = string(object(result.error)?.message) ?? error ?? ''
  const words = [told, cliWords(stderr)].filter(Boolean).join('\n') || 'it told of an error'
  return classify(words, httpIn(words))
}

/** Gone before its last event, after it had told of an error. */
function untold(error: string | undefined, { status }: Exit): AgentFailure | undefined {
  return error === undefined || status === 0 ? undefined : classify(error, httpIn(error))
}

/** A command that merely failed has status "success". A refused one has "error", or says that it was blocked. */
function isRefusal(event: JsonObject): boolean {
  return event.status === 'error' || /^Blocked: /.test(string(event.output) ?? '')
}

function readUsage(stats: JsonObject | undefined): Usage | undefined {
  if (!stats) return undefined
  const cacheRead = count(stats.cached)
  return {
    input: Math.max(0, count(stats.input_tokens) - cacheRead),
    output: count(stats.output_tokens),
    cacheRead,
    cacheWrite: 0,
  }
}

function httpIn(words: string): number | undefined {
  const status = /"code":(\d{3})\b|\bcode: (\d{3})\b|\bstatus: (\d{3})\b/.exec(words)
  return status ? Number(status[1] ?? status[2] ?? status[3]) : undefined
}
