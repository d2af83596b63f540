// What a command needs to use hooks without a swarm: settings, hooks, and a context whose processes end with it.

import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { NO_ARGS } from '../cli/contract.js'
import type { Settings } from '../config/contract.js'
import { settingsOf } from '../config/load.js'
import { OompaError, STATUS } from '../errors.js'
import type { Emit } from '../events/contract.js'
import { outputFile, runFolder } from '../files/paths.js'
import { excludeOurs } from '../git/exclude.js'
import { gitFolders } from '../git/folders.js'
import { removeOurs } from '../git/remove.js'
import { runGitHooks } from '../git/run-git.js'
import type { HookContext } from '../hooks/contract.js'
import { findHooks, hasHook } from '../hooks/find.js'
import { type LoadedHooks, loadHooks } from '../hooks/load-hooks.js'
import { programsOf } from '../hooks/programs.js'
import { protectionOf } from '../hooks/protected.js'
import { testCommandsOf } from '../hooks/test-commands.js'
import { hookContext } from '../swarm/context.js'
import { agentFinder } from '../swarm/iteration.js'
import { setUpWorktree } from '../swarm/set-up-worktree.js'
import type { Task, Worktree } from '../words.js'

export interface StandaloneFacts {
  /** The swarm in whose folder things are written; a folder of its own, removed at the end, unless given. */
  readonly swarm?: string
  readonly worker?: string
  readonly iteration?: number
  readonly task?: Task
  readonly emit?: Emit
}

export interface Standalone {
  readonly settings: Settings
  readonly hooks: LoadedHooks
  readonly context: HookContext
}

/**
 * Runs `work` with settings, hooks and a context of this repository. Ctrl-C aborts the context's signal once; what it
 * runs ends, and `work` with it.
 * @throws OompaError with status 2 for a broken configuration or hook
 */
export async function standalone<T>(
  root: string,
  facts: StandaloneFacts,
  work: (parts: Standalone) => Promise<T>,
): Promise<T> {
  const swarm = facts.swarm ?? randomBytes(4).toString('hex')
  const emit: Emit = facts.emit ?? (() => {})
  const settings = await settingsOf(root, NO_ARGS, { env: process.env })
  runGitHooks(settings.gitHooks)
  const found = findHooks(root)
  const hooks = await loadHooks(root, { settings, emit, found })
  const stopping = new AbortController()
  const stop = () => stopping.abort(interrupted())
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  const worker = facts.worker ?? 'w0'
  const iteration = facts.iteration ?? 1
  const tasks = path.join(root, 'tasks')
  const folder = runFolder(root, swarm)
  excludeOurs(gitFolders(root).common)
  mkdirSync(folder, { recursive: true })
  try {
    const plain = hookContext({
      root,
      swarm,
      worker,
      iteration,
      ...(facts.task ? { task: facts.task } : {}),
      tasks,
      signal: stopping.signal,
      variables: {
        OOMPA_ROOT: root,
        OOMPA_WORKTREE: root,
        OOMPA_SWARM: swarm,
        OOMPA_WORKER: worker,
        OOMPA_ITERATION: String(iteration),
        OOMPA_TASKS: tasks,
        ...(facts.task ? { OOMPA_TASK: facts.task.id } : {}),
      },
      settings,
      findAgent: agentFinder(hooks),
      protection: protectionOf(
        hooks.approve,
        programsOf(root, { found, hooks, settings }).map((one) => one.path),
      ),
      testCommands: testCommandsOf(root, hooks.merge, settings.merge),
      emit,
      logFile: outputFile(root, swarm, worker, iteration),
    })
    const context: HookContext = {
      ...plain,
      workers: 1,
      // A gate is set up as a worktree is.
      prepare: (worktree) => setUpWorktree(worktree, context, { hooks, root }),
    }
    const result = await work({ settings, hooks, context })
    stopping.signal.throwIfAborted()
    return result
  } finally {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
    if (!facts.swarm) removeOurs(folder)
  }
}

function interrupted(): OompaError {
  return new OompaError({ code: 'interrupted', message: 'Interrupted.', status: STATUS.interrupted })
}

/** Sets up a gate for `oompa merge` as a swarm sets up its worktrees: `.worktreeinclude`, then `hooks/worktree`. */
export async function setUpGate(root: string, gate: Worktree): Promise<void> {
  if (hasHook(findHooks(root), 'worktree')) {
    await standalone(root, {}, async ({ context }) => context.prepare?.(gate))
    return
  }
  const { includeFiles } = await import('../worktrees/include.js')
  await includeFiles(root, gate.path)
}
