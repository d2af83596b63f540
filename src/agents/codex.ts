// Codex. Tried with 0.169.0.

import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import type { Usage } from '../words.js'
import { activity, lastPart, toolActivity } from './activity.js'
import type { Agent, OutputReader } from './contract.js'
import { classify } from './failure.js'
import { count, type JsonObject, object, string } from './json-stream.js'
import { codexAccount } from './standing.js'
import { failureOf, streamReader } from './stream.js'

export const codex: Agent = {
  name: 'codex',
  sessions: true,
  choosesSession: false,
  cumulativeUsage: true,
  reportsCost: false,
  configuredModel: (env) => /^\s*model\s*=\s*["']([^"'\n]+)["']/m.exec(configIn(homeOf(env)))?.[1],
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
  reader: () => jsonReader(),
  check: {
    version: () => ({ file: 'codex', args: ['--version'] }),
    login: () => ({ file: 'codex', args: ['login', 'status'] }),
    otherLogin,
    readOnly,
    account: codexAccount,
    install: 'npm install -g @openai/codex',
    loginHelp: 'Run `codex login`, or set CODEX_API_KEY.',
    allow:
      'Codex runs read-only unless its configuration says otherwise: set sandbox_mode = "workspace-write" (or "danger-full-access") in ~/.codex/config.toml, or "permissions": "bypass" in oompa.json.',
  },
}

/** `codex login status` knows nothing of a key in the environment, nor of another provider in its configuration. */
function otherLogin(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env.CODEX_API_KEY) || /^\s*(?:model_provider|oss_provider)\s*=/m.test(configIn(homeOf(env)))
}

/**
 * Nothing in its stream says what its sandbox refused (tried: `codex exec` with a shell command that writes ends with
 * status 0 and not even names the command). Whatever could allow it to write, counts as allowing it.
 */
function readOnly(env: NodeJS.ProcessEnv, folders: readonly string[]): boolean {
  const all = [homeOf(env), '/etc/codex', ...folders.map((folder) => path.join(folder, '.codex'))].map(configIn)
  const says =
    /^\s*(?:sandbox_mode|default_permissions|profile)\s*=(?!\s*["']read-only["'])|trust_level\s*=\s*["']trusted["']/m
  return !all.some((text) => says.test(text))
}

function homeOf(env: NodeJS.ProcessEnv): string {
  return env.CODEX_HOME || path.join(env.HOME || homedir(), '.codex')
}

/** The text of config.toml in a folder; empty if there is none that can be read. */
function configIn(folder: string): string {
  try {
    return readFileSync(path.join(folder, 'config.toml'), 'utf8')
  } catch {
    return ''
  }
}

/** Items that are no use of a tool. */
const WORDS = new Set(['agent_message', 'reasoning', 'error', 'todo_list'])

function jsonReader(): OutputReader {
  let session: string | undefined
  let last = ''
  let usage: Usage | undefined
  let error: string | undefined
  /** How the turn ended, until a further event of it takes that back. */
  let end: 'completed' | 'failed' | undefined
  let worked = false
  const tools = new Set<unknown>()
  const denials: string[] = []
  const take = (event: JsonObject): readonly string[] => {
    switch (event.type) {
      case 'thread.started':
        session = string(event.thread_id)
        return []
      case 'turn.started':
        end = undefined
        return []
      case 'item.started':
      case 'item.updated':
      case 'item.completed': {
        end = undefined
        const item = object(event.item) ?? {}
        const { text, act } = readItem(item, event.type)
        worked ||= item.type !== 'error'
        if (!WORDS.has(string(item.type) ?? '')) tools.add(item.id)
        if (text) last = text
        if (item.status === 'declined') denials.push(describe(item))
        return act
      }
      case 'turn.completed':
        usage = readUsage(object(event.usage)) ?? usage
        end = 'completed'
        return []
      case 'turn.failed':
        error = string(object(event.error)?.message) ?? error
        end = 'failed'
        return []
      case 'error':
        // It tries again by itself after some; the turn's own event tells whether this one was the last.
        error = string(event.message) ?? error
        return []
      default:
        return []
    }
  }
  return streamReader({
    take,
    get finished() {
      return end !== undefined
    },
    end(exit) {
      const complete = end === 'completed'
      const told = complete || error === undefined ? undefined : classify(error, httpIn(error))
      const own = { ...exit, stderr: errorIn(exit.stderr) }
      const failure = failureOf({ complete, missing: '`turn.completed`', told, worked }, own)
      return {
        text: lastPart(last),
        session,
        usage,
        tools: tools.size,
        denials: [...denials, ...rejected(exit.stderr)],
        ...(failure ? { failure } : {}),
      }
    },
  })
}

/** An item of type `error` about the model's metadata stands in good runs too: it is no failure. */
function readItem(item: JsonObject, type: string): { text?: string; act: readonly string[] } {
  if (type === 'item.started') return { act: toolActivity(describe(item), undefined) }
  if (type !== 'item.completed' || item.type !== 'agent_message') return { act: [] }
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

/** What stands on standard error from the last error on, without the warnings that come with every run. */
function errorIn(stderr: string): string {
  const lines = stderr.trimEnd().split('\n')
  const from = lines.findLastIndex((line) => /^(?:error|.*\bERROR\b)/i.test(line))
  return from < 0 ? stderr : lines.slice(from).join('\n')
}

/** Commands that its rules refused are told on standard error only. */
function rejected(stderr: string): string[] {
  return [...stderr.matchAll(/Rejected\(\\?"`?(.{1,300}?)`? rejected/g)].map((match) => match[1]!)
}
