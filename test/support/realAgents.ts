// Real coding-agent CLIs against a scripted model on the loopback address: no network, no key, no home of a person's.

import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { startModelServer } from '../model-server/server.mjs'
import { cleanEnvironment } from './repository.js'

export const realHarnesses = ['claude', 'codex', 'opencode', 'gemini'] as const
export type RealHarness = (typeof realHarnesses)[number]

/** A model name that each CLI takes, and sends to the scripted model. */
export const scriptedModels: Readonly<Record<RealHarness, string>> = {
  claude: 'claude-sonnet-4-5',
  codex: 'scripted',
  opencode: 'scripted/scripted',
  gemini: 'gemini-2.5-flash',
}

/** What a scenario is asked; `test/model-server/README.md` says more. */
export interface ModelRequest {
  api: 'anthropic' | 'responses' | 'chat' | 'gemini'
  model: string
  session: string | null
  prompt: string
  prompts: string[]
  /** Tool results since the last prompt. */
  turn: number
  toolResults: { id: string; text: string; isError: boolean }[]
  /** Empty on a side call, such as for a title. */
  tools: string[]
  system: string
  userText: string
  headers: Record<string, string | string[] | undefined>
  body: unknown
  n: number
}

export interface ModelReply {
  text?: string
  /** Runs this with the CLI's own shell tool. */
  shell?: string
  usage?: { input?: number; output?: number; cacheRead?: number; cacheWrite?: number }
  status?: number
  retryAfter?: number
  message?: string
  headers?: Record<string, string>
  /** The whole body of an error response, in place of the one made from `message`. */
  error?: unknown
  hang?: boolean
  drop?: boolean
  delayMs?: number
}

export type Scenario = (request: ModelRequest) => ModelReply | Promise<ModelReply>

export interface ScriptedModel {
  readonly url: string
  /** Every request so far. */
  readonly requests: readonly ModelRequest[]
  close(): Promise<unknown>
}

/** Starts a scripted model; it is closed when the test has ended. */
export async function scriptedModel(reply: Scenario): Promise<ScriptedModel> {
  const model = await openModel(reply)
  onTestFinished(() => void model.close())
  return model
}

/** As `scriptedModel`, outside of a test. */
async function openModel(reply: Scenario): Promise<ScriptedModel> {
  const requests: ModelRequest[] = []
  const server = await startModelServer({
    scenario: {
      reply: (request: ModelRequest) => {
        requests.push(request)
        return reply(request)
      },
    },
  })
  return { url: server.url, requests, close: server.close }
}

/** A worker that commits `hello.txt` and says `__DONE__`. */
export const committingWorker: Scenario = ({ tools, turn }) => {
  if (tools.length === 0) return { text: 'a title' }
  if (turn > 0) return { text: 'Committed.\n\n__DONE__' }
  return {
    text: 'I will add the file.',
    shell: 'echo hello > hello.txt && git add hello.txt && git commit -qm "Add hello.txt"',
  }
}

/**
 * An environment in which all four CLIs talk to the scripted model at `url` and to nothing else. Writes their
 * configuration into `home`, which must be the test's own.
 */
export function realAgentEnvironment(home: string, url: string, extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const write = (file: string, text: string): string => {
    const full = path.join(home, file)
    mkdirSync(path.dirname(full), { recursive: true })
    writeFileSync(full, text)
    return full
  }
  write(
    '.codex/config.toml',
    `model = "scripted"
model_provider = "scripted"
[model_providers.scripted]
name = "scripted"
base_url = "${url}/v1"
wire_api = "responses"
env_key = "SCRIPTED_KEY"
request_max_retries = 0
stream_max_retries = 0
`,
  )
  const opencode = write(
    '.config/opencode/opencode.json',
    JSON.stringify({
      provider: {
        scripted: {
          npm: '@ai-sdk/openai-compatible',
          options: { baseURL: `${url}/v1`, apiKey: 'test' },
          models: { scripted: { name: 'scripted', tool_call: true } },
        },
      },
      permission: { bash: 'allow', edit: 'allow' },
      model: 'scripted/scripted',
    }),
  )
  write(
    '.gemini/settings.json',
    JSON.stringify({
      security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
      privacy: { usageStatisticsEnabled: false },
      general: { enableAutoUpdate: false, maxAttempts: 1 },
    }),
  )
  return cleanEnvironment(home, {
    // Claude
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: 'test',
    IS_SANDBOX: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_MAX_RETRIES: '1',
    // Codex
    CODEX_HOME: path.join(home, '.codex'),
    SCRIPTED_KEY: 'test',
    // OpenCode
    OPENCODE_CONFIG: opencode,
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_MODELS_FETCH: '1',
    OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
    OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
    // Gemini
    GEMINI_API_KEY: 'test',
    GOOGLE_GEMINI_BASE_URL: url,
    GEMINI_CLI_TRUST_WORKSPACE: 'true',
    ...extra,
  })
}

export { itWith } from './optional.js'
