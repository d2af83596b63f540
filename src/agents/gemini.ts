// Gemini CLI. Tried with 0.61.0.

import type { Usage } from '../words.js'
import { activity, lastPart, toolActivity, toolDetail } from './activity.js'
import type { Agent, OutputReader, Turn } from './contract.js'
import { classify } from './failure.js'
import { count, type JsonObject, lineSplitter, object, parseObject, string } from './json.js'
import { orPlainText } from './plain.js'
import { ended } from './text.js'

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
  reader: (turn) => orPlainText(streamReader(turn)),
  check: {
    version: () => ({ file: 'gemini', args: ['--version'] }),
    install: 'npm install -g @google/gemini-cli',
    loginHelp: 'Run `gemini` once and log in, or set GEMINI_API_KEY.',
    allow:
      'Without a person Gemini offers its agent no shell and no edits: allow them by its policy engine, or set "permissions": "bypass" in oompa.json.',
  },
}

function streamReader(_turn: Turn): OutputReader {
  let session: string | undefined
  /** Pieces of the message that is being said; a tool between two makes the second a message of its own. */
  let pieces: string[] = []
  let said = false
  let result: JsonObject | undefined
  let error: string | undefined
  let doing: string[] = []
  const tools = new Map<string, string>()
  const denials: string[] = []
  const take = (line: string): void => {
    const event = parseObject(line)
    if (!event) return
    if (event.type === 'init') session = string(event.session_id)
    else if (event.type === 'message' && event.role === 'assistant') {
      const text = string(event.content) ?? ''
      if (!said || event.delta !== true) pieces = []
      said = true
      pieces.push(text)
      doing.push(...activity(text))
    } else if (event.type === 'tool_use') {
      said = false
      const name = string(event.tool_name) ?? 'tool'
      tools.set(string(event.tool_id) ?? '', `${name}: ${toolDetail(event.parameters)}`)
      doing.push(...toolActivity(name, event.parameters))
    } else if (event.type === 'tool_result') {
      const id = string(event.tool_id) ?? ''
      if (isRefusal(event)) denials.push(tools.get(id) ?? 'tool')
      tools.delete(id)
    } else if (event.type === 'error') error = string(event.message) ?? error
    else if (event.type === 'result') result = event
  }
  const splitter = lineSplitter(take)
  return {
    get finished() {
      return result !== undefined
    },
    read(text) {
      doing = []
      splitter.add(text)
      return doing
    },
    end({ status, signal, stderr }) {
      splitter.end()
      const told = string(object(result?.error)?.message)
      const failed = status !== 0 || result?.status === 'error'
      const words = [told ?? error ?? '', wordsOf(stderr)].filter(Boolean).join('\n') || ended(status, signal)
      return {
        text: lastPart(pieces.join('')),
        session,
        usage: readUsage(object(result?.stats)),
        denials,
        ...(failed ? { failure: classify(words, httpIn(words)) } : {}),
      }
    },
  }
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

/** Standard error without what comes with every run. */
function wordsOf(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => line.trim() && !/^(?: {4}at |Warning: 256-color|YOLO mode|Ripgrep is not|\[STARTUP\])/.test(line))
    .slice(-12)
    .join('\n')
}

function httpIn(words: string): number | undefined {
  const status = /"code":(\d{3})\b|\bcode: (\d{3})\b|\bstatus: (\d{3})\b/.exec(words)
  return status ? Number(status[1] ?? status[2] ?? status[3]) : undefined
}
