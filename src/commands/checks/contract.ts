// What a check finds: one line, and the command that mends it.

export interface Finding {
  /** What was looked at, one word or two. */
  readonly check: string
  /** `false`: a run could not work, or not as the files here mean it to; the status is 1. */
  readonly ok: boolean
  /** A run would work, and hardly as its person means it to. */
  readonly warning?: true
  readonly text: string
  readonly mend?: string
}

/** A finding from whatever a check threw: the error's own words and way out. */
export function failed(check: string, error: unknown): Finding {
  const text = error instanceof Error ? error.message : String(error)
  const mend = error instanceof Error && 'mend' in error && typeof error.mend === 'string' ? error.mend : undefined
  return { check, ok: false, text, ...(mend ? { mend } : {}) }
}

/** How a finding begins: right, worth a look, wrong. Pure. */
export function markOf({ ok, warning }: Finding): '✓' | '!' | '✗' {
  return warning ? '!' : ok ? '✓' : '✗'
}
