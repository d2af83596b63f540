// Every error that a person reads: what was being done, why it failed, and the command that mends it.

/** Exit statuses of every command (docs/contract.md). */
export const STATUS = {
  done: 0,
  failed: 1,
  usage: 2,
  nothing: 3,
  refused: 4,
  limit: 5,
  interrupted: 130,
} as const

export type Status = (typeof STATUS)[keyof typeof STATUS]

export interface ErrorFacts {
  /** A stable word for programs, such as `not-a-repository`. */
  code: string
  /** What was being done, on what, and why it failed: one sentence. */
  message: string
  /** The command, or the edit, that mends it. */
  mend?: string
  /** The exit status it ends a command with; 1 unless it says otherwise. */
  status?: Status
  cause?: unknown
}

/** An error with a way out. Thrown everywhere; printed in one place (`reportError`). */
export class OompaError extends Error {
  readonly code: string
  readonly mend: string | undefined
  readonly status: Status

  constructor(facts: ErrorFacts) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.name = 'OompaError'
    this.code = facts.code
    this.mend = facts.mend
    this.status = facts.status ?? STATUS.failed
  }
}

/** Wrong usage or configuration: status 2. */
export function usageError(message: string, mend?: string, code = 'usage'): OompaError {
  return new OompaError({ code, message, mend, status: STATUS.usage })
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Whether `error` is a system error with this code, such as `ENOENT`. */
export function isErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
}

/** Prints an error for a person (its stack, too, with `OOMPA_DEBUG=1`); gives its exit status. */
export function reportError(error: unknown): Status {
  console.error(`oompa: ${messageOf(error)}`)
  if (error instanceof OompaError && error.mend) console.error(`  → ${error.mend}`)
  if (process.env.OOMPA_DEBUG === '1' && error instanceof Error) console.error(error.stack)
  return error instanceof OompaError ? error.status : STATUS.failed
}
