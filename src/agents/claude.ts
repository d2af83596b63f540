// Claude Code. Tried with 2.1.197.

import type { Usage } from '../words.js'
import { activity, lastPart, toolActivity, toolDetail } from './activity.js'
import type { Agent, AgentFailure, OutputReader, Turn, TurnResult } from './contract.js'
import { classify } from './failure.js'
import { count, type JsonObject, list, number, object, string } from './json-stream.js'
import { claudeAccount, claudeRefuses } from './standing.js'
import { type Exit, failureOf, streamReader } from './stream.js'
import { textReader } from './text.js'
import { epochTime, isoTime } from './until.js'
import { tokensOf, usageByCall } from './usage.js'

export const claude: Agent = {
  name: 'claude',
  sessions: true,
  choosesSession: true,
  cumulativeUsage: false,
  reportsCost: true,
  command: (turn) => ({ file: 'claude', args: [...form(turn), ...options(turn)] }),
  reader: (turn) => (turn.form === 'text' ? textReader(true) : jsonReader()),
  check: {
    version: () => ({ file: 'claude', args: ['--version'] }),
    login: () => ({ file: 'claude', args: ['auth', 'status'] }),
    // `--max-budget-usd` is older than 2.1, which is what we have tried.
    keepsCap: (version) => /^(?:2\.[1-9]|[3-9]|\d\d)/.test(version),
    refuses: claudeRefuses,
    account: claudeAccount,
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

function options({ spec, permissions, maxUsd }: Turn): string[] {
  return [
    ...(spec.model ? ['--model', spec.model] : []),
    // It has no word below "low", and warns of one that it does not know.
    ...(spec.reasoning ? ['--effort', spec.reasoning === 'minimal' ? 'low' : spec.reasoning] : []),
    ...(maxUsd === undefined ? [] : ['--max-budget-usd', maxUsd.toFixed(4)]),
    ...(permissions === 'bypass' ? ['--dangerously-skip-permissions'] : []),
  ]
}

/**
 * Events that are no part of a turn, and may come after its last word: what became of a background task, the state of
 * the account and of the CLI itself. `init` is not among them: with it another turn begins.
 */
const BESIDE = /^(?:task_|session_|files_|hook_|status$)/

function jsonReader(): OutputReader {
  let session: string | undefined
  const said = lastMessage()
  let rejectedUntil: string | undefined
  let rejected = false
  let worked = false
  let tools = 0
  /** The end of the turn, until a further event of the turn takes it back. */
  let result: JsonObject | undefined
  let bill: Bill = {}
  const calls = usageByCall()
  let used: OutputReader['used']
  const take = (event: JsonObject): readonly string[] => {
    session = string(event.session_id) ?? session
    switch (event.type) {
      case 'rate_limit_event': {
        const info = object(event.rate_limit_info)
        const resetsAt = number(info?.resetsAt)
        rejected = info?.status === 'rejected'
        rejectedUntil = rejected && resetsAt ? isoTime(epochTime(resetsAt), Date.now()) : undefined
        return []
      }
      case 'result':
        bill = dearer(bill, event)
        if (isFinal(event)) result = event
        return []
      case 'system':
        if (!BESIDE.test(string(event.subtype) ?? '')) result = undefined
        if (event.subtype !== 'api_retry') return []
        return [`waits for the service (${string(event.error) ?? 'error'}), try ${count(event.attempt)}`]
      case 'assistant': {
        result = undefined
        const { id, text, uses, model, synthetic, usage } = readMessage(event)
        if (usage && !synthetic) used = { usage: calls.add(id, usage), model }
        worked ||= !synthetic
        tools += uses.length
        if (event.parent_tool_use_id) return []
        said.add(id, text)
        return [...uses, ...activity(text)]
      }
      case 'user':
      case 'stream_event':
      case 'tool_progress':
        result = undefined
        return []
      default:
        return []
    }
  }
  return streamReader({
    take,
    // Tools' output is most of a stream: that it came is all that is read of it.
    shortcut: (line) => (line.startsWith('{"type":"user"') ? { type: 'user' } : undefined),
    get finished() {
      return result !== undefined
    },
    get used() {
      return used
    },
    end(exit) {
      const told = result && toldFailure(result, { rejected, until: rejectedUntil })
      const failure = failureOf({ complete: result !== undefined, missing: '`result`', told, worked }, exit)
      return {
        ...finalOf(result, said.text()),
        session: string(result?.session_id) ?? session,
        // Without its last word, what its calls have told.
        ...used,
        ...bill,
        tools,
        ...(failure ? { failure: limitOf(failure, rejected, rejectedUntil, exit) } : {}),
      }
    },
  })
}

/** The text of the last message that has one. Its parts come as events of their own, with the message's id. */
function lastMessage(): { add(id: string | undefined, text: string): void; text(): string } {
  let last: string | undefined
  let parts: string[] = []
  return {
    add(id, text) {
      if (text.trim() === '') return
      parts = id !== undefined && id === last ? [...parts, text].slice(-64) : [text]
      last = id
    },
    text: () => parts.join('\n'),
  }
}

interface Message {
  readonly id?: string
  readonly text: string
  readonly uses: string[]
  readonly model?: string
  readonly synthetic: boolean
  /** Of the call that it came from. */
  readonly usage?: Usage
}

function readMessage(event: JsonObject): Message {
  const message = object(event.message)
  const parts = list(message?.content).map((part) => object(part) ?? {})
  const text = parts.flatMap((part) => (part.type === 'text' ? (string(part.text) ?? []) : [])).join('\n')
  const uses = parts.flatMap((part) =>
    part.type === 'tool_use' ? [toolActivity(string(part.name) ?? 'tool', part.input)[0] ?? 'tool'] : [],
  )
  // Errors of the service stand in the stream as messages of a model of this name.
  const used = object(message?.usage)
  return {
    id: string(message?.id),
    text,
    uses,
    model: string(message?.model),
    synthetic: message?.model === '<synthetic>',
    ...(used ? { usage: readUsage(used) } : {}),
  }
}

/**
 * Whether a `result` ends a turn. Resumed after a turn that had left something running in the background, Claude first
 * answers the notification about it, with an empty one, and begins the turn itself afterwards.
 */
function isFinal(result: JsonObject): boolean {
  const notification = object(result.origin)?.kind === 'task-notification'
  return !(notification && result.is_error !== true && (string(result.result) ?? '').trim() === '')
}

type Bill = Pick<TurnResult, 'usage' | 'costUsd'>

/** Each result counts the whole run so far: the last that counts anything is the bill. */
function dearer(before: Bill, result: JsonObject): Bill {
  const now = readUsage(object(result.usage) ?? {})
  const cost = number(result.total_cost_usd)
  const costUsd = before.costUsd === undefined ? cost : Math.max(before.costUsd, cost ?? 0)
  const isMore = before.usage === undefined || tokensOf(now) >= tokensOf(before.usage)
  return { usage: isMore ? now : before.usage, ...(costUsd === undefined ? {} : { costUsd }) }
}

function readUsage(usage: JsonObject): Usage {
  return {
    input: count(usage.input_tokens),
    output: count(usage.output_tokens),
    cacheRead: count(usage.cache_read_input_tokens),
    cacheWrite: count(usage.cache_creation_input_tokens),
  }
}

/** The final message and what was refused. `result: ""` says nothing about what the stream has said. */
function finalOf(result: JsonObject | undefined, said: string): Pick<TurnResult, 'text' | 'denials'> {
  const final = string(result?.result) ?? ''
  return {
    text: lastPart(final.trim() === '' ? said : final),
    denials: list(result?.permission_denials).map((denial) => {
      const { tool_name, tool_input } = object(denial) ?? {}
      return `${string(tool_name) ?? 'tool'}: ${toolDetail(tool_input)}`
    }),
  }
}

/** `subtype` says "success" even for an error of the service, and "error_…" for a turn that came to no answer. */
function toldFailure(result: JsonObject, limit: { rejected: boolean; until?: string }): AgentFailure | undefined {
  const subtype = string(result.subtype) ?? ''
  if (result.is_error !== true && !subtype.startsWith('error')) return undefined
  if (subtype === 'error_max_budget_usd')
    return { kind: 'budget', message: 'was ended by its CLI at the cap of its run' }
  const errors = list(result.errors).flatMap((error) => string(error) ?? [])
  const words = [string(result.result), ...errors].filter(Boolean).join('\n') || subtype || 'it told of an error'
  const http = number(result.api_error_status) ?? (limit.rejected ? 429 : undefined)
  return classify(http === 404 ? `${words} (404, model)` : words, http, limit.until)
}

/** Rejected, and then gone before it could say so in its result. */
function limitOf(failure: AgentFailure, rejected: boolean, until: string | undefined, exit: Exit): AgentFailure {
  if (!rejected || failure.kind !== 'error' || exit.status === 0) return failure
  return { kind: 'limit', message: failure.message, ...(until ? { until } : {}) }
}
