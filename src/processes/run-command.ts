// Runs a hook's command (a test, a set-up, an executable hook) by zx, and keeps the end of what it printed.

import { StringDecoder } from 'node:string_decoder'
import { type LogEntry, quote } from 'zx/core'
import type { CommandOptions, CommandResult, ProcessEnd } from './contract.js'
import { findExecutable } from './find-executable.js'
import { processRecord } from './watchdog.js'
import { shellWith, startingAt } from './zx.js'

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

/** A line of POSIX shell as somebody has written it: neither zx's `set -euo pipefail`, nor bash, which not all have. */
const PLAIN = { shell: '/bin/sh', prefix: '', postfix: '', quote, nothrow: true, quiet: true, verbose: false } as const

/**
 * Runs argv, or a line of shell if `command` is one string.
 * Never throws for what the command does: read `status`, `signal` and `timedOut`.
 */
export async function runCommand(
  command: string | readonly [string, ...string[]],
  place: CommandPlace,
): Promise<CommandResult> {
  const { cwd, env, marker, recordFolder, timeoutMs, input = '' } = place
  // Arguments never stand in the line: they are its `"$@"`.
  const [line, ...args] = typeof command === 'string' ? [command] : ['exec "$@"', ...command]
  const missing = args[0] !== undefined && !findExecutable(args[0], env, cwd)
  const stop = new AbortController()
  const abort = () => stop.abort()
  if (place.signal?.aborted) abort()
  place.signal?.addEventListener('abort', abort, { once: true })
  const kept = keepOutput(place.onOutput, abort)
  let end: ProcessEnd | undefined
  const shell = shellWith({
    ...PLAIN,
    ...kept.options,
    ...startingAt({
      marker,
      args,
      timeoutMs,
      ...(recordFolder === undefined ? {} : { record: processRecord(recordFolder) }),
      ended: (how) => {
        end = how
      },
    }),
    cwd,
    env,
    timeout: 0,
    input: Buffer.from(input),
    signal: stop.signal,
  })
  if (missing) kept.say(`There is no executable \`${args[0]}\`.`)
  const result = missing ? undefined : await shell(asWritten(line!))
  place.signal?.removeEventListener('abort', abort)
  kept.rethrow()
  if (end?.message) kept.say(end.message)
  return {
    status: result ? result.exitCode : 127,
    signal: result?.signal ?? null,
    timedOut: end?.reason === 'timeout',
    ...kept.texts(),
    durationMs: result?.duration ?? 0,
  }
}

/** A line for `$` that has no values in it. */
function asWritten(line: string): TemplateStringsArray {
  return Object.assign([line], { raw: [line] })
}

/**
 * Options of zx that keep the end of each output here, and nothing of it there.
 * @param fail called when `pass` throws: the command ends, and `rethrow` gives the reader's error.
 */
function keepOutput(pass: CommandOptions['onOutput'], fail: () => void) {
  const outputs = { stdout: keepEnd(), stderr: keepEnd() }
  const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') }
  const both = keepEnd()
  let failure: { error: unknown } | undefined
  const nothing = () => Object.assign<Buffer[], { push(): number }>([], { push: () => 0 })
  const add = (kind: 'stdout' | 'stderr', text: string): void => {
    if (text === '') return
    outputs[kind].add(text)
    both.add(text)
    try {
      pass?.(text)
    } catch (error) {
      failure ??= { error }
      fail()
    }
  }
  return {
    options: {
      store: { stdout: nothing(), stderr: nothing(), stdall: nothing() },
      log: (entry: LogEntry) => {
        if (entry.kind === 'stdout' || entry.kind === 'stderr') add(entry.kind, decoders[entry.kind].write(entry.data))
        if (entry.kind === 'end') for (const kind of ['stdout', 'stderr'] as const) add(kind, decoders[kind].end())
      },
    },
    rethrow: () => {
      if (failure) throw failure.error
    },
    say: both.add,
    texts: () => ({ stdout: outputs.stdout.text(), stderr: outputs.stderr.text(), output: both.text() }),
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
