// What is asked of a process, and what is known of its end.

import type { Readable } from 'node:stream'
import type { OutputSink } from './output.js'

export interface ProcessOptions {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  /** The whole environment: nothing is added but the mark. */
  readonly env: NodeJS.ProcessEnv
  /** Written to standard input, which is then closed; a stream is passed on as it comes. */
  readonly input?: string | Uint8Array | Readable
  /** The mark of this run (`uniqueMarker`). */
  readonly marker?: string
  /** Called with whole characters as they come. Throwing ends the process. */
  onStdout?(text: string): void
  onStderr?(text: string): void
  /** Takes the raw bytes of both; reading waits for it. A `FileHandle` is one. */
  readonly output?: OutputSink
  /** The same for one of them. */
  readonly stdout?: OutputSink
  readonly stderr?: OutputSink
  /** Starts it before the call returns; what could keep it from starting is looked at in line. */
  readonly atOnce?: boolean
  /** The longest it may take. */
  readonly timeoutMs?: number
  /** The longest it may be silent. */
  readonly idleMs?: number
  /** It says nothing while it works (a CLI that prints only its final message): using the CPU is a sign of life too. */
  readonly silent?: boolean
  /** How long it may go on while `finished` says so; looked at after each piece of output. */
  readonly graceMs?: number
  finished?(): boolean
  readonly signal?: AbortSignal
  onStart?(pid: number): void
  /** Between TERM and KILL; 2 s unless given. */
  readonly killAfterMs?: number
  /** A file to which it and its descendants are written down, for the watchdog and the next start. */
  readonly record?: string
}

export type EndReason = 'exited' | 'timeout' | 'idle' | 'aborted' | 'grace' | 'missing'

export interface ProcessEnd {
  /** As the process gave it. After any reason but `exited` a 0 says nothing. */
  readonly status: number | null
  readonly signal: string | null
  readonly reason: EndReason
  readonly durationMs: number
  /** How many processes that it had started were still there, and were ended. */
  readonly leftovers: number
  /** Why it could not be started (`missing`). */
  readonly message?: string
}

/** A command that a hook runs; it and all that it starts end with its time limit, the iteration, or us. */
export interface CommandOptions {
  cwd?: string
  input?: string
  env?: Record<string, string>
  /** Milliseconds. */
  timeoutMs?: number
  /** Called with pieces of output as they come. */
  onOutput?(text: string): void
  signal?: AbortSignal
}

export interface CommandResult {
  /** Exit status; null if a signal or the time limit ended it. */
  status: number | null
  signal: string | null
  timedOut: boolean
  /** Standard output, its end if it was long. */
  stdout: string
  stderr: string
  /** Both, in the order in which they came, the end of it if it was long. */
  output: string
  durationMs: number
}
