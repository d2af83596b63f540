// Runs an agent for one turn: the only place where adapters' argv becomes a process and its output a result.

import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { messageOf } from '../errors.js'
import { showBytes } from '../files/bytes.js'
import type { EndReason, ProcessEnd } from '../processes/contract.js'
import { runProcess } from '../processes/run-process.js'
import { type AgentLog, openAgentLog } from './agent-log.js'
import type { Agent, AgentCommand, AgentFailure, OutputReader, Turn, TurnResult } from './contract.js'
import { latest } from './throttle.js'
import { addUsage, sinceLastRun } from './usage.js'

export interface AgentRequest {
  readonly agent: Agent
  readonly turn: Turn
  /** Written to standard input, to the byte. */
  readonly prompt: string | Uint8Array
  /** What to say in place of `prompt` where the session cannot be gone on with. */
  readonly freshPrompt?: string | Uint8Array
  /** Where it runs. */
  readonly cwd: string
  /** What a relative `command:PATH` is relative to: the repository's root; `cwd` unless given. */
  readonly root?: string
  /** The whole environment (`agentEnvironment`). */
  readonly env: NodeJS.ProcessEnv
  /** The mark of this run (`uniqueMarker`). */
  readonly marker?: string
  /** Where everything that it prints is appended; its folder is made. */
  readonly logFile?: string
  /** The most that is kept there, its end; 64 MB unless given. */
  readonly logBytes?: number
  /** A line that stands before what it prints, where several agents write to one file. */
  readonly logHeading?: string
  readonly limits: AgentLimits
  readonly signal?: AbortSignal
  /** Short lines of what it is doing now, at most four a second. */
  onActivity?(text: string): void
  /** All that it prints, as it comes. */
  onOutput?(text: string): void
  /** What it has used so far, whenever its stream says more. */
  onUsed?(used: NonNullable<OutputReader['used']>): void
  /** Called once it has started. */
  onStart?(pid: number): void
  /** Something that a person should know, such as a session that could not go on. */
  onNotice?(text: string): void
  /** Where pids are written down for the watchdog. */
  readonly recordFile?: string
}

export interface AgentLimits {
  /** The longest silence. */
  readonly idleMs?: number
  /** The longest run. */
  readonly iterationMs?: number
  /** After the final message. */
  readonly graceMs?: number
}

export interface AgentRun extends TurnResult {
  readonly status: number | null
  readonly signal: string | null
  readonly reason: EndReason
  readonly durationMs: number
  readonly pid?: number
  /** Processes that it had left behind, and that were ended. */
  readonly leftovers: number
  /** The session could not be gone on with, and a new one was begun. */
  readonly restarted?: boolean
}

/** Between two lines of activity; of what comes in between, the latest. */
const ACTIVITY_MS = 250
/** How much of standard error is kept, for telling failures apart. */
const STDERR_KEPT = 16 * 1024

/**
 * Runs one turn. Never throws for what the agent does: `failure` says why a turn was not done, and is there too when a
 * process that we ended says status 0 (Claude does).
 */
export async function runAgent(request: AgentRequest): Promise<AgentRun> {
  const run = await runOnce(request, request.turn, request.prompt)
  const { session, ...turn } = request.turn
  if (!run.failure || !session || !cannotGoOn(run.failure, session.resume, run.tools)) return run
  const fresh: Turn = request.agent.choosesSession ? { ...turn, session: { id: randomUUID(), resume: false } } : turn
  request.onNotice?.(
    `${request.agent.name} could not go on with its session (${run.failure.message}); began a new one.`,
  )
  const again = await runOnce(request, fresh, request.freshPrompt ?? request.prompt)
  return { ...again, ...both(run, again), restarted: true, durationMs: run.durationMs + again.durationMs }
}

/**
 * Whether a session is of no use: its id is unknown or busy, or it was gone on with and the run failed before it had
 * done anything (a transcript that is too long or broken, a model that is no more): there are too many words for that
 * to be told by them. A limit or a login would be met by a new session as well.
 */
function cannotGoOn({ kind }: AgentFailure, resumed: boolean, tools: number | undefined): boolean {
  if (kind === 'session') return true
  return resumed && tools === 0 && (kind === 'error' || kind === 'model')
}

/** What both runs cost together. */
function both(first: TurnResult, second: TurnResult): Pick<TurnResult, 'costUsd' | 'usage'> {
  const { costUsd = 0, usage } = first
  return {
    // Without the second's there is no sum: its cost is unknown.
    ...(second.costUsd === undefined ? {} : { costUsd: costUsd + second.costUsd }),
    ...(second.usage ? { usage: usage ? addUsage(usage, second.usage) : second.usage } : {}),
  }
}

async function runOnce(request: AgentRequest, turn: Turn, prompt: string | Uint8Array): Promise<AgentRun> {
  const { agent, limits } = request
  const command = agent.command(turn)
  const reader = agent.reader(turn)
  const log = openLog(request)
  const activity = latest(ACTIVITY_MS, (line: string) => request.onActivity?.(line))
  let stderr = ''
  let spoke = false
  let used: OutputReader['used']
  let pid: number | undefined
  try {
    const end = await runProcess({
      file: programPath(command, request.root ?? request.cwd),
      args: command.args,
      cwd: request.cwd,
      env: { ...request.env, ...command.env },
      input: typeof prompt === 'string' ? showBytes(prompt) : prompt,
      marker: request.marker,
      output: log,
      timeoutMs: limits.iterationMs,
      idleMs: limits.idleMs,
      // `claude -p` as text prints nothing before its last word, and so may a program under a CLI's name.
      get silent() {
        return turn.form === 'text' || !spoke
      },
      graceMs: limits.graceMs,
      finished: () => reader.finished,
      signal: request.signal,
      record: request.recordFile,
      onStart: (started) => {
        pid = started
        request.onStart?.(started)
      },
      onStdout: (text) => {
        spoke = true
        request.onOutput?.(text)
        for (const line of reader.read(text)) activity.add(line)
        if (reader.used && reader.used !== used) request.onUsed?.(reader.used)
        used = reader.used
      },
      onStderr: (text) => {
        request.onOutput?.(text)
        stderr = (stderr + text).slice(-STDERR_KEPT)
      },
    })
    // A run that had said its last word and only would not go away has done its turn.
    const status = end.reason === 'grace' ? 0 : end.status
    const result = reader.end({ status, signal: end.signal, stderr })
    const failure = ourReason(end, request, command, reader) ?? result.failure
    return {
      ...result,
      usage: ownUsage(agent, turn, result),
      model: result.model ?? turn.spec.model ?? agent.configuredModel?.(request.env),
      ...(failure ? { failure } : {}),
      status: end.status,
      signal: end.signal,
      reason: end.reason,
      durationMs: end.durationMs,
      leftovers: end.leftovers,
      pid,
    }
  } finally {
    activity.flush()
    log?.close()
  }
}

/** A path is relative to the repository's root, not to the worktree that the agent runs in. */
function programPath(command: AgentCommand, root: string): string {
  return command.file.includes('/') ? path.resolve(root, command.file) : command.file
}

/** Without a place for its output (a full disk, a read-only folder) an agent can still work. */
function openLog({ logFile, logBytes, logHeading, root, onNotice }: AgentRequest): AgentLog | undefined {
  if (logFile === undefined) return undefined
  try {
    const log = openAgentLog(logFile, { top: root, mostBytes: logBytes })
    if (logHeading) log.write(Buffer.from(`\n--- ${logHeading}\n`))
    return log
  } catch (error) {
    onNotice?.(`The agent's output is not written down: ${messageOf(error)}.`)
    return undefined
  }
}

function ownUsage(agent: Agent, turn: Turn, { session, usage }: TurnResult): TurnResult['usage'] {
  const id = session ?? turn.session?.id
  return agent.cumulativeUsage && usage && id ? sinceLastRun(id, usage) : usage
}

/** Why we ended it, or could not start it; its own words do not count then. */
function ourReason(
  end: ProcessEnd,
  { agent, limits, cwd }: AgentRequest,
  command: AgentCommand,
  reader: OutputReader,
): AgentFailure | undefined {
  switch (end.reason) {
    case 'grace':
      // What it said between the end of its time and its own end was the turn going on.
      return reader.finished ? undefined : { kind: 'timeout', message: 'was ended while it was at work' }
    case 'missing':
      // The program may be there, and the folder that it should run in gone.
      if (!existsSync(cwd)) return { kind: 'error', message: end.message ?? `There is no folder ${cwd}.` }
      return {
        kind: 'missing',
        message: `Cannot start \`${command.file}\`: ${end.message ?? ''} ${agent.check.install}`,
      }
    case 'timeout':
      return { kind: 'timeout', message: `took longer than ${span(limits.iterationMs)}, and was ended` }
    case 'idle':
      return { kind: 'timeout', message: `said nothing for ${span(limits.idleMs)}, and was ended` }
    case 'aborted':
      return { kind: 'interrupted', message: 'was ended, because the swarm is being stopped' }
    default:
      return undefined
  }
}

/** A time limit in words: `15 min`, `2 h`, `1.5 s`. */
function span(ms = 0): string {
  if (ms >= 3_600_000) return `${round(ms / 3_600_000)} h`
  return ms >= 60_000 ? `${round(ms / 60_000)} min` : `${round(ms / 1000)} s`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
