// A process of ours in the shape of Node's `ChildProcess`, for zx: run-process.ts starts it, keeps its limits, and
// ends all that it started.

import { ChildProcess, type SpawnOptions } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { PassThrough, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { ProcessEnd } from './contract.js'
import type { OutputSink } from './output.js'
import { runProcess } from './run-process.js'

/** What a command has beside its line. */
export interface TreePlace {
  /** The mark of its processes. */
  readonly marker: string
  /** A file to which they are written down. */
  readonly record?: string
  /** `$1` and so on. */
  readonly args?: readonly string[]
  readonly timeoutMs?: number
  ended?(end: ProcessEnd): void
}

export interface StartedTree {
  readonly child: ChildProcess
  /** Resolves when the process and all that it started have ended. */
  readonly ended: Promise<unknown>
  end(): void
}

/**
 * Starts a line of shell.
 * @param options those of Node's `spawn`, and the `input` that zx adds to them
 */
export function startTree(line: string, options: SpawnOptions & { input?: unknown }, place: TreePlace): StartedTree {
  const child = new ChildProcess()
  const stop = new AbortController()
  const end = () => stop.abort()
  if (options.signal?.aborted) end()
  options.signal?.addEventListener('abort', end, { once: true })
  const input = givenInput(options)
  const stdin = input === undefined ? new PassThrough() : null
  if (stdin) endUnlessFed(stdin, Boolean(options.input))
  const [stdout, stderr] = [outputOf(options, 1, process.stdout), outputOf(options, 2, process.stderr)]
  Object.assign(child, { stdin, stdout: stdout.stream, stderr: stderr.stream })
  const { env = process.env } = options
  const shell = typeof options.shell === 'string' ? options.shell : '/bin/sh'
  const run = runProcess({
    file: shell,
    args: ['-c', line, shell, ...(place.args ?? [])],
    cwd: String(options.cwd ?? process.cwd()),
    // bash takes a socket, which Node's pipe is, for a login over the network, and reads `~/.bashrc`: not on this level.
    env: input === undefined ? { SHLVL: '1', ...env } : env,
    marker: place.marker,
    record: place.record,
    timeoutMs: place.timeoutMs,
    input: input ?? stdin ?? '',
    stdout: stdout.sink,
    stderr: stderr.sink,
    signal: stop.signal,
    // zx asks for the pid when a time limit is over, however short.
    atOnce: true,
    onStart: (pid) => Object.assign(child, { pid }),
  })
  const done = async (status: number | null, signal: string | null, error?: unknown): Promise<void> => {
    options.signal?.removeEventListener('abort', end)
    Object.assign(child, { exitCode: status, signalCode: signal })
    if (error !== undefined) child.emit('error', error)
    child.emit('exit', status, signal)
    for (const { stream } of [stdout, stderr]) stream?.end()
    await Promise.allSettled([stdout, stderr].map(({ stream }) => stream && finished(stream)))
    child.emit('close', status, signal)
  }
  const ended = run.then(
    (how) => {
      place.ended?.(how)
      if (how.reason === 'missing') return done(127, null, new Error(how.message))
      // A status after our own signal says nothing.
      return how.reason === 'exited' ? done(how.status, how.signal) : done(null, how.signal ?? 'SIGTERM')
    },
    (error: unknown) => done(null, 'SIGTERM', error),
  )
  return { child, ended, end }
}

/** What is known before the start can be had by name, as `/dev/stdin`; undefined for what comes by and by. */
function givenInput({ input, stdio }: SpawnOptions & { input?: unknown }): string | Uint8Array | undefined {
  if (typeof input === 'string' || input instanceof Uint8Array) return input
  return modeOf(stdio, 0) === 'pipe' ? undefined : ''
}

/**
 * zx keeps standard input open, and a command that reads it would wait for ever. Here it ends unless another command
 * is piped into it, or something has been written to it, by the time that the caller waits.
 */
function endUnlessFed(stdin: PassThrough, fed: boolean): void {
  let isFed = fed
  stdin.on('error', () => {}) // who writes late writes to a closed pipe
  stdin.once('data', () => {
    isFed = true
  })
  stdin.on('pipe', (source: NodeJS.ReadableStream) => {
    // Whoever is piped into zx's own stream listens for being taken off it.
    isFed ||= source.listenerCount('unpipe') > 0
  })
  setImmediate(() => {
    if (!isFed) stdin.end()
  })
}

interface Output {
  /** What zx reads. */
  readonly stream: PassThrough | null
  readonly sink: OutputSink
}

function outputOf({ stdio }: SpawnOptions, number: 1 | 2, ours: NodeJS.WriteStream): Output {
  const mode = modeOf(stdio, number)
  if (mode === 'ignore') return { stream: null, sink: { write: () => {} } }
  if (mode === 'inherit') return { stream: null, sink: { write: (chunk) => void ours.write(chunk) } }
  if (typeof mode === 'number') {
    const file = createWriteStream('', { fd: mode, autoClose: false })
    return { stream: null, sink: { write: (chunk) => void file.write(chunk) } }
  }
  if (mode instanceof Writable) return { stream: null, sink: { write: (chunk) => void mode.write(chunk) } }
  const stream = new PassThrough()
  return { stream, sink: { write: (chunk) => void stream.write(chunk) } }
}

function modeOf(stdio: SpawnOptions['stdio'], number: 0 | 1 | 2) {
  return (Array.isArray(stdio) ? stdio[number] : stdio) ?? 'pipe'
}
