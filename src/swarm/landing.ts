// What a swarm has from level 2 on: a queue that lands, reviewers, the tasks, and a guard over the target.

import type { Settings, WorkerSettings } from '../config/contract.js'
import { STATUS } from '../errors.js'
import type { Emit } from '../events/contract.js'
import { rememberIdentity } from '../git/committer.js'
import { rememberDestination } from '../git/destination.js'
import { sharedObjects } from '../git/objects.js'
import { remoteOf } from '../git/upstream.js'
import { commandRunner } from '../hooks/commandRunner.js'
import type { Hooks, MergeHook, ReviewerFacts, ReviewHook } from '../hooks/contract.js'
import type { FoundHooks } from '../hooks/find.js'
import type { LoadedHooks } from '../hooks/load-hooks.js'
import { programsOf } from '../hooks/programs.js'
import { withTest } from '../hooks/test-commands.js'
import { uncommittedJudges, uncommittedWords } from '../hooks/uncommitted.js'
import { type Bypass, bypassError, detectBypass, detectPushed, hasLanded, rememberMade } from '../merge/bypass.js'
import type { LandContext, MergeOptions } from '../merge/contract.js'
import { landEdits } from '../merge/edits.js'
import { type Fresh, keepFresh } from '../merge/fresh.js'
import { guardEnvironment, removeGuards } from '../merge/guard.js'
import { mergeQueue } from '../merge/hook.js'
import { foreignMove, sayMove } from '../merge/moved.js'
import type { RequestHook } from '../merge/pull-requests.js'
import { pushLeft, requirePushed } from '../merge/push-left.js'
import { type Judges, pinPrograms } from '../review/judges.js'
import { reviewersFromSettings } from '../review/reviewer.js'
import { roundsOf } from '../review/rounds.js'
import type { TaskStore } from '../tasks/contract.js'
import { openTasks } from '../tasks/existing.js'
import { watchBranch } from '../tasks/tracked/follow.js'
import type { Swarm } from './contract.js'
import type { Pulls } from './pulls.js'
import type { Stopping } from './stopping.js'

export interface LandingParts {
  readonly hooks: Hooks
  readonly reviewers: Swarm['reviewers']
  readonly rounds: Swarm['rounds']
  readonly judges: Judges
  readonly store: Swarm['store']
  readonly guard: Swarm['guard']
  readonly bypassed: Swarm['bypassed']
  readonly fresh: Swarm['fresh']
  readonly inReview: Swarm['inReview']
  readonly testCommands: Swarm['testCommands']
  readonly remote: Swarm['remote']
  readonly lane: Swarm['lane']
  readonly pushed: Swarm['pushed']
  readonly drain: Swarm['drain']
}

/** Who reads a worker's changes: `hooks/review`, else the reviewers of `oompa.json`, the worker's own first. */
async function reviewHooks(
  root: string,
  hooks: Pick<Hooks, 'review'>,
  settings: Settings,
): Promise<LandingParts['reviewers']> {
  const byWorker = new Map<WorkerSettings, readonly (ReviewHook & ReviewerFacts)[]>()
  for (const lane of settings.workers) {
    const configured = hooks.review.length > 0 ? undefined : reviewersFromSettings(settings, lane)
    await configured?.prepare?.(root)
    byWorker.set(lane, configured ? [configured] : hooks.review)
  }
  return (lane) => byWorker.get(lane) ?? hooks.review
}

export interface LandingFacts {
  readonly repository: Swarm['repository']
  readonly settings: Settings
  readonly hooks: LoadedHooks
  readonly found: FoundHooks
  readonly into: string
  readonly emit: Emit
  readonly id: string
  readonly stopping: Stopping
}

export async function landingParts(facts: LandingFacts): Promise<LandingParts> {
  const { repository, settings, hooks, id, emit, into, stopping } = facts
  const { root } = repository
  const judges = await pinJudges(facts)
  await rememberStart(root, into, hooks.merge)
  const target = await watchTarget(root, into, facts.stopping, emit)
  const store = await openTasks(root, settings, hooks, { into, say: (text) => emit({ type: 'note', text }) })
  const unwatch = store?.close ? keepApart(store, root) : undefined
  const reviewers = await reviewHooks(root, hooks, settings)
  const { merge, testCommands } = withTest(root, mergeHookOf(hooks, settings))
  const fresh = keepFresh(landContext(facts, stopping.agents, store), into, remoteOptions(merge))
  const pulls = await pullsOf(facts, store, merge, fresh)
  const remote = optionsOf(merge).push ? (optionsOf(merge).remote ?? (await remoteOf(root, into))) : undefined
  return {
    hooks: { ...hooks, merge },
    judges,
    reviewers,
    testCommands,
    rounds: (lane) => roundsOf(reviewers(lane), settings),
    store,
    guard: ({ branch }) => guardEnvironment({ root, swarm: id, into, branch }),
    bypassed: () => target.bypassed(),
    fresh: pulls ? { ...fresh, now: (until) => fresh.now(until).then((is) => pulls.look().then(() => is)) } : fresh,
    inReview: () => pulls?.anyOpen() ?? false,
    remote,
    lane: remote === undefined ? undefined : await laneOf(facts, { remote, store, fresh }),
    pushed: store?.tracked
      ? async () => {}
      : requirePushed(landContext(facts, stopping.agents, store), into, optionsOf(merge)),
    async drain(settle) {
      unwatch?.()
      if (!stopping.agents.aborted) await pulls?.look(true)
      // What is given back in the repository is committed with the notes; elsewhere a task is complete when it is pushed.
      if (store?.tracked) await settle()
      await drainTasks(facts, store, into, merge)
      await pushLast(facts, store, into, merge)
      if (!store?.tracked) await settle()
      await store?.close?.()
      removeGuards(root, id)
    },
  }
}

/** What has this swarm wait for its turn among those that push to the same branch from elsewhere. */
async function laneOf(
  { repository, emit, into, id }: LandingFacts,
  { remote, store, fresh }: { readonly remote: string; readonly store: TaskStore | undefined; readonly fresh: Fresh },
): Promise<Swarm['lane']> {
  const { laneAmongClones, laneIn } = await import('./lane.js')
  const options = { target: into, swarm: id, say: (text: string) => emit({ type: 'note', text }) }
  const lane = store?.engine && laneIn(store.engine.machines, options)
  if (lane) return async () => lane
  return laneAmongClones({ root: repository.root, remote, fresh }, options)
}

/** Where changes become pull requests: what watches them. */
async function pullsOf(
  facts: LandingFacts,
  store: TaskStore | undefined,
  merge: MergeHook | undefined,
  fresh: Fresh,
): Promise<Pulls | undefined> {
  if (!merge || !('opensRequests' in merge)) return undefined
  const { watchPulls } = await import('./pulls.js')
  const context = landContext(facts, facts.stopping.agents, store)
  const commitOf = async (name: string) => (await sharedObjects(context.root).info(`${name}^{commit}`))?.oid
  return watchPulls({ context, into: facts.into, options: (merge as RequestHook).options, fresh, store, commitOf })
}

/** As soon as the checkout is put on another branch, what we did to the tasks there is taken out of it. */
function keepApart(store: TaskStore, root: string): () => void {
  return watchBranch(root, () => {
    // What does not work now is tried again by whoever asks the store next, who says it.
    store.renew?.([]).catch(() => {})
  })
}

/** What lands without an iteration. A remote is waited for until the swarm is being stopped, whatever `signal` ends. */
function landContext(
  { repository, emit, id, settings, stopping }: LandingFacts,
  signal: AbortSignal,
  store: TaskStore | undefined,
): LandContext {
  return {
    root: repository.root,
    emit,
    run: commandRunner(repository.root),
    env: { OOMPA_SWARM: id },
    signal,
    remoteSignal: stopping.agents,
    remoteTimeoutMs: settings.limits.remoteMs,
    testTimeoutMs: settings.limits.testMs,
    history: async () => store?.tracked?.history(),
  }
}

/** Takes down the programs that judge before any agent runs, and says what of all that judges was never committed. */
async function pinJudges({ repository, settings, hooks, found, into, emit }: LandingFacts): Promise<Judges> {
  const { root } = repository
  const programs = programsOf(root, { found, hooks, settings })
  const words = uncommittedWords(await uncommittedJudges(root, settings, programs))
  if (words) emit({ type: 'note', text: `${words.text} ${words.mend}` })
  return pinPrograms(root, programs, into)
}

/** What an agent could change while we land: who commits and signs, and where remotes are, that of tasks among them. */
async function rememberStart(root: string, into: string, merge: MergeHook | undefined): Promise<void> {
  const remote = optionsOf(merge).remote ?? (await remoteOf(root, into))
  const { gitFor } = await import('../git/simple-git.js')
  const remotes = new Set([remote, ...(await gitFor(root).getRemotes()).map(({ name }) => name)])
  const destinations = [undefined, ...remotes].map((name) => rememberDestination(root, name))
  await Promise.all([rememberIdentity(root), ...destinations])
}

const optionsOf = (merge: MergeHook | undefined): MergeOptions =>
  merge && 'options' in merge ? (merge.options as MergeOptions) : {}

/** The options by which the remote is asked; undefined where it is no part of landing. */
function remoteOptions(merge: MergeHook | undefined): MergeOptions | undefined {
  const options = optionsOf(merge)
  return options.push || (merge && 'opensRequests' in merge) ? options : undefined
}

/** Notes of tasks, and tasks that were added, which no landing carried: one commit when the swarm drains. */
async function drainTasks(
  facts: LandingFacts,
  store: TaskStore | undefined,
  into: string,
  merge: MergeHook | undefined,
): Promise<void> {
  const { tracked } = store ?? {}
  // Where requests are opened nothing is committed here that no request has: nobody would push it.
  if (!tracked || (merge && 'opensRequests' in merge)) return
  // They are committed whatever ends the swarm.
  const context = landContext(facts, new AbortController().signal, store)
  const edits = () => tracked.drain(into)
  const landed = await landEdits(context, { into, message: 'Notes of tasks', options: optionsOf(merge), edits })
  if (landed && 'why' in landed)
    facts.emit({ type: 'note', level: 'warning', text: `Notes of tasks are not committed: ${landed.why}.` })
}

/** The person's merge hook, else the queue that the settings describe; undefined where landing is turned off. */
function mergeHookOf(hooks: Pick<Hooks, 'merge'>, settings: Settings): MergeHook | undefined {
  if (hooks.merge) return hooks.merge
  if (!settings.merge.enabled) return undefined
  const { enabled: _, ...options } = settings.merge
  return mergeQueue(options)
}

/** A swarm whose landings nobody else gets to see does not end as one that is done. */
async function pushLast(
  facts: LandingFacts,
  store: TaskStore | undefined,
  into: string,
  merge: MergeHook | undefined,
): Promise<void> {
  const { stopping, emit } = facts
  if (!hasLanded(facts.repository.root) || stopping.agents.aborted || stopping.status === STATUS.failed) return
  const error = await pushLeft(landContext(facts, stopping.agents, store), into, optionsOf(merge))
  if (!error) return
  emit({ type: 'note', level: 'warning', text: `${error.message}\n${error.mend ?? ''}` })
  stopping.gently(error.message, STATUS.failed)
}

// Watches the target: a worker's commits may reach it by a landing only (docs/contract.md, 9).

interface TargetWatch {
  /** Looks at the target; true once a worker has moved it past us. Landing has stopped then, for good. */
  bypassed(): Promise<boolean>
}

async function watchTarget(root: string, into: string, stopping: Stopping, emit: Emit): Promise<TargetWatch> {
  const look = async (ref: string) => (await sharedObjects(root).info(`${ref}^{commit}`))?.oid
  const remote = await remoteOf(root, into)
  const tracking = `refs/remotes/${remote}/${into}`
  let [known, pushed] = await Promise.all([look(`refs/heads/${into}`), look(tracking)])
  let bypassed = false
  return {
    async bypassed() {
      await lookAtRemote()
      const now = await look(`refs/heads/${into}`)
      if (bypassed || !known || !now || now === known) return bypassed
      const bypass = await detectBypass(root, into, known, now)
      if (bypass) await stop(bypass)
      else {
        const move = await foreignMove(root, into, known, now)
        if (move) sayMove(root, move, emit)
      }
      known = now
      return bypassed
    },
  }

  /** The remote's branch as we know it: a push leaves it in the repository, and so does a fetch. */
  async function lookAtRemote(): Promise<void> {
    // While the workers' own logs still say what was made.
    rememberMade(root)
    const now = await look(tracking)
    if (bypassed || now === undefined || now === pushed) return
    pushed = now
    const bypass = await detectPushed(root, into, remote, now)
    if (bypass) await stop(bypass)
  }

  async function stop(bypass: Bypass): Promise<void> {
    if (bypassed) return
    bypassed = true
    const error = await bypassError(root, bypass)
    const which = bypass.remote === undefined ? into : `${bypass.remote}/${into}`
    emit({ type: 'landing.bypassed', into: which, from: bypass.from, to: bypass.to })
    emit({ type: 'note', level: 'warning', text: `${error.message}\n${error.mend ?? ''}` })
    stopping.gently(`a worker moved ${which} past us`, STATUS.failed)
  }
}
