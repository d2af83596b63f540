// OpenCode. Tried with 1.18.33.

import type { Usage } from '../words.js'
import { activity, lastPart, toolActivity, toolDetail } from './activity.js'
import type { Agent, AgentFailure, OutputReader, Turn } from './contract.js'
import { classify } from './failure.js'
import { count, type JsonObject, lineSplitter, number, object, parseObject, string } from './json.js'
import { orPlainText } from './plain.js'
import { ended } from './text.js'

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
  reader: (turn) => orPlainText(streamReader(turn)),
  check: {
    version: () => ({ file: 'opencode', args: ['--version'] }),
    install: 'npm install -g opencode-ai',
    loginHelp: 'Run `opencode auth login`; `opencode models` lists the models it can use.',
    allow:
      'Set "permission": {"bash": "allow", "edit": "allow"} in opencode.json, or "permissions": "bypass" in oompa.json.',
  },
}

function streamReader({ spec }: Turn): OutputReader {
  let session: string | undefined
  let message = ''
  let parts: string[] = []
  let usage: Usage | undefined
  let costUsd = 0
  let error: JsonObject | undefined
  let finished = false
  let began = false
  let doing: string[] = []
  const denials: string[] = []
  const take = (line: string): void => {
    const event = parseObject(line)
    if (!event) return
    session = string(event.sessionID) ?? session
    const part = object(event.part) ?? {}
    if (event.type === 'step_start') {
      began = true
      finished = false
    } else if (event.type === 'text') {
      const text = string(part.text) ?? ''
      // The pieces of one message have its id; the last message is the final one.
      const id = string(part.messageID) ?? ''
      parts = id === message ? [...parts, text] : [text]
      message = id
      doing.push(...activity(text))
    } else if (event.type === 'tool_use') {
      const state = object(part.state) ?? {}
      const name = string(part.tool) ?? 'tool'
      doing.push(...toolActivity(name, state.input))
      if (state.status === 'error' && /reject|denied|not allowed|permission/i.test(string(state.error) ?? '')) {
        denials.push(`${name}: ${toolDetail(state.input)}`)
      }
    } else if (event.type === 'step_finish') {
      usage = addUsage(usage, object(part.tokens))
      costUsd += number(part.cost) ?? 0
      finished = part.reason !== 'tool-calls'
    } else if (event.type === 'error') {
      error = object(event.error)
      finished = true
    }
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
      const failure =
        error || status !== 0
          ? failureOf(error, spec.model, began, wordsOf(stderr) || ended(status, signal))
          : undefined
      return {
        text: lastPart(parts.join('\n')),
        session,
        usage,
        ...(usage ? { costUsd } : {}),
        denials,
        ...(failure ? { failure } : {}),
      }
    },
  }
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

/** Standard error without colours. */
function wordsOf(stderr: string): string {
  return stderr.replace(/\u001b\[[0-9;]*m/g, '').trim()
}

function failureOf(
  error: JsonObject | undefined,
  model: string | undefined,
  began: boolean,
  otherwise: string,
): AgentFailure {
  const data = object(error?.data) ?? {}
  const words = string(data.message) ?? string(error?.message) ?? otherwise
  // Tried: a provider or model that it does not know is an "unexpected server error" before the first step.
  if (!began && model && /unexpected server error/i.test(words)) {
    return { kind: 'model', message: `OpenCode cannot use the model ${model}: ${words}` }
  }
  const http = number(data.statusCode)
  const wait = Number(string(object(data.responseHeaders)?.['retry-after']))
  const until = wait > 0 ? new Date(Date.now() + wait * 1000).toISOString() : undefined
  return classify(http === 404 ? `${words} (404, model)` : words, http, until)
}
