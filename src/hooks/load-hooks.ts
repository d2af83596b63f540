// Loads the hooks that a repository has, once, when a swarm starts; costs nothing where it has none.

import path from 'node:path'
import type { Agent } from '../agents/contract.js'
import type { Settings } from '../config/contract.js'
import { OompaError, usageError } from '../errors.js'
import type { Emit } from '../events/contract.js'
import type { TaskStore } from '../tasks/contract.js'
import type {
  ApproveHook,
  EventHook,
  HookContext,
  Hooks,
  MergeHook,
  ProtectionRules,
  ReviewerFacts,
  ReviewHook,
  WorktreeSetup,
} from './contract.js'
import type { HooksCopy } from './copy.js'
import { type FoundHooks, findHooks, type HookFile, hooksFolder } from './find.js'

export interface LoadOptions {
  /** The swarm that starts: hooks are copied to its folder and the copies run. Without one (a command), the originals. */
  readonly swarm?: string
  readonly settings?: Pick<Settings, 'limits'> & Partial<Pick<Settings, 'env' | 'sandbox'>>
  /** For executables that run outside an iteration (event, tasks); ours unless given. */
  readonly run?: HookContext['run']
  /** Where failures of event hooks are said. */
  readonly emit?: Emit
  /** What `findHooks` has found already. */
  readonly found?: FoundHooks
}

export interface LoadedHooks extends Hooks {
  readonly files: readonly HookFile[]
  /** What looks like a hook and is none. */
  readonly remarks: readonly string[]
  /** What each review hook says about itself (agents to probe, rounds). */
  readonly review: readonly (ReviewHook & ReviewerFacts)[]
}

/** Milliseconds; docs/contract.md, 21. */
const HOOK_MS = 10 * 60_000
const TEST_MS = 30 * 60_000

type Loaded =
  | { hook: 'review'; value: ReviewHook & ReviewerFacts }
  | { hook: 'merge'; value: MergeHook }
  | { hook: 'approve'; value: ApproveHook & ProtectionRules }
  | { hook: 'worktree'; value: WorktreeSetup }
  | { hook: 'event'; value: EventHook }
  | { hook: 'tasks'; value: TaskStore }
  | { hook: 'agent'; value: Agent }

/**
 * Finds, copies and loads every hook of a repository.
 * @param root the main checkout
 * @throws OompaError with status 2, naming file, line and reason, if one cannot be loaded
 */
export async function loadHooks(root: string, options: LoadOptions = {}): Promise<LoadedHooks> {
  const found = options.found ?? findHooks(root)
  if (found.files.length === 0) {
    return { review: [], approve: [], worktree: [], event: [], agents: [], files: [], remarks: found.remarks }
  }
  const copy = options.swarm ? (await import('./copy.js')).copyHooks(root, options.swarm, found) : undefined
  const folder = copy?.folder ?? hooksFolder(root)
  const loadModule = found.files.some((file) => file.kind === 'module')
    ? await (await import('./modules.js')).moduleLoader(root)
    : undefined
  const load = (file: HookFile) =>
    file.kind === 'module' && loadModule
      ? fromModule(root, folder, file, loadModule, options)
      : fromExecutable(root, folder, file, copy, options)
  const loaded: Loaded[] = []
  // One after the other: the first mistake, in name order, is the one that is said.
  for (const file of found.files) {
    loaded.push(
      // A store that is made there without being told where it is, is this repository's.
      file.hook === 'tasks' ? await (await stores()).withStoresOf(root, () => load(file)) : await load(file),
    )
  }
  return { ...collect(loaded), files: found.files, remarks: found.remarks }
}

function collect(loaded: readonly Loaded[]): Omit<LoadedHooks, 'files' | 'remarks'> {
  const merge = loaded.find((one) => one.hook === 'merge')
  const tasks = loaded.find((one) => one.hook === 'tasks')
  return {
    review: loaded.flatMap((one) => (one.hook === 'review' ? [one.value] : [])),
    approve: loaded.flatMap((one) => (one.hook === 'approve' ? [one.value] : [])),
    worktree: loaded.flatMap((one) => (one.hook === 'worktree' ? [one.value] : [])),
    event: loaded.flatMap((one) => (one.hook === 'event' ? [one.value] : [])),
    agents: loaded.flatMap((one) => (one.hook === 'agent' ? [one.value] : [])),
    ...(merge ? { merge: merge.value } : {}),
    ...(tasks ? { tasks: tasks.value } : {}),
  }
}

async function fromModule(
  root: string,
  folder: string,
  file: HookFile,
  loadModule: (file: string) => Promise<unknown>,
  options: LoadOptions,
): Promise<Loaded> {
  const name = `hooks/${file.name}`
  const { faultOf, sayFault } = await import('./explain.js')
  const { withinTime } = await import('./guard-hook.js')
  const folders = [
    [folder, 'hooks'],
    [hooksFolder(root), 'hooks'],
    [path.dirname(folder), '.'],
  ] as const
  const explain = (error: unknown) => sayFault(faultOf(error, name, folders))
  const hookMs = options.settings?.limits.hookMs ?? HOOK_MS
  let value: unknown
  try {
    value = await withinTime(`Loading ${name}`, hookMs, () => loadModule(path.join(folder, file.name)))
  } catch (cause) {
    throw new OompaError({
      code: 'hook-not-loaded',
      message: `Cannot load ${cause instanceof OompaError ? `${name}: ${cause.message}` : explain(cause)}.`.replace(
        /\.\.$/,
        '.',
      ),
      mend: `Mend ${name}, or turn it off: mv ${name} ${name}.off`,
      status: 2,
      cause,
    })
  }
  return guarded(root, file, value, explain, options)
}

async function guarded(
  root: string,
  file: HookFile,
  value: unknown,
  explain: (error: unknown) => string,
  { settings, emit }: LoadOptions,
): Promise<Loaded> {
  const { hook } = file
  const name = `hooks/${file.name}`
  const validate = await import('./validate.js')
  const guard = await import('./guard-hook.js')
  if (hook === 'tasks') {
    // A store that has to know where it is may be a function of the root.
    const store: unknown = typeof value === 'function' ? value(root) : value
    if (validate.isTaskStore(store)) return { hook, value: await opened(root, store) }
  } else if (hook === 'agent') {
    if (validate.isAgent(value)) {
      await prepareHook(value, root)
      return { hook, value }
    }
  } else if (typeof value === 'function') {
    const own: unknown = Reflect.get(value, 'timeLimitMs')
    const limitMs = own === null ? undefined : typeof own === 'number' ? own : (settings?.limits.hookMs ?? HOOK_MS)
    const facts = { name, explain, limitMs }
    const call = (...args: readonly unknown[]): unknown => value(...args)
    await prepareHook(value, root)
    if (hook === 'review') {
      const known = reviewerFacts(value)
      return { hook, value: Object.assign(guard.guardReview(call, facts), known) }
    }
    if (hook === 'approve')
      return { hook, value: Object.assign(guard.guardApprove(call, facts), protectionRules(value)) }
    if (hook === 'worktree') return { hook, value: guard.guardWorktree(call, facts) }
    if (hook === 'event') return { hook, value: guard.guardEvent(call, facts, failureOf(name, emit)) }
    // A landing that nobody waits for any more may still land: what it runs has limits of its own.
    const merge = guard.guardMerge(call, { ...facts, limitMs: typeof own === 'number' ? own : undefined })
    // `oompa merge` reads the options of a ready-made queue from the hook.
    return { hook, value: Object.assign(merge, { ...value }) }
  }
  throw usageError(
    value === undefined
      ? `${name} has no default export: it has to be ${validate.EXPECTED[hook]}.`
      : `${name} exports ${validate.describe(value)} by default: it has to be ${validate.EXPECTED[hook]}.`,
    `oompa add ${hook}, in a repository without one, writes an example.`,
    'hook-export',
  )
}

async function fromExecutable(
  root: string,
  folder: string,
  file: HookFile,
  copy: HooksCopy | undefined,
  options: LoadOptions,
): Promise<Loaded> {
  const { hook } = file
  const name = `hooks/${file.name}`
  const make = await import('./executable.js')
  const guard = await import('./guard-hook.js')
  const run = async () => options.run ?? (await services()).ownRun(root, options)
  const hookMs = options.settings?.limits.hookMs ?? HOOK_MS
  const executable = {
    name,
    path: path.join(folder, file.name),
    // Its test runs within it.
    limitMs: hook === 'merge' ? (options.settings?.limits.testMs ?? TEST_MS) : hookMs,
    ready: () => {
      for (const changed of copy?.restore() ?? []) {
        const text = `${path.relative(root, changed)} was changed while the swarm ran, and was put back.`
        options.emit?.({ type: 'note', text, level: 'warning' })
      }
    },
  }
  // The process has its own limit, which ends it and all that it started.
  const facts = { name, limitMs: undefined, explain: (error: unknown) => `${name}: ${String(error)}` }
  switch (hook) {
    case 'review':
      return {
        hook,
        value: guard.guardReview(make.executableReview(executable, (await services()).withScratch), facts),
      }
    case 'merge':
      return { hook, value: guard.guardMerge(make.executableMerge(executable), facts) }
    case 'approve':
      return { hook, value: guard.guardApprove(make.executableApprove(executable), facts) }
    case 'worktree':
      return { hook, value: guard.guardWorktree(make.executableWorktree(executable), facts) }
    case 'event': {
      const event = make.executableEvent(executable, root, run)
      return { hook, value: guard.guardEvent(event, facts, failureOf(name, options.emit)) }
    }
    case 'tasks': {
      const { executableStore } = await import('./executable-store.js')
      return { hook, value: await opened(root, executableStore(executable, root, run)) }
    }
    case 'agent':
      return { hook, value: (await import('./executable-agent.js')).executableAgent(executable) }
  }
}

/** A store as the loop and the commands use it: one of ours opens its place now, any other gets a history. */
async function opened(root: string, store: TaskStore): Promise<TaskStore> {
  const { recorded } = await import('../tasks/recorded.js')
  // Asked for its path it is opened, for this repository and for good.
  void store.path
  return recorded(store, root)
}

function failureOf(name: string, emit: Emit | undefined): (reason: string) => void {
  return (reason) => emit?.({ type: 'hook.failed', hook: name, reason })
}

const services = () => import('./services.js')
const stores = () => import('../tasks/where.js')

/** Lets a ready-made hook read what it needs from the main checkout, now that nothing has been changed yet. */
async function prepareHook(hook: object, root: string): Promise<void> {
  const prepare: unknown = Reflect.get(hook, 'prepare')
  if (typeof prepare === 'function') await Reflect.apply(prepare, hook, [root])
}

/** What an approve hook adds to and takes from what is protected. */
function protectionRules(hook: object): ProtectionRules {
  const patterns = (key: string) => {
    const value: unknown = Reflect.get(hook, key)
    return Array.isArray(value) ? { [key]: value.map(String) } : {}
  }
  return { ...patterns('protect'), ...patterns('unprotect') }
}

/** What a review hook says about itself, such as a ready-made one does. */
function reviewerFacts(hook: object): ReviewerFacts {
  const agents: unknown = Reflect.get(hook, 'agents')
  const rounds: unknown = Reflect.get(hook, 'rounds')
  return {
    ...(Array.isArray(agents) ? { agents: agents.map(String) } : {}),
    ...(typeof rounds === 'number' ? { rounds } : {}),
  }
}
