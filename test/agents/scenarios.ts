// What every coding CLI is put through against the scripted model, and what its adapter must make of it. The real CLIs
// run these (real.test.ts), and their recorded streams are replayed without them (cassettes.test.ts).

import { expect } from 'vitest'
import type { Agent, Turn, TurnResult } from '../../src/agents/contract.js'
import {
  committingWorker,
  type ModelReply,
  type RealHarness,
  type Scenario,
  scriptedModels,
} from '../support/realAgents.js'

type Changes = Readonly<Record<string, string | null>>

export interface AgentScenario {
  readonly name: string
  readonly prompt: string
  readonly permissions: 'inherit' | 'bypass'
  /** `unknown`: goes on with a session that there is none of. `resume`: with the one of `work`. */
  readonly session?: 'unknown' | 'resume'
  /** What the model says; undefined where it is not asked. */
  reply(harness: RealHarness): Scenario
  /** Changes to the environment; null takes a variable away. */
  env?(harness: RealHarness): Changes
  model?(harness: RealHarness): string | undefined
  check(result: TurnResult, agent: Agent, harness: RealHarness): void
}

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600

/** The words with which each service says that an account has reached its limit for the day. */
const limitReplies: Readonly<Record<RealHarness, () => ModelReply>> = {
  claude: () => ({
    status: 429,
    message: "This request would exceed your account's rate limit.",
    headers: {
      'x-should-retry': 'false',
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-reset': String(inAnHour()),
      'anthropic-ratelimit-unified-representative-claim': 'five_hour',
      'anthropic-ratelimit-unified-5h-status': 'rejected',
      'anthropic-ratelimit-unified-5h-reset': String(inAnHour()),
    },
  }),
  codex: () => ({
    status: 429,
    error: {
      error: {
        type: 'usage_limit_reached',
        message: 'The usage limit has been reached',
        plan_type: 'pro',
        resets_at: inAnHour(),
        resets_in_seconds: 3600,
      },
    },
  }),
  // It waits by itself for as long as it is told, without a word.
  opencode: () => ({ status: 429, message: 'Rate limit reached', retryAfter: 1 }),
  gemini: () => ({
    status: 429,
    error: {
      error: {
        code: 429,
        message: 'You exceeded your current quota, please check your plan and billing details. Please retry in 3600s.',
        status: 'RESOURCE_EXHAUSTED',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
            violations: [{ quotaMetric: 'requests', quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }],
          },
          { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '3600s' },
        ],
      },
    },
  }),
}

const always =
  (reply: () => ModelReply): Scenario =>
  ({ tools }) =>
    tools.length === 0 ? { text: 'a title' } : reply()

const failsWith = (kind: string) => (result: TurnResult) => {
  expect(result.failure).toMatchObject({ kind })
  expect(result.failure?.message).toMatch(/\S/)
  // Words for a person: one line, nothing that could steer the terminal.
  expect(result.failure?.message).not.toMatch(/[\u0000-\u001f\u007f]/)
}

export const scenarios: readonly AgentScenario[] = [
  {
    name: 'work',
    prompt: 'Add a file hello.txt and commit it.\n',
    permissions: 'bypass',
    reply: () => committingWorker,
    check(result, agent) {
      expect(result.failure).toBeUndefined()
      expect(result.text).toBe('Committed.\n\n__DONE__')
      expect(result.session).toMatch(/^[\w-]{8,}$/)
      expect(result.denials).toEqual([])
      expect(result.usage).toEqual({ input: 200, output: 20, cacheRead: 0, cacheWrite: 0 })
      expect(typeof result.costUsd).toBe(agent.reportsCost ? 'number' : 'undefined')
    },
  },
  {
    name: 'resume',
    prompt: 'And now?\n',
    permissions: 'bypass',
    session: 'resume',
    reply: () => (request) =>
      request.tools.length === 0
        ? { text: 'a title' }
        : { text: `I remember ${request.prompts.filter((prompt) => prompt.includes('hello.txt')).length} prompt.` },
    check(result) {
      expect(result.failure).toBeUndefined()
      expect(result.text).toBe('I remember 1 prompt.')
    },
  },
  {
    name: 'session',
    prompt: 'Go on.\n',
    permissions: 'bypass',
    session: 'unknown',
    reply: () => always(() => ({ text: 'unexpected' })),
    check: failsWith('session'),
  },
  {
    name: 'limit',
    prompt: 'Work.\n',
    permissions: 'bypass',
    reply: (harness) => always(limitReplies[harness]),
    env: (harness): Changes =>
      harness === 'claude' ? { ANTHROPIC_API_KEY: null, CLAUDE_CODE_OAUTH_TOKEN: 'test' } : {},
    check(result) {
      failsWith('limit')(result)
      expect(result.failure?.until).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    },
  },
  {
    name: 'login',
    prompt: 'Work.\n',
    permissions: 'bypass',
    reply: () => always(() => ({ status: 401, message: 'invalid x-api-key' })),
    check: failsWith('login'),
  },
  {
    name: 'model',
    prompt: 'Work.\n',
    permissions: 'bypass',
    reply: () => always(() => ({ status: 404, message: 'model: nope' })),
    // OpenCode retries a 404 for minutes, and knows by itself which models there are.
    model: (harness) => (harness === 'opencode' ? 'scripted/nope' : undefined),
    check: failsWith('model'),
  },
  {
    name: 'error',
    prompt: 'Work.\n',
    permissions: 'bypass',
    reply: () => always(() => ({ status: 400, message: 'something is wrong with this request' })),
    check: failsWith('error'),
  },
  {
    name: 'denied',
    prompt: 'Remove the file.\n',
    permissions: 'inherit',
    reply:
      () =>
      ({ tools, turn }) => {
        if (tools.length === 0) return { text: 'a title' }
        // Gemini does not offer a shell at all where nobody can be asked.
        const shell = tools.some((tool) => /bash|exec_command|shell/i.test(tool))
        return turn === 0 && shell
          ? { text: 'I try.', shell: 'touch denied.txt && rm -rf denied.txt' }
          : { text: 'It was denied.' }
      },
    env: (harness): Changes => (harness === 'opencode' ? { OPENCODE_PERMISSION: '{"bash":"ask","edit":"ask"}' } : {}),
    check(result, _agent, harness) {
      expect(result.failure).toBeUndefined()
      if (harness !== 'gemini') expect(result.denials.join()).toContain('touch denied.txt')
    },
  },
]

/** The turn of a scenario. */
export function turnOf(scenario: AgentScenario, harness: RealHarness, session?: string): Turn {
  const model = scenario.model?.(harness) ?? scriptedModels[harness]
  const unknown = harness === 'opencode' ? 'ses_00000000000000000000000000' : '00000000-0000-4000-8000-000000000000'
  const id = scenario.session === 'unknown' ? unknown : session
  return {
    spec: { harness, model },
    form: 'json',
    permissions: scenario.permissions,
    ...(id && scenario.session ? { session: { id, resume: true } } : {}),
  }
}
