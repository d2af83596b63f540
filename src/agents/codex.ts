// Codex. Tried with 0.169.0.

import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import type { Usage } from '../words.js'
import { activity, lastPart, toolActivity } from './activity.js'
import type { Agent, OutputReader, Turn } from './contract.js'
import { classify } from './failure.js'
import { count, type JsonObject, lineSplitter, object, parseObject, string } from './json.js'
import { orPlainText } from './plain.js'
import { ended } from './text.js'

export const codex: Agent = {
  name: 'codex',
  sessions: true,
  choosesSession: false,
  cumulativeUsage: true,
  reportsCost: false,
  command: ({ spec, permissions, session }) => ({
    file: 'codex',
    args: [
      'exec',
      ...(session?.resume ? ['resume'] : []),
      '--json',
      ...(spec.model ? ['--model', spec.model] : []),
      ...(spec.reasoning ? ['-c', `model_reasoning_effort="${spec.reasoning}"`] : []),
      ...(permissions === 'bypass' ? ['--dangerously-bypass-approvals-and-sandbox'] : []),
      // What follows is never an option: the id came from a stream.
      '--',
      ...(session?.resume ? [session.id] : []),
      '-',
    ],
  }),
  reader: (turn) => orPlainText(streamReader(turn)),
  check: {
    version: () => ({ file: 'codex', args: ['--version'] }),
    login: () => ({ file: 'codex', args: ['login', 'status'] }),
    otherLogin,
    install: 'npm install -g @openai/codex',
    loginHelp: 'Run `codex login`, or set CODEX_API_KEY.',
    allow:
      'Codex runs read-only unless its configuration says otherwise: set sandbox_mode = "workspace-write" (or "danger-full-access") in ~/.codex/config.toml, or "permissions": "bypass" in oompa.json.',
  },
}

/** `codex login status` knows nothing of a key in the environment, nor of another provider in its configuration. */
function otherLogin(env: NodeJS.ProcessEnv): boolean {
  if (env.CODEX_API_KEY) return true
  const home = env.CODEX_HOME || path.join(env.HOME || homedir(), '.codex')
  try {
    return /^\s*(?:model_provider|oss_provider)\s*=/m.test(readFileSync(path.join(home, 'config.toml'), 'utf8'))
  } catch {
    return false
  }
}

function streamReader(_turn: Turn): OutputReader {
  let session: string | undefined
  let last = ''
  let usage: Usage | undefined
  let error: string | undefined
  let finished = false
  let doing: string[] = []
  const denials: string[] = []
  const take = (line: string): void => {
    const event = parseObject(line)
    if (!event) return
    if (event.type === 'thread.started') session = string(event.thread_id)
    else if (event.type === 'item.started' || event.type === 'item.completed') {
      const item = object(event.item) ?? {}
      const { text, act } = readItem(item, event.type)
      if (text !== undefined) last = text
      doing.push(...act)
      if (item.status === 'declined') denials.push(describe(item))
    } else if (event.type === 'turn.completed') {
      usage = readUsage(object(event.usage))
      finished = true
    } else if (event.type === 'turn.failed') {
      error = string(object(event.error)?.message) ?? error
      finished = true
    } else if (event.type === 'error') error = string(event.message) ?? error
  }
  const splitter = lineSplitter(take)
  return {
    get finished() {
      return finished
    },
    read(text) {
      doing = []
      splitter.add(text)
      return doing
    },
    end({ status, signal, stderr }) {
      splitter.end()
      const failed = status !== 0 || (error !== undefined && usage === undefined)
      const words = error ?? errorIn(stderr) ?? ended(status, signal)
      return {
        text: lastPart(last),
        session,
        usage,
        denials: [...denials, ...rejected(stderr)],
        ...(failed ? { failure: classify(words, httpIn(words)) } : {}),
      }
    },
  }
}

/** An item of type `error` about the model's metadata stands in good runs too: it is no failure. */
function readItem(item: JsonObject, type: string): { text?: string; act: string[] } {
  if (type === 'item.started') return { act: toolActivity(describe(item), undefined) }
  if (item.type !== 'agent_message') return { act: [] }
  const text = string(item.text) ?? ''
  return { text, act: activity(text) }
}

function describe(item: JsonObject): string {
  return string(item.command) ?? string(item.tool) ?? string(item.query) ?? string(item.type) ?? 'tool'
}

/** Input includes cached tokens, and after a resume all counts are the session's. */
function readUsage(usage: JsonObject | undefined): Usage | undefined {
  if (!usage) return undefined
  const cacheRead = count(usage.cached_input_tokens)
  const cacheWrite = count(usage.cache_write_input_tokens)
  return {
    input: Math.max(0, count(usage.input_tokens) - cacheRead - cacheWrite),
    output: count(usage.output_tokens),
    cacheRead,
    cacheWrite,
  }
}

function httpIn(words: string): number | undefined {
  const status = /\bstatus:? (\d{3})\b/.exec(words)?.[1]
  return status ? Number(status) : undefined
}

/** The last error on standard error, among warnings that come with every run. */
function errorIn(stderr: string): string | undefined {
  return stderr.split('\n').findLast((line) => /^(?:error|.*\bERROR\b)/i.test(line))
}

/** Commands that its rules refused are told on standard error only. */
function rejected(stderr: string): string[] {
  return [...stderr.matchAll(/Rejected\(\\?"`?(.{1,300}?)`? rejected/g)].map((match) => match[1]!)
}
