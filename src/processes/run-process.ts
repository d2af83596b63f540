// Runs one process of ours (an agent, a hook, a test) to its end, with all that it starts. Spawned directly and not by
// execa: docs/decisions/0012-processes-by-spawn.md. zx starts what it starts through this: zx.ts.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EndReason, ProcessEnd, ProcessOptions } from './contract.js'
import { findExecutable } from './find-executable.js'
import { processFacts } from './identity.js'
import { watchLimits } from './limits.js'
import { uniqueMarker, withLimit, withMarker } from './marks.js'
import { drain } from './output.js'
import { openPipes, openPipesNow } from './pipes.js'
import { cpuOf, endTree, newTree, type Tree } from './tree.js'
import { recordProcesses, watchTree } from './watch-tree.js'

const KILL_AFTER_MS = 2000
/** What a process leaves behind after a normal end gets less time: the next iteration is waiting. */
const LEFTOVER_GRACE_MS = 500
/** How long pipes may stay open after everything has ended that we know of. */
const PIPE_GRACE_MS = 300
/** How long after the last KILL an exit is waited for. */
const GIVE_UP_MS = 5000

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
  const { input = '' } = options
  const written = typeof input === 'string' || input instanceof Uint8Array ? input : undefined
  const pipes = options.atOnce ? openPipesNow(written) : await openPipes(written)
  if (!existsSync(options.cwd)) {
    // Open pipes would keep our own process from ending.
    pipes?.started()
    pipes?.stdout.destroy()
    pipes?.stderr.destroy()
    return notStarted('missing', `There is no folder ${options.cwd}.`)
  }
  const marker = options.marker ?? uniqueMarker()
  const env = withMarker(options.env, marker)
  // A child that trusts PWD (agents do) must not be told of the folder that we were started in.
  if (env.PWD !== undefined) env.PWD = options.cwd
  const start = withLimit(marker, options.file, options.args, env)
  const child = spawn(start.file, start.args, {
    cwd: options.cwd,
    env,
    detached: true,
    stdio: pipes ? [...pipes.child] : 'pipe',
  })
  const exited = exitOf(child)
  pipes?.started()
  const outputs = [pipes?.stdout ?? child.stdout, pipes?.stderr ?? child.stderr] as const
  if (child.pid === undefined) {
    for (const output of outputs) output?.destroy()
    return notStarted('missing', (await exited).message)
  }
  const root = processFacts(child.pid)
  const tree = newTree({ marker }, root ? [root] : [])
  // If it is gone already its children may be there still, and only their marks say so.
  if (!root) tree.started = processFacts(process.pid)?.started ?? 0
  const unwatch = watchTree(tree, options.record)
  if (root && options.record !== undefined) recordProcesses(options.record, [root])
  options.onStart?.(child.pid)

  child.stdin?.on('error', () => {}) // it may end, or close its input, before it has read everything
  if (typeof input === 'string' || input instanceof Uint8Array) child.stdin?.end(input)
  else if (child.stdin) input.pipe(child.stdin)
  const limits = watchLimits(options, () => cpuOf(tree))
  const drained = Promise.all([
    drain(outputs[0], options.stdout ?? options.output, limits.heard(options.onStdout?.bind(options))),
    drain(outputs[1], options.stderr ?? options.output, limits.heard(options.onStderr?.bind(options))),
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
    child.stdin?.destroy()
    for (const output of outputs) output?.destroy()
    limits.rethrow()
  }
}

interface Exit {
  readonly status: number | null
  readonly signal: string | null
  /** Why it could not be started. */
  readonly message?: string
}

/** The end of the process itself. `close` would also wait for pipes, which a grandchild may hold open. */
function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (status, signal) => resolve({ status, signal }))
    child.on('error', ({ message }) => resolve({ status: null, signal: null, message }))
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
