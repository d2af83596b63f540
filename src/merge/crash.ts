// Dies where a test asks for it, as if the machine had: what a landing leaves behind must be mended by the next start.

/** The steps of a landing, in order. */
export type LandingStep = 'stacked' | 'tested' | 'journal' | 'prepared' | 'files' | 'swapped' | 'finished' | 'settled'

/** Ends this process by SIGKILL if `OOMPA_CRASH_AT` names the step. */
export function crashPoint(step: LandingStep): void {
  if (process.env.OOMPA_CRASH_AT === step) process.kill(process.pid, 'SIGKILL')
}
