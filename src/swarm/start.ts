// Starts a swarm: everything that could be wrong is found here, before any agent runs.

import { hostname } from 'node:os'
import path from 'node:path'
import { parseAgentSpec } from '../agents/spec.js'
import { idleSettings, levelOf } from '../config/level.js'
import { loadSettings } from '../config/load.js'
import { OompaError, STATUS, type Status } from '../errors.js'
import { excludeOurs } from '../git/exclude.js'
import { findRepository, headCommit } from '../git/repository.js'
import { findHooks } from '../hooks/find.js'
import { loadHooks } from '../hooks/load.js'
import { worktreePool } from '../worktrees/pool.js'
import { makeBudget } from './budget.js'
import type { Swarm, Worker } from './contract.js'
import { endSwarm } from './end.js'
import { makeHarnesses } from './harness.js'
import { agentFinder } from './iteration.js'
import { mergeHookOf } from './landing.js'
import { portBlocks } from './ports.js'
import { startProbes } from './probe.js'
import { readPrompts } from './prompts.js'
import { recoverCrashed } from './recover.js'
import { register } from './register.js'
import { resumePoint } from './resume.js'
import { reviewHooksOf } from './reviewers.js'
import { makeStopping } from './stop.js'
import { targetBranch } from './target.js'
import { openTasks } from './tasks.js'
import { formatAgentSpec } from '../agents/spec.js'
import { makeWorker } from './worker.js'

/** A swarm that is going on, or the status of a call that began none (a dry run, a detached start). */
export type Started = (Swarm & { end(): Promise<Status> }) | { readonly status: Status }

/**
 * @param argv what the process was started with, the command word first if there is one
 * @throws OompaError for everything that keeps a swarm from starting
 */
export async function startSwarm(argv: readonly string[]): Promise<Started> {
  const startedAt = Date.now()
  const repository = await findRepository()
  const { root } = repository
  const call = readCall(argv)
  const [settings, head] = await Promise.all([
    loadSettings(root, { argv: call.argv, env: process.env, command: call.command }),
    headCommit(root),
  ])
  if (!head) {
    throw new OompaError({
      code: 'no-commit',
      message: `${root} has no commit yet: a worktree needs one to start from.`,
      mend: 'git add -A && git commit -m "Start"',
      status: STATUS.usage,
    })
  }
  const found = findHooks(root)
  const level = levelOf({ hooks: found.files.map((file) => file.hook), settings })
  const into = level > 1 ? await targetBranch(root, settings.merge.into) : undefined
  const prompts = readPrompts(root, settings, level)
  if (settings.dryRun) {
    const { describePlan } = await import('./plan.js')
    process.stdout.write(describePlan({ root, settings, hooks: found.files, level, into }))
    return { status: STATUS.done }
  }
  if (settings.detach && !process.env.OOMPA_DETACHED) {
    const { detach } = await import('./detach.js')
    return { status: await detach(root, settings.json) }
  }
  excludeOurs(repository.gitDir)
  const resumed = call.resume === undefined ? undefined : resumePoint(root, call.resume)
  const entry = await register({ repository, settings, level, into, resumed })
  const { id, emit, names } = entry
  try {
    const stopping = makeStopping()
    entry.listen(stopping)
    const hooks = await loadHooks(root, { swarm: id, settings, found, emit })
    entry.addEventHooks(hooks.event)
    for (const remark of [...settings.remarks, ...found.remarks, ...idleSettings(level, settings)]) {
      emit({ type: 'note', text: remark })
    }
    const ports = await portBlocks(names.length, settings.ports)
    const budget = makeBudget(settings, names, startedAt, resumed?.spentUsd)
    const workers: Worker[] = []
    const { store, claims, folder } = await openTasks(root, settings, hooks, level)
    const swarm: Swarm & { end(): Promise<Status> } = {
      id,
      repository,
      settings,
      hooks: { ...hooks, review: reviewHooksOf(hooks, settings), merge: level > 1 ? mergeHookOf(hooks, settings, names.length) : undefined },
      level,
      into,
      store,
      claims,
      tasks: path.resolve(root, folder),
      workers,
      pool: worktreePool({ root, gitDir: repository.gitDir, signal: stopping.agents }),
      harnesses: makeHarnesses(emit),
      budget,
      stopping,
      emit,
      output: entry.output,
      prompts,
      ahead: new Map(),
      busy: new Set(),
      findAgent: agentFinder(hooks),
      spend: (agent, result) => budget.spend(parseAgentSpec(agent), result),
      end: () => endSwarm(swarm, entry),
    }
    for (const [index, name] of names.entries()) {
      workers.push(makeWorker(swarm, { name, settings: settings.workers[index]!, portBase: ports[index]!, first: resumed?.next.get(name) ?? 1 }))
    }
    if (!resumed) await recoverCrashed(swarm)
    const probes = startProbes(swarm)
    if (level > 1) await probes
    return swarm
  } catch (error) {
    await entry.abandon(error)
    throw error
  }
}

interface Call {
  readonly argv: readonly string[]
  readonly command: 'run' | 'loop'
  /** The swarm to go on with. */
  readonly resume?: string
}

/** `oompa run …`, `oompa loop …` and `oompa resume ID` all run the loop file; the file itself takes the flags alone. */
function readCall(argv: readonly string[]): Call {
  const [word, ...rest] = argv
  if (word === 'run' || word === 'swarm') return { argv: rest, command: 'run' }
  if (word === 'loop') return { argv: rest, command: 'loop' }
  return { argv, command: 'run' }
}
