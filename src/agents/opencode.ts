// OpenCode. Tried with 1.18.33.

import type { Usage } from '../words.js'
import { activity, lastPart, toolActivity, toolDetail } from './activity.js'
import type { Agent, AgentFailure, OutputReader, Turn } from './contract.js'
import { classify } from './failure.js'
import { count, type JsonObject, number, object, string } from './json-stream.js'
import { failureOf, streamReader } from './stream.js'
import { isoTime } from './until.js'

export const opencode: Agent = {
  name: 'opencode',
  sessions: true,
  choosesSession: false,
  cumulativeUsage: false,
  reportsCost: true,
  command: ({ spec, permissions, session }) => ({
    file: 'opencode',
    args: [
      'run',
      '--format',
      'json',
      ...(spec.model ? ['--model', spec.model] : []),
      ...(spec.reasoning ? ['--variant', spec.reasoning] : []),
      ...(permissions === 'bypass' ? ['--auto'] : []),
      ...(session?.resume ? ['--session', session.id] : []),
    ],
  }),
  reader: (turn) => jsonReader(turn),
  check: {
    version: () => ({ file: 'opencode', args: ['--version'] }),
    install: 'npm install -g opencode-ai',
    loginHelp: 'Run `opencode auth login`; `opencode models` lists the models it can use.',
    allow:
      'Set "permission": {"bash": "allow", "edit": "allow"} in opencode.json, or "permissions": "bypass" in oompa.json.',
  },
}

/** Reasons with which a step ends and another follows: a tool's result goes to the model, or the provider gave none. */
const GOES_ON = new Set(['tool-calls', 'unknown'])

function jsonReader({ spec }: Turn): OutputReader {
  let session: string | undefined
  let message = ''
  let parts: string[] = []
  let usage: Usage | undefined
  let costUsd = 0
  let used: OutputReader['used']
  let error: JsonObject | undefined
  /** Why the last step ended; undefined before the first, and while one is going on. */
  let reason: string | undefined
  let began = false
  let tools = 0
  const denials: string[] = []
  const take = (event: JsonObject): readonly string[] => {
    session = string(event.sessionID) ?? session
    const part = object(event.part) ?? {}
    switch (event.type) {
      case 'step_start':
        began = true
        reason = undefined
        error = undefined
        return []
      case 'text': {
        reason = undefined
        const text = string(part.text) ?? ''
        // The pieces of one message have its id; the last message is the final one.
        const id = string(part.messageID) ?? ''
        parts = id === message ? [...parts, text] : [text]
        message = id
        return activity(text)
      }
      case 'reasoning':
        reason = undefined
        return []
      case 'tool_use': {
        reason = undefined
        tools += 1
        const state = object(part.state) ?? {}
        const name = string(part.tool) ?? 'tool'
        if (state.status === 'error' && /reject|denied|not allowed|permission/i.test(string(state.error) ?? '')) {
          denials.push(`${name}: ${toolDetail(state.input)}`)
        }
        return toolActivity(name, state.input)
      }
      case 'step_finish':
        usage = addUsage(usage, object(part.tokens))
        costUsd += number(part.cost) ?? 0
        used = { usage, costUsd }
        reason = string(part.reason) ?? 'stop'
        return []
      case 'error':
        error = object(event.error) ?? event
        return []
      default:
        return []
    }
  }
  return streamReader({
    take,
    get finished() {
      return error !== undefined || (reason !== undefined && !GOES_ON.has(reason))
    },
    get used() {
      return used
    },
    end(exit) {
      // A run whose tool was refused ends with the step that asked for it, and a provider may never give a reason.
      const last = reason !== undefined && (reason !== 'tool-calls' || denials.length > 0)
      const told = error ? toldFailure(error, spec.model, began) : undefined
      const complete = error === undefined && last
      const failure = failureOf({ complete, missing: 'last `step_finish`', told, worked: began }, exit)
      return {
        text: lastPart(parts.join('\n')),
        session,
        usage,
        ...(usage ? { costUsd } : {}),
        denials,
        tools,
        ...(failure ? { failure } : {}),
      }
    },
  })
}

function addUsage(sum: Usage | undefined, tokens: JsonObject | undefined): Usage {
  const cache = object(tokens?.cache)
  return {
    input: (sum?.input ?? 0) + count(tokens?.input),
    output: (sum?.output ?? 0) + count(tokens?.output) + count(tokens?.reasoning),
    cacheRead: (sum?.cacheRead ?? 0) + count(cache?.read),
    cacheWrite: (sum?.cacheWrite ?? 0) + count(cache?.write),
  }
}

function toldFailure(error: JsonObject, model: string | undefined, began: boolean): AgentFailure {
  const data = object(error.data) ?? {}
  const words = string(data.message) ?? string(error.message) ?? string(error.name) ?? 'it told of an error'
  // Tried: a provider or model that it does not know is an "unexpected server error" before the first step.
  if (!began && model && /unexpected server error/i.test(words)) {
    return { kind: 'model', message: `OpenCode cannot use the model ${model}: ${words}` }
  }
  const http = number(data.statusCode)
  const wait = Number(string(object(data.responseHeaders)?.['retry-after']))
  const until = wait > 0 ? isoTime(Date.now() + wait * 1000, Date.now()) : undefined
  return classify(http === 404 ? `${words} (404, model)` : words, http, until)
}
