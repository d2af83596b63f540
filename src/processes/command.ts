// Runs a hook's command (a test, a set-up, an executable hook) and keeps the end of what it printed.

import type { CommandOptions, CommandResult } from '../hooks/contract.js'
import { runProcess } from './run.js'
import { processRecord } from './watchdog.js'

export interface CommandPlace extends Omit<CommandOptions, 'env'> {
  readonly cwd: string
  /** The whole environment. */
  readonly env: NodeJS.ProcessEnv
  /** The mark of its processes. */
  readonly marker: string
  /** Where its processes are written down, for the watchdog; the swarm's folder. */
  readonly recordFolder?: string
}

/** How much of each output is kept: enough for any message, small enough for a prompt's neighbourhood. */
const KEPT_CHARACTERS = 256 * 1024

/**
 * Runs argv, or a line of shell if `command` is one string.
 * Never throws for what the command does: read `status`, `signal` and `timedOut`.
 */
export async function runCommand(
  command: string | readonly [string, ...string[]],
  place: CommandPlace,
): Promise<CommandResult> {
  const [file, ...args] = typeof command === 'string' ? ['/bin/sh', '-c', command] : command
  const stdout = keepEnd()
  const stderr = keepEnd()
  const both = keepEnd()
  const end = await runProcess({
    file: file!,
    args,
    cwd: place.cwd,
    env: place.env,
    marker: place.marker,
    input: place.input,
    timeoutMs: place.timeoutMs,
    signal: place.signal,
    record: place.recordFolder ? processRecord(place.recordFolder) : undefined,
    onStdout(text) {
      stdout.add(text)
      both.add(text)
      place.onOutput?.(text)
    },
    onStderr(text) {
      stderr.add(text)
      both.add(text)
      place.onOutput?.(text)
    },
  })
  if (end.message) both.add(end.message)
  return {
    // A status after our own signal says nothing.
    status: end.reason === 'exited' ? end.status : end.reason === 'missing' ? 127 : null,
    signal: end.signal,
    timedOut: end.reason === 'timeout' || end.reason === 'idle',
    stdout: stdout.text(),
    stderr: stderr.text(),
    output: both.text(),
    durationMs: end.durationMs,
  }
}

/** Collects text and forgets its beginning once it is long. */
function keepEnd(): { add(text: string): void; text(): string } {
  let kept = ''
  let cut = false
  return {
    add(text) {
      kept += text
      if (kept.length > 2 * KEPT_CHARACTERS) {
        kept = kept.slice(-KEPT_CHARACTERS)
        cut = true
      }
    },
    text: () => (cut || kept.length > KEPT_CHARACTERS ? `…${kept.slice(-KEPT_CHARACTERS)}` : kept),
  }
}
