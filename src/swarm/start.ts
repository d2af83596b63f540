// Starts a swarm: everything that could be wrong is found here, before any agent runs.

import path from 'node:path'
import { openPersister } from '../agents/persist.js'
import type { Settings } from '../config/contract.js'
import { withoutPage } from '../config/flags.js'
import { idleSettings, levelOf } from '../config/level.js'
import { loadSettings } from '../config/load.js'
import { OompaError, STATUS, type Status } from '../errors.js'
import { readLog, swarmIds } from '../events/log.js'
import { excludeOurs } from '../git/exclude.js'
import { refInTheWay } from '../git/in-the-way.js'
import { movedWorktrees } from '../git/no-checkout.js'
import { sharedObjects } from '../git/objects.js'
import { findRepository } from '../git/repository.js'
import { runGitHooks } from '../git/run-git.js'
import { findHooks, misspeltWords } from '../hooks/find.js'
import { loadHooks } from '../hooks/load-hooks.js'
import { protectionOf } from '../hooks/protected.js'
import { tracesOf } from '../hooks/traces.js'
import { thisMachine } from '../processes/owner.js'
import { type PromptText, readPrompts } from '../prompts/index.js'
import { recoverCrashed } from '../recovery/index.js'
import { NO_JUDGES } from '../review/judges.js'
import { agentsTasks } from '../tasks/existing.js'
import { worktreePool } from '../worktrees/pool.js'
import { makeBudget } from './budget.js'
import { readCall } from './call.js'
import { uncappedWords } from './caps.js'
import type { Swarm, Worker } from './contract.js'
import { makeCrew } from './crew.js'
import { endSwarm } from './end.js'
import { makeHarnesses } from './harness.js'
import { agentFinder } from './iteration.js'
import { type Registration, register } from './open-log.js'
import { makeDebts, pay } from './owed.js'
import { portBlocks } from './ports.js'
import { freeQuestions, probeAgents } from './probe-agents.js'
import { renewClaims } from './renew.js'
import { type ResumePoint, resumePoint } from './resume-point.js'
import { overlaps } from './same-store.js'
import { mustBeOfLevel, targetOf } from './start-target.js'
import { makeStopping } from './stopping.js'
import { watchTasks } from './task-watch.js'
import { lookForUnseen, type UnseenWords } from './unseen.js'
import { watchShared } from './watch-shared.js'
import { makeWorker } from './worker.js'

/** A swarm that is going on, or the status of a call that began none (a dry run, a detached start). */
export type Started = (Swarm & { end(): Promise<Status> }) | { readonly status: Status }

/**
 * @param given what the process was started with, the command word first if there is one
 * @throws OompaError for everything that keeps a swarm from starting
 */
export async function startSwarm(given: readonly string[]): Promise<Started> {
  const repository = await findRepository()
  const { root } = repository
  const call = readCall(given)
  const resumed = call.resume === undefined ? undefined : await resumePoint(root, call.resume)
  const objects = sharedObjects(root)
  const commitOf = async (name: string) => (await objects.info(`${name}^{commit}`))?.oid
  const [loaded, head] = await Promise.all([
    loadSettings(root, { argv: call.argv, env: process.env, command: call.command }),
    commitOf('HEAD'),
  ])
  const named = await (repository.here === root && resumed?.started.named === undefined
    ? undefined
    : (await import('./place.js')).loopPlace(repository, loaded, resumed?.started.named))
  const settings = named ? (await import('./place.js')).settingsIn(named, loaded, call.argv) : loaded
  if (!head) {
    throw new OompaError({
      code: 'no-commit',
      message: `${root} has no commit yet: a worktree needs one to start from.`,
      mend: 'git add -A && git commit -m "Start"',
      status: STATUS.usage,
    })
  }
  const inTheWay = (await refInTheWay(commitOf)) ?? movedWorktrees(root, repository.gitDir)
  if (inTheWay) throw inTheWay
  runGitHooks(settings.gitHooks)
  const found = findHooks(root)
  const level = levelOf({ hooks: found.files.map((file) => file.hook), settings })
  if (resumed) mustBeOfLevel(resumed, level, root)
  const into = level > 1 ? await targetOf(root, settings, found, resumed) : undefined
  const prompts = settings.workers.map((lane) => readPrompts(root, lane.prompts, { expand: level > 1 }))
  if (settings.dryRun) {
    const { describePlan } = await import('./dry-run.js')
    process.stdout.write(describePlan({ root, settings, hooks: found.files, level, into, named }))
    return { status: STATUS.done }
  }
  if (settings.detach && !process.env.OOMPA_DETACHED) {
    const { detach } = await import('./detach.js')
    return { status: await detach(root, { json: settings.json, resume: call.resume }) }
  }
  excludeOurs(repository.gitDir)
  if (settings.dash) await (await import('../dash/beside.js')).openPageBeside(root, settings.dash)
  // Nobody waits for it before the swarm is put together.
  const unseen = settings.here ? Promise.resolve([]) : lookForUnseen(root, prompts, level).catch(() => [])
  const isFirst = swarmIds(root).length === 0
  const argv = [call.command, ...withoutPage(call.argv)]
  const entry = await register({ repository, settings, level, into, argv, resumed, named })
  let elsewhere: Swarm['elsewhere']
  try {
    const swarm = await assemble({
      repository,
      settings,
      level,
      into,
      resumed,
      prompts,
      entry,
      found,
      commitOf,
      named,
      unseen,
      isFirst,
    })
    await recoverCrashed(swarm)
    elsewhere = swarm.remote === undefined ? undefined : await (await import('./other-clones.js')).elsewhereOf(swarm)
    swarm.elsewhere = elsewhere
    await entry.openly(() => swarm.fresh.now())
    await probeAgents(swarm)
    const stopRenewing = renewClaims(swarm)
    const leave =
      swarm.store?.engine && (await (await import('./machine.js')).amongMachines(swarm, swarm.store.engine.machines))
    const end = async () => {
      stopRenewing()
      await leave?.work()
      const status = await endSwarm(swarm, entry)
      await leave?.machine()
      return status
    }
    return Object.assign(swarm, { end })
  } catch (error) {
    await elsewhere?.leave()
    await entry.abandon(error)
    throw error
  }
}

interface Parts {
  readonly repository: Swarm['repository']
  readonly settings: Settings
  readonly level: Swarm['level']
  readonly into?: string
  readonly resumed?: ResumePoint
  readonly prompts: readonly PromptText[]
  readonly entry: Registration
  readonly found: ReturnType<typeof findHooks>
  readonly commitOf: Swarm['commitOf']
  /** What agents shall work from and do not see. */
  readonly unseen: Promise<readonly UnseenWords[]>
  /** No swarm has been in this repository. */
  readonly isFirst: boolean
  readonly named?: Swarm['named']
}

/** Puts the swarm together from what was found. What level 1 does not use is not loaded. */
async function assemble(parts: Parts): Promise<Swarm> {
  const { repository, settings, level, resumed, entry, found } = parts
  const { root } = repository
  const { id, emit, names } = entry
  const stopping = makeStopping()
  entry.listen(stopping)
  const [loaded, ports] = await Promise.all([
    loadHooks(root, { swarm: id, settings, found, emit }),
    portBlocks(names, settings.ports),
  ])
  entry.addEventHooks([...loaded.event, ...tracesOf(process.env, () => readLog(root, id), emit)])
  const findAgent = agentFinder(loaded)
  for (const agent of [...settings.workers.map((lane) => lane.agent), ...settings.fallback]) findAgent(agent)
  const misspelt = new Set(found.misspelt?.map(misspeltWords))
  for (const text of [...settings.remarks, ...found.remarks, ...idleSettings(level, settings)])
    emit({ type: 'note', text, ...(misspelt.has(text) ? { level: 'warning' } : {}) })
  for (const { text, mend } of await parts.unseen) emit({ type: 'note', level: 'warning', text: `${text} ${mend}` })
  const uncapped = parts.isFirst ? uncappedWords(settings) : undefined
  if (uncapped) emit({ type: 'note', text: uncapped })
  const budget = makeBudget(settings, {
    workers: names,
    startedAt: Date.now(),
    spent: resumed?.spent,
    ...(settings.budget.perDay === undefined ? {} : { day: (await import('./today.js')).sharedDay(root, id) }),
    say: (text, level) => emit({ type: 'note', level, text }),
    nearing: (cap) => emit({ type: 'budget.nearing', ...cap }),
  })
  const workers: Worker[] = []
  const landing =
    parts.into !== undefined
      ? await (await import('./landing.js')).landingParts({
          ...parts,
          into: parts.into,
          id,
          stopping,
          emit,
          hooks: loaded,
        })
      : undefined
  const engine = landing?.store?.engine
  const tasks =
    landing?.store &&
    (await import('./store-away.js')).patientStore(landing.store, { leaseMs: settings.limits.leaseMs, stopping, emit })
  for (const text of overlaps(root, id, settings)) emit({ type: 'note', level: 'warning', text })
  const swarm: Swarm = {
    id,
    repository,
    settings,
    hooks: landing?.hooks ?? loaded,
    level,
    into: parts.into,
    store: tasks?.store,
    machine: engine && thisMachine.host,
    remote: landing?.remote,
    lane: landing?.lane,
    awayMs: tasks?.awayMs ?? (() => 0),
    claims: loaded.tasks !== undefined,
    tasks: path.join(root, 'tasks'),
    workers,
    named: parts.named,
    pool: worktreePool({ root, signal: stopping.agents }),
    harnesses: makeHarnesses({ emit, ...freeQuestions({ repository, settings, stopping, findAgent }) }),
    budget,
    stopping,
    emit,
    persister: openPersister(process.env),
    watch: watchTasks(watchShared({ root, swarm: id, level, into: parts.into, emit }), settings.tasksStores, {
      root,
      swarm: id,
      level,
      into: parts.into,
      loopClaims: loaded.tasks !== undefined,
      store: level > 1 ? async () => landing?.store : agentsTasks(root, settings),
      commitOf: parts.commitOf,
      emit,
    }),
    output: entry.output,
    aside: entry.aside,
    counted: { at: Number.NEGATIVE_INFINITY },
    ahead: new Map(),
    current: new Map(),
    crew: makeCrew(),
    proven: new Set(),
    debts: makeDebts(),
    outcomes: [],
    bypassed: landing?.bypassed ?? (async () => false),
    commitOf: parts.commitOf,
    resumed,
    findAgent,
    protection: protectionOf(
      loaded.approve,
      (landing?.judges ?? NO_JUDGES).programs.map((one) => one.path),
    ),
    judges: landing?.judges ?? NO_JUDGES,
    keepsCap: new Set(),
    reviewers: landing?.reviewers ?? (() => []),
    rounds: landing?.rounds ?? (() => 1),
    guard: landing?.guard ?? (async () => ({})),
    testCommands: landing?.testCommands ?? (() => []),
    fresh: landing?.fresh ?? { now: async () => true, others: async () => false },
    inReview: landing?.inReview ?? (() => false),
    drain: landing?.drain ?? ((settle) => settle()),
    pushed: landing?.pushed ?? (async () => {}),
    pay: (debt) => pay(swarm, debt),
  }
  for (const [index, name] of names.entries()) {
    const lane = settings.workers[index]!
    const first = resumed?.next.get(name) ?? 1
    workers.push(
      makeWorker(swarm, { name, settings: lane, prompt: parts.prompts[index]!, portBase: ports[index]!, first }),
    )
  }
  if (settings.scale) {
    const { followTasks, ownFigures } = await import('./scaling.js')
    const figures = ownFigures(root, id)
    entry.addEventHooks([figures.take])
    swarm.scaling = followTasks(swarm, settings.scale, figures.all)
  }
  swarm.planner = await plannerOf(swarm, ports[0]!)
  return swarm
}

/** The planner of `oompa.json`, unless enough tasks are pending; a lane of one iteration that may write no code. */
async function plannerOf(swarm: Swarm, portBase: number): Promise<Worker | undefined> {
  const { settings, level, store, repository, resumed } = swarm
  const { planner } = settings
  if (!planner || level === 1 || resumed) return undefined
  const pending = store ? (await store.list()).pending.length : 0
  if (planner.maxPending !== undefined && pending >= planner.maxPending) return undefined
  const [lane] = settings.workers
  const prompt = readPrompts(repository.root, planner.prompts, { expand: true })
  const own = { ...lane!, agent: planner.agent, prompts: planner.prompts, iterations: 1, canPlan: true, planner: true }
  return makeWorker(swarm, { name: 'w0', settings: own, prompt, portBase, first: 1 })
}
