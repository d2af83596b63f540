// Claude Code. Tried with 2.1.197.

import { activity, lastPart, toolActivity, toolDetail } from './activity.js'
import type { Agent, AgentFailure, OutputReader, Turn, TurnResult } from './contract.js'
import { classify } from './failure.js'
import { count, type JsonObject, lineSplitter, list, number, object, parseObject, string } from './json.js'
import { orPlainText } from './plain.js'
import { ended, textReader } from './text.js'

export const claude: Agent = {
  name: 'claude',
  sessions: true,
  choosesSession: true,
  cumulativeUsage: false,
  reportsCost: true,
  command: (turn) => ({ file: 'claude', args: [...form(turn), ...options(turn)] }),
  reader: (turn) => (turn.form === 'text' ? textReader(true) : orPlainText(streamReader())),
  check: {
    version: () => ({ file: 'claude', args: ['--version'] }),
    login: () => ({ file: 'claude', args: ['auth', 'status'] }),
    install: 'npm install -g @anthropic-ai/claude-code',
    loginHelp: 'Run `claude` once and log in, or set ANTHROPIC_API_KEY.',
    allow:
      'Allow them under permissions.allow in .claude/settings.json, or set "permissions": "bypass" in oompa.json where agents may do anything.',
  },
}

/** The text form is the bash script's, to the byte. Its `-` is a prompt of its own ("-" before ours), so only there. */
function form({ form, session }: Turn): string[] {
  if (form === 'text') return ['-p', '-']
  const stream = ['-p', '--output-format', 'stream-json', '--verbose']
  if (!session) return stream
  return [...stream, session.resume ? '--resume' : '--session-id', session.id]
}

function options({ spec, permissions }: Turn): string[] {
  return [
    ...(spec.model ? ['--model', spec.model] : []),
    // It has no word below "low", and warns of one that it does not know.
    ...(spec.reasoning ? ['--effort', spec.reasoning === 'minimal' ? 'low' : spec.reasoning] : []),
    ...(permissions === 'bypass' ? ['--dangerously-skip-permissions'] : []),
  ]
}

function streamReader(): OutputReader {
  let session: string | undefined
  let last = ''
  let until: string | undefined
  let result: JsonObject | undefined
  let doing: string[] = []
  const take = (line: string): void => {
    // Tools' output is most of a stream, and says nothing that we read.
    if (line.startsWith('{"type":"user"')) return
    const event = parseObject(line)
    if (!event) return
    session = string(event.session_id) ?? session
    if (event.type === 'assistant' && !event.parent_tool_use_id) {
      const { text, tools } = readMessage(event)
      if (text) last = text
      doing.push(...tools, ...activity(text))
    } else if (event.type === 'rate_limit_event') {
      const info = object(event.rate_limit_info)
      const resetsAt = number(info?.resetsAt)
      if (info?.status === 'rejected' && resetsAt) until = new Date(resetsAt * 1000).toISOString()
    } else if (event.subtype === 'api_retry') {
      doing.push(`waits for the service (${string(event.error) ?? 'error'}), try ${count(event.attempt)}`)
    } else if (event.type === 'result') {
      result = event
    }
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
      return readResult(result, { session, last, until, otherwise: stderr.trim() || ended(status, signal), status })
    },
  }
}

function readMessage(event: JsonObject): { text: string; tools: string[] } {
  const parts = list(object(event.message)?.content).map((part) => object(part) ?? {})
  const text = parts.flatMap((part) => (part.type === 'text' ? (string(part.text) ?? []) : [])).join('\n')
  const tools = parts.flatMap((part) =>
    part.type === 'tool_use' ? toolActivity(string(part.name) ?? 'tool', part.input) : [],
  )
  return { text, tools }
}

interface Seen {
  readonly session: string | undefined
  readonly last: string
  readonly until: string | undefined
  /** What to say of a failure for which the stream has no words. */
  readonly otherwise: string
  readonly status: number | null
}

function readResult(result: JsonObject | undefined, seen: Seen): TurnResult {
  const { session } = seen
  if (!result) {
    return { text: lastPart(seen.last), session, denials: [], failure: classify(seen.otherwise, undefined, seen.until) }
  }
  const usage = object(result.usage) ?? {}
  const failure = failureOf(result, seen)
  return {
    text: lastPart(string(result.result) ?? seen.last),
    session: string(result.session_id) ?? session,
    usage: {
      input: count(usage.input_tokens),
      output: count(usage.output_tokens),
      cacheRead: count(usage.cache_read_input_tokens),
      cacheWrite: count(usage.cache_creation_input_tokens),
    },
    costUsd: number(result.total_cost_usd),
    denials: list(result.permission_denials).map((denial) => {
      const { tool_name, tool_input } = object(denial) ?? {}
      return `${string(tool_name) ?? 'tool'}: ${toolDetail(tool_input)}`
    }),
    ...(failure ? { failure } : {}),
  }
}

/** `subtype` says "success" even for an error of the service: `is_error` is what counts. */
function failureOf(result: JsonObject, seen: Seen): AgentFailure | undefined {
  if (result.is_error !== true) return seen.status === 0 ? undefined : { kind: 'error', message: seen.otherwise }
  const errors = list(result.errors).flatMap((error) => string(error) ?? [])
  const words = [string(result.result), ...errors].filter(Boolean).join('\n') || seen.otherwise
  const http = number(result.api_error_status)
  return classify(http === 404 ? `${words} (404, model)` : words, http, seen.until)
}
