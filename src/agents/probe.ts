// Whether an agent can work at all, asked before a swarm starts: is it there, is it logged in, does its model answer.

import path from 'node:path'
import { findExecutable } from '../processes/executable.js'
import { runProcess } from '../processes/run.js'
import type { Agent, AgentCommand, AgentFailure, AgentSpec, TurnResult } from './contract.js'
import { runAgent } from './run.js'
import { formatAgentSpec } from './spec.js'

export interface ProbeContext {
  /** The repository's root. */
  readonly root: string
  /** The environment that the agent would have (`agentEnvironment`). */
  readonly env: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
}

/** An answer: it works, it does not (and what mends it), or only the first run can tell. */
export type Probe =
  | { readonly works: true; readonly detail: string }
  | { readonly works: false; readonly detail: string; readonly mend: string }
  | { readonly works: 'unknown'; readonly detail: string }

/** CLIs take 0.1 to 2 s for these; a machine that is busy takes longer. */
const FREE_COMMAND_MS = 20_000
/** A CLI's own start-up takes up to 9 s, and some retry a limit for minutes: that is not for a probe to wait out. */
const PROMPT_MS = 90_000

/** Finds the CLI and asks its version; of `command:PATH` only whether it can be executed. */
export async function probeVersion(agent: Agent, spec: AgentSpec, context: ProbeContext): Promise<Probe> {
  const command = agent.check.version(spec)
  const file = programOf(command, context)
  if (file === undefined) {
    return { works: false, detail: `\`${command.file}\` ${whyNot(command)}`, mend: agent.check.install }
  }
  if (command.args.length === 0) return { works: true, detail: file }
  const { status, text } = await runFree(command, context)
  const line = text.trim().split('\n').at(-1) ?? ''
  if (status === 0) return { works: true, detail: line }
  return { works: false, detail: `\`${lineOf(command)}\` failed: ${line || 'no answer'}`, mend: agent.check.install }
}

/** Asks the CLI whether it is logged in, where it has a free command for that. */
export async function probeLogin(agent: Agent, spec: AgentSpec, context: ProbeContext): Promise<Probe> {
  const command = agent.check.login?.(spec)
  if (!command) return { works: 'unknown', detail: 'its first run will tell' }
  const { status, text } = await runFree(command, context)
  if (status === 0) return { works: true, detail: 'logged in' }
  if (agent.check.otherLogin?.(context.env)) return { works: 'unknown', detail: 'uses a key or provider of its own' }
  if (status === null) return { works: 'unknown', detail: `\`${lineOf(command)}\` gave no answer` }
  const said = text.trim().split('\n').at(-1) ?? ''
  const detail = /^[[\]{}"\s]*$/.test(said) ? 'not logged in' : said
  return { works: false, detail, mend: agent.check.loginHelp }
}

export interface PromptProbe {
  readonly result: TurnResult
  /** A login or model that does not work stops the start; a limit does not, and nor does an error of another kind. */
  readonly failure?: AgentFailure
  readonly mend?: string
  readonly durationMs: number
}

/** Asks the agent for one word, to see whether its login and model work. Costs as much as a short prompt does. */
export async function probePrompt(agent: Agent, spec: AgentSpec, context: ProbeContext): Promise<PromptProbe> {
  const env = { ...context.env }
  // What counts workers or runs by this variable must not count the probe.
  delete env.OOMPA_WORKER
  const run = await runAgent({
    agent,
    turn: { spec, form: 'json', permissions: 'inherit' },
    prompt: 'Answer with the one word: ready\n',
    cwd: context.root,
    root: context.root,
    env,
    limits: { iterationMs: PROMPT_MS, graceMs: 1000 },
    signal: context.signal,
  })
  const { failure } = run
  return {
    result: run,
    ...(failure ? { failure, mend: mendOf(agent, spec, failure) } : {}),
    durationMs: run.durationMs,
  }
}

/** What a person can do about a failure of this kind. */
function mendOf(agent: Agent, spec: AgentSpec, failure: AgentFailure): string | undefined {
  if (failure.kind === 'login') return agent.check.loginHelp
  if (failure.kind === 'missing') return agent.check.install
  if (failure.kind !== 'model') return undefined
  return `Name a model that ${agent.name} knows in place of \`${formatAgentSpec(spec)}\` (--agent, OOMPA_AGENT or oompa.json).`
}

function programOf(command: AgentCommand, { root, env }: ProbeContext): string | undefined {
  return findExecutable(command.file, env, root)
}

function whyNot({ file }: AgentCommand): string {
  return file.includes('/') ? 'is not there, or may not be executed.' : 'is not on the PATH.'
}

function lineOf({ file, args }: AgentCommand): string {
  return [file, ...args].join(' ')
}

async function runFree(command: AgentCommand, { root, env, signal }: ProbeContext) {
  let text = ''
  const keep = (piece: string): void => {
    text = (text + piece).slice(-4096)
  }
  const end = await runProcess({
    file: command.file.includes('/') ? path.resolve(root, command.file) : command.file,
    args: command.args,
    cwd: root,
    env: { ...env, ...command.env },
    timeoutMs: FREE_COMMAND_MS,
    signal,
    onStdout: keep,
    onStderr: keep,
  })
  return { status: end.reason === 'exited' ? end.status : null, text }
}
