// Runs one process of ours (an agent, a hook, a test) to its end, with all that it starts.

import { setTimeout as sleep } from 'node:timers/promises'
import type { ResultPromise } from 'execa'
import { findExecutable } from './executable.js'
import { processFacts } from './identity.js'
import { uniqueMarker, withLimit, withMarker } from './marks.js'
import { drain, type OutputSink } from './output.js'
import { endTree, newTree, type Tree } from './tree.js'
import { recordProcesses, watchTree } from './watch.js'

export interface ProcessOptions {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  /** The whole environment: nothing is added but the mark. */
  readonly env: NodeJS.ProcessEnv
  /** Written to standard input, which is then closed. */
  readonly input?: string | Uint8Array
  /** The mark of this run (`uniqueMarker`). */
  readonly marker?: string
  /** Called with whole characters as they come. Throwing ends the process. */
  onStdout?(text: string): void
  onStderr?(text: string): void
  /** Takes the raw bytes of both; reading waits for it. A `FileHandle` is one. */
  readonly output?: OutputSink
  /** The longest it may take. */
  readonly timeoutMs?: number
  /** The longest it may be silent. */
  readonly idleMs?: number
  /** How long it may go on once `finished` says so; looked at after each piece of output. */
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

const KILL_AFTER_MS = 2000
/** What a process leaves behind after a normal end gets less time: the next iteration is waiting. */
const LEFTOVER_GRACE_MS = 500
/** How long pipes may stay open after everything has ended that we know of. */
const PIPE_GRACE_MS = 300
/** How long after the last KILL an exit is waited for. */
const GIVE_UP_MS = 5000
/** A timer that is this late says that we were not running. */
const STOPPED_MS = 1000
/** `setTimeout` takes no more. */
const LONGEST_MS = 2 ** 31 - 1

/** Loads what `runProcess` needs (execa takes 130 ms) while other things go on. */
export const loadExeca = () => import('execa')

/**
 * Runs a process in a session of its own, and ends all that it started: at its end, on a time limit, on `signal`.
 * Never throws for what the process does; output is passed on and not kept.
 */
export async function runProcess(options: ProcessOptions): Promise<ProcessEnd> {
  const began = performance.now()
  const since = () => Math.round(performance.now() - began)
  const notStarted = (reason: EndReason, message?: string): ProcessEnd => {
    return { status: null, signal: null, reason, durationMs: since(), leftovers: 0, message }
  }
  if (options.signal?.aborted) return notStarted('aborted')
  if (!findExecutable(options.file, options.env, options.cwd)) {
    return notStarted('missing', `There is no executable \`${options.file}\`.`)
  }
  const { execa } = await loadExeca()
  const marker = options.marker ?? uniqueMarker()
  const env = withMarker(options.env, marker)
  // A child that trusts PWD (agents do) must not be told of the folder that we were started in.
  if (env.PWD !== undefined) env.PWD = options.cwd
  const start = withLimit(marker, options.file, options.args, env)
  const child = execa(start.file, start.args, {
    cwd: options.cwd,
    env,
    extendEnv: false,
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const exited = exitOf(child)
  if (child.pid === undefined) return notStarted('missing', (await child).message)
  const root = processFacts(child.pid)
  const tree = newTree({ marker }, root ? [root] : [])
  // If it is gone already its children may be there still, and only their marks say so.
  if (!root) tree.started = processFacts(process.pid)?.started ?? 0
  const unwatch = watchTree(tree, options.record)
  if (root && options.record !== undefined) recordProcesses(options.record, [root])
  options.onStart?.(child.pid)

  child.stdin.on('error', () => {}) // it may end, or close its input, before it has read everything
  child.stdin.end(options.input)
  const limits = watchLimits(options)
  const drained = Promise.all([
    drain(child.stdout, options.output, limits.heard(options.onStdout?.bind(options))),
    drain(child.stderr, options.output, limits.heard(options.onStderr?.bind(options))),
  ])
  drained.catch(limits.failed)

  try {
    const first = await Promise.race([exited.then(() => 'exited' as const), limits.reached])
    const { leftovers, status, signal } = await endAll(tree, first, exited, options.killAfterMs ?? KILL_AFTER_MS)
    await settled(drained, PIPE_GRACE_MS)
    return { status, signal, reason: first, durationMs: since(), leftovers }
  } finally {
    limits.clear()
    unwatch()
    child.stdout.destroy()
    child.stderr.destroy()
    limits.rethrow()
  }
}

interface Exit {
  readonly status: number | null
  readonly signal: string | null
}

/** The end of the process itself. Execa's own promise also waits for pipes, which a grandchild may hold open. */
function exitOf(child: ResultPromise): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (status: number | null, signal: string | null) => resolve({ status, signal }))
  })
}

async function endAll(
  tree: Tree,
  reason: EndReason,
  exited: Promise<Exit>,
  killAfterMs: number,
): Promise<Exit & { leftovers: number }> {
  const ended = await endTree(tree, reason === 'exited' ? LEFTOVER_GRACE_MS : killAfterMs)
  // What the kernel will not end (a dead network mount) must not hold us for ever.
  const exit = await Promise.race([exited, sleep(GIVE_UP_MS, { status: null, signal: 'SIGKILL' }, { ref: false })])
  return { ...exit, leftovers: reason === 'exited' ? ended : Math.max(0, ended - 1) }
}

/** Resolves when `promise` has settled, or after `forMs`. */
async function settled(promise: Promise<unknown>, forMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, forMs)
  })
  await Promise.race([
    promise.then(
      () => {},
      () => {},
    ),
    late,
  ])
  clearTimeout(timer)
}

/** The four reasons to end a process from outside, and the clock that tells silence. */
function watchLimits(options: ProcessOptions) {
  const timers = new Set<NodeJS.Timeout>()
  let last = performance.now()
  let failure: { error: unknown } | undefined
  let reach: (reason: EndReason) => void = () => {}
  const reached = new Promise<EndReason>((resolve) => {
    reach = resolve
  })
  const after = (ms: number, then: () => void): void => {
    const timer = setTimeout(
      () => {
        timers.delete(timer)
        then()
      },
      Math.min(ms, LONGEST_MS),
    )
    timers.add(timer)
  }
  const abort = () => reach('aborted')
  options.signal?.addEventListener('abort', abort, { once: true })
  if (isLimit(options.timeoutMs)) after(options.timeoutMs, () => reach('timeout'))
  const idleMs = options.idleMs
  if (isLimit(idleMs)) {
    // The clock is a monotonic one: it stands still while a laptop sleeps, so waking up is not silence. If we were
    // stopped (SIGSTOP, Ctrl-Z) it went on; then what was said meanwhile has not been read yet.
    let due = performance.now() + idleMs
    const look = (): void => {
      const now = performance.now()
      if (now - due > STOPPED_MS) last = now
      const left = idleMs - (now - last)
      if (left <= 0) {
        reach('idle')
        return
      }
      due = now + left
      after(left, look)
    }
    after(idleMs, look)
  }
  let finished = false
  return {
    reached,
    /** What to do with each piece of text: mark the time, pass it on, see whether the final message has come. */
    heard: (pass: ((text: string) => void) | undefined) => (text: string) => {
      last = performance.now()
      if (text !== '') pass?.(text)
      if (finished || options.graceMs === undefined || !options.finished?.()) return
      finished = true
      after(options.graceMs, () => reach('grace'))
    },
    failed: (error: unknown) => {
      failure = { error }
      reach('aborted')
    },
    /** An error of our own reader is ours, and is not swallowed. */
    rethrow: () => {
      if (failure) throw failure.error
    },
    clear: () => {
      for (const timer of timers) clearTimeout(timer)
      options.signal?.removeEventListener('abort', abort)
    },
  }
}

function isLimit(ms: number | undefined): ms is number {
  return ms !== undefined && Number.isFinite(ms) && ms > 0
}
