// Whether an agent can work at all, asked before a swarm starts: is it there, is it logged in, does its model answer.

import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { findExecutable } from '../processes/find-executable.js'
import { askProgram } from '../processes/question.js'
import type { Agent, AgentCommand, AgentFailure, AgentSpec, TurnResult } from './contract.js'
import { runAgent } from './run-agent.js'
import { formatAgentSpec } from './spec.js'
import { findElsewhere, pathMend, type Remark } from './standing.js'

export interface ProbeContext {
  /** The repository's root. */
  readonly root: string
  /** Where the agent would work, a worktree; the root unless given. */
  readonly cwd?: string
  /** What it would be allowed. */
  readonly permissions?: 'inherit' | 'bypass'
  /** The environment that the agent would have (`agentEnvironment`). */
  readonly env: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
}

/** An answer: it works, it does not (and what mends it), or only the first run can tell. */
export type Probe =
  | { readonly works: true; readonly detail: string }
  | {
      readonly works: false
      readonly detail: string
      readonly mend: string
      /** What a worktree's set-up brings there may change that. */
      readonly onlyInRoot?: true
    }
  | { readonly works: 'unknown'; readonly detail: string }

/** CLIs take 0.1 to 2 s for these; a machine that is busy takes longer. */
const FREE_COMMAND_MS = 20_000
/** A CLI's own start-up takes up to 9 s, and some retry a limit for minutes: that is not for a probe to wait out. */
const PROMPT_MS = 90_000

/** Finds the CLI and asks its version; of `command:PATH` only whether it can be executed. */
export async function probeVersion(agent: Agent, spec: AgentSpec, context: ProbeContext): Promise<Probe> {
  const command = agent.check.version(spec)
  const file = programOf(command, context)
  const inRoot = { ...context, cwd: context.root }
  if (file === undefined) {
    const { detail, mend } = missing(command.file, agent, context.env)
    return programOf(command, inRoot) ? notInWorktrees(detail) : { works: false, detail, mend }
  }
  if (command.args.length === 0) return { works: true, detail: file }
  const { status, text } = await runFree(command, context)
  const line = text.trim().split('\n').at(-1) ?? ''
  if (status === 0) return { works: true, detail: line }
  const failed = `\`${lineOf(command)}\` failed: ${line || 'no answer'}`
  const isElsewhere = (context.cwd ?? context.root) !== context.root
  if (isElsewhere && (await runFree(command, inRoot)).status === 0) return notInWorktrees(failed)
  return { works: false, detail: failed, mend: agent.check.install }
}

/** A shim finds its version, or its permission, by the folder that it is called in. */
function notInWorktrees(failed: string): Probe {
  return {
    works: false,
    detail: `works at the top of the repository, and not in a worktree. ${failed}`,
    mend: 'Have hooks/worktree.ts bring there what it needs, or put a program on the PATH that is the same in every folder.',
    onlyInRoot: true,
  }
}

/** What to say of a program that is not there, with where it is where the PATH lacks it. */
export function missing(file: string, agent: Agent, env: NodeJS.ProcessEnv): { detail: string; mend: string } {
  if (file.includes('/')) return { detail: `there is no executable \`${file}\`.`, mend: agent.check.install }
  const elsewhere = findElsewhere(file, env)
  if (!elsewhere) return { detail: `there is no executable \`${file}\` on the PATH.`, mend: agent.check.install }
  return {
    detail: `there is no executable \`${file}\` on the PATH, but it is there: ${elsewhere}`,
    mend: pathMend(elsewhere, env),
  }
}

/** Whether the CLI would refuse to start as the agent is started; undefined where only the start can tell. */
export function probePlace(agent: Agent, context: ProbeContext): Remark | undefined {
  const { root, cwd = root, env, permissions = 'inherit' } = context
  return agent.check.refuses?.({ cwd, env, permissions, uid: process.getuid?.() })
}

/** Asks the CLI whether it is logged in, where it has a free command for that. */
export async function probeLogin(agent: Agent, spec: AgentSpec, context: ProbeContext): Promise<Probe> {
  const command = agent.check.login?.(spec)
  if (!command) return { works: 'unknown', detail: 'its first run will tell' }
  const { status, text } = await runFree(command, context)
  if (status === 0) return { works: true, detail: 'logged in' }
  if (agent.check.otherLogin?.(context.env)) return { works: 'unknown', detail: 'uses a key or provider of its own' }
  if (status === null) return { works: 'unknown', detail: `\`${lineOf(command)}\` gave no answer` }
  // What is for programs (claude's) says no more than its status.
  const isJson = /^\s*[[{]/.test(text)
  const detail = (isJson ? '' : text.trim().split('\n').at(-1)) || 'not logged in'
  return { works: false, detail, mend: agent.check.loginHelp }
}

export interface PromptProbe {
  readonly result: TurnResult
  readonly failure?: AgentFailure
  /** Whether every run would fail in the same way; a limit passes, and so does an error of the service. */
  readonly hopeless: boolean
  readonly mend?: string
  readonly durationMs: number
}

/**
 * Asks the agent for one word, as it is asked for work: in the same place, with the same flags and environment. Costs as
 * much as a short prompt does.
 */
export async function probePrompt(agent: Agent, spec: AgentSpec, context: ProbeContext): Promise<PromptProbe> {
  const { root, cwd = root, permissions = 'inherit' } = context
  const env = { ...context.env }
  // What counts workers or runs by this variable must not count the probe.
  delete env.OOMPA_WORKER
  const session = agent.choosesSession ? { session: { id: randomUUID(), resume: false } } : {}
  const turn = { spec, form: 'json', permissions, ...session } as const
  const run = await runAgent({
    agent,
    turn,
    prompt: 'Answer with the one word: ready\n',
    cwd,
    root,
    env,
    limits: { iterationMs: PROMPT_MS, graceMs: 1000 },
    signal: context.signal,
  })
  const { failure } = run
  const refused = failure && probePlace(agent, context)
  const byHand = () => `Try it by hand: cd '${cwd}' && echo hello | ${lineOf(agent.command(turn))}`
  return {
    result: run,
    ...(failure ? { failure, mend: refused?.mend ?? mendOf(agent, spec, failure) ?? byHand() } : {}),
    hopeless: failure !== undefined && isHopeless(failure, run),
    durationMs: run.durationMs,
  }
}

/** It cannot log in, has no such model, or went away by itself before its stream had begun: it refuses to start. */
function isHopeless(
  { kind }: AgentFailure,
  { status, session, tools = 0 }: TurnResult & { status: number | null },
): boolean {
  if (kind === 'login' || kind === 'model' || kind === 'missing') return true
  return kind === 'error' && status !== 0 && status !== null && session === undefined && tools === 0
}

/** What a person can do about a failure of this kind. */
function mendOf(agent: Agent, spec: AgentSpec, failure: AgentFailure): string | undefined {
  if (failure.kind === 'login') return agent.check.loginHelp
  if (failure.kind === 'missing') return agent.check.install
  if (failure.kind !== 'model') return undefined
  return `Name a model that ${agent.name} knows in place of \`${formatAgentSpec(spec)}\` (--agent, OOMPA_AGENT or oompa.json).`
}

function programOf({ file }: AgentCommand, { root, cwd = root, env }: ProbeContext): string | undefined {
  return findExecutable(file, env, file.includes('/') ? root : cwd)
}

function lineOf({ file, args }: AgentCommand): string {
  return [file, ...args].join(' ')
}

async function runFree(command: AgentCommand, { root, cwd = root, env, signal }: ProbeContext) {
  const file = command.file.includes('/') ? path.resolve(root, command.file) : command.file
  const question = { cwd, env: { ...env, ...command.env }, timeoutMs: FREE_COMMAND_MS, signal }
  const { status, output } = await askProgram([file, ...command.args], question)
  return { status, text: output.slice(-4096) }
}
