// What an agent is: how a coding CLI is called, resumed and read. Adapters build argv and read output; they never spawn.

import type { Usage } from '../words.js'
import type { Place, Remark } from './standing.js'

/** `harness:model[:reasoning]`, taken apart. */
export interface AgentSpec {
  /** `claude`, `codex`, `command`, … */
  readonly harness: string
  /** The model, or for `command` the path of the executable. */
  readonly model?: string
  readonly reasoning?: Reasoning
}

export type Reasoning = 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'

/** One run of an agent: a first prompt, or a further one in the same session. */
export interface Turn {
  readonly spec: AgentSpec
  /** `json`: the CLI's machine-readable form. `text` is level 1's, the bash script's to the byte where there is one. */
  readonly form: 'text' | 'json'
  readonly permissions: 'inherit' | 'bypass'
  /** A session to start under this id (where the CLI lets us choose), or to go on with. */
  readonly session?: { readonly id: string; readonly resume: boolean }
  /** What it may cost, US dollars, for a CLI whose `check.keepsCap` says that it can be told. */
  readonly maxUsd?: number
}

/** What to start. The prompt always goes to standard input. */
export interface AgentCommand {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/**
 * Why a run did not do its turn. `limit`: a rate or usage limit; wait until then, the attempt is not spent. `exit`: the
 * turn is complete as the stream tells it, and the CLI ended with another status than 0 afterwards; for an author whose
 * work is there that is a warning, for a reviewer it is none. `budget`: the CLI ended it at the cap that it was given.
 */
export interface AgentFailure {
  readonly kind:
    | 'limit'
    | 'login'
    | 'model'
    | 'session'
    | 'missing'
    | 'timeout'
    | 'interrupted'
    | 'budget'
    | 'exit'
    | 'error'
  readonly message: string
  /** When a limit ends, ISO 8601, if the service said so. */
  readonly until?: string
}

/** What a run said and used. */
export interface TurnResult {
  /** The final message, joined. */
  readonly text: string
  readonly session?: string
  readonly usage?: Usage
  readonly costUsd?: number
  /** The model that answered, where the output says it. */
  readonly model?: string
  /** Tools that were refused: what was asked for. */
  readonly denials: readonly string[]
  /** How many tools it has called; undefined where the output does not say. */
  readonly tools?: number
  readonly failure?: AgentFailure
}

/** Reads one run's output as it arrives; never keeps more than the last message. */
export interface OutputReader {
  /** Takes a piece of standard output; gives short lines of what the agent is doing now. */
  read(text: string): readonly string[]
  /** The last pieces of standard error, for telling failures apart. */
  end(exit: { status: number | null; signal: string | null; stderr: string }): TurnResult
  /**
   * Whether the last event of the turn says that it is over: what follows is shut-down, which has a grace period. Not a
   * latch: true becomes false again with a further event of the turn.
   */
  readonly finished: boolean
  /** What the run has used so far, where the stream says it before its end; another object whenever it says more. */
  readonly used?: Pick<TurnResult, 'usage' | 'costUsd' | 'model'>
}

/** A coding CLI. */
export interface Agent {
  readonly name: string
  /** Whether a session can be resumed. */
  readonly sessions: boolean
  /** Whether a session's id is chosen by us (claude) or told by the CLI (the others). */
  readonly choosesSession: boolean
  /** Whether usage after a resume counts the whole session (codex). */
  readonly cumulativeUsage: boolean
  readonly reportsCost: boolean
  /** The model that it would take by its own configuration, for a CLI that says it nowhere in its output. */
  readonly configuredModel?: (env: NodeJS.ProcessEnv) => string | undefined
  /** argv and environment for one run. Pure. */
  command(turn: Turn): AgentCommand
  reader(turn: Turn): OutputReader
  /** Free commands that say whether the CLI is there and logged in (`oompa check`, the probe at start). */
  readonly check: {
    /** Its output is the version. */
    readonly version: (spec: AgentSpec) => AgentCommand
    /** Status 0 means logged in; where the CLI has none, its environment decides at the first run. */
    readonly login?: (spec: AgentSpec) => AgentCommand
    /** Whether this version takes a cap on the cost of a run (`Turn.maxUsd`). */
    readonly keepsCap?: (version: string) => boolean
    /** Why it would refuse to start in a place, where that can be told without starting it. */
    readonly refuses?: (place: Place) => Remark | undefined
    /** Who is billed, where it may not be who the person thinks. */
    readonly account?: (env: NodeJS.ProcessEnv) => Remark | undefined
    /** Whether its environment or configuration stands in for a login that `login` knows nothing of. */
    readonly otherLogin?: (env: NodeJS.ProcessEnv) => boolean
    /**
     * Whether it may write nothing where its permissions are inherited, by its configuration: for a CLI that does not say
     * in its stream what was denied. `folders` are those of the project, absolute.
     */
    readonly readOnly?: (env: NodeJS.ProcessEnv, folders: readonly string[]) => boolean
    /** How to install it, and how to log in. */
    readonly install: string
    readonly loginHelp: string
    /** How to allow tools that were denied. */
    readonly allow: string
  }
}
