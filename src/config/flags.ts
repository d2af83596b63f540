// The options of a run and the environment variables that mean the same: one table for `oompa run`, `oompa swarm`,
// `oompa loop` and `./oompa_loompas.mjs`.

import type { Args, OptionSpec } from '../cli/contract.js'

export const runOptions = {
  workers: { type: 'string', describe: 'How many workers (3)', short: 'w' },
  iterations: { type: 'string', describe: 'Iterations of each worker (5)', short: 'n' },
  agent: {
    type: 'string',
    describe: 'harness:model[:reasoning], or command:PATH (claude)',
    short: 'a',
    names: 'agent',
  },
  prompt: { type: 'string', array: true, describe: 'Prompt files, in place of prompts/worker.md', short: 'p' },
  config: { type: 'string', describe: 'Configuration, in place of oompa.json' },
  here: { type: 'boolean', describe: 'One worker in the main checkout, without worktrees' },
  continue: { type: 'boolean', describe: "Start each iteration from what the same worker's last one left" },
  into: { type: 'string', describe: 'Branch that changes land on (the one that is checked out)', names: 'branch' },
  story: { type: 'string', describe: 'Take tasks of this story only' },
  stores: { type: 'string', array: true, describe: 'Take tasks of these of `tasks.stores` only' },
  permissions: { type: 'string', choices: ['inherit', 'bypass'], describe: 'What agents may do (inherit)' },
  'max-resumes': { type: 'string', describe: 'Further turns in a session that gave no signal' },
  'budget-usd': { type: 'string', describe: 'Stop when the agents have cost this much' },
  'budget-usd-per-day': { type: 'string', describe: 'Stop when all swarms of today have cost this much' },
  'budget-usd-per-task': { type: 'string', describe: 'Give a task back when its runs have cost this much' },
  'budget-usd-per-worker': { type: 'string', describe: 'End a worker when its runs have cost this much' },
  'budget-tokens': { type: 'string', describe: 'Stop when the agents have used so many tokens' },
  'max-minutes': { type: 'string', describe: 'Stop after this many minutes' },
  'keep-worktrees': { type: 'boolean', describe: 'Leave worktrees after the run' },
  dash: { type: 'boolean', describe: 'Show it on a page in the browser, too, until it ends (oompa dash)' },
  open: { type: 'boolean', describe: 'With --dash: open the page in the browser' },
  port: { type: 'number', describe: 'With --dash: the port of the page' },
  detach: { type: 'boolean', describe: 'Return when the swarm has started', short: 'd' },
  'dry-run': { type: 'boolean', describe: 'Say what would be done, and start nothing' },
  json: { type: 'boolean', describe: 'Events on standard output, one JSON object a line' },
  harness: { type: 'string', describe: 'The agent without its model', hidden: true, names: 'agent' },
  model: { type: 'string', describe: 'The model of --harness, or harness:model', hidden: true },
} as const satisfies Readonly<Record<string, OptionSpec>>

export type RunOption = keyof typeof runOptions

/** `oompa loop N` takes its iterations as a word, and a mixed set of workers. */
export const loopOptions: Readonly<Record<RunOption, OptionSpec>> = {
  ...runOptions,
  workers: { type: 'string', array: true, describe: 'How many of each agent: claude:5 opencode:2', short: 'w' },
}

interface Override {
  /** The variable that means the same. */
  readonly env?: string
  /** The key of `oompa.json` that it stands for, by its path; `workers.*` is every worker. */
  readonly sets?: string
}

/** Everything that a flag or a variable may set. */
export const overrides = {
  workers: { env: 'WORKERS' },
  iterations: { env: 'ITERATIONS', sets: 'workers.*.iterations' },
  agent: { env: 'OOMPA_AGENT', sets: 'workers.*.model' },
  prompt: { env: 'OOMPA_PROMPT', sets: 'workers.*.prompt' },
  here: { env: 'OOMPA_HERE', sets: 'here' },
  continue: { env: 'OOMPA_CONTINUE', sets: 'continue' },
  into: { env: 'OOMPA_INTO', sets: 'merge.into' },
  story: { env: 'OOMPA_STORY', sets: 'workers.*.story' },
  stores: { env: 'OOMPA_STORES', sets: 'workers.*.stores' },
  permissions: { env: 'OOMPA_PERMISSIONS', sets: 'permissions' },
  'max-resumes': { env: 'OOMPA_MAX_RESUMES', sets: 'workers.*.max_resumes' },
  'budget-usd': { env: 'OOMPA_BUDGET_USD', sets: 'budget.usd' },
  'budget-usd-per-day': { env: 'OOMPA_BUDGET_USD_PER_DAY', sets: 'budget.perDay' },
  'budget-usd-per-task': { env: 'OOMPA_BUDGET_USD_PER_TASK', sets: 'budget.perTask' },
  'budget-usd-per-worker': { env: 'OOMPA_BUDGET_USD_PER_WORKER', sets: 'budget.perWorker' },
  'budget-tokens': { env: 'OOMPA_BUDGET_TOKENS', sets: 'budget.tokens' },
  'max-minutes': { env: 'OOMPA_MAX_MINUTES', sets: 'budget.minutes' },
  'keep-worktrees': { env: 'OOMPA_KEEP_WORKTREES', sets: 'keep_worktrees' },
  // How this one call is watched has no variable: exported once, it would send every later run away from its terminal.
  detach: { sets: 'detach' },
  dash: { sets: 'dash' },
  open: { sets: 'open' },
  port: { sets: 'port' },
  'dry-run': { env: 'OOMPA_DRY_RUN', sets: 'dry_run' },
  json: { env: 'OOMPA_JSON', sets: 'json' },
  'no-progress': { env: 'OOMPA_NO_PROGRESS', sets: 'no_progress' },
  probe: { env: 'OOMPA_PROBE', sets: 'probe' },
  sandbox: { env: 'OOMPA_SANDBOX', sets: 'sandbox' },
  store: { env: 'OOMPA_STORE', sets: 'tasks.store' },
  'wait-between': { env: 'OOMPA_WAIT_BETWEEN', sets: 'workers.*.wait_between' },
  'max-wait-for-tasks': { env: 'OOMPA_MAX_WAIT_FOR_TASKS', sets: 'workers.*.max_wait_for_tasks' },
  idle: { env: 'OOMPA_IDLE_LIMIT', sets: 'limits.idle' },
  'iteration-limit': { env: 'OOMPA_ITERATION_LIMIT', sets: 'limits.iteration' },
} as const satisfies Readonly<Record<Exclude<RunOption, 'config' | 'harness' | 'model'>, Override>> &
  Readonly<Record<string, Override>>

export type OverrideName = keyof typeof overrides

const rows: readonly (readonly [OverrideName, Override])[] = Object.entries(overrides).map(([name, row]) => [
  name as OverrideName,
  row,
])

/** The variables that set something. */
export const environmentNames: readonly string[] = rows.flatMap(([, { env }]) => env ?? [])

/** A value as it was given, and where: `--workers` or `WORKERS`. */
export interface Given {
  readonly values: readonly string[]
  readonly source: string
}

export type Overrides = Readonly<Partial<Record<OverrideName, Given>>>

/** What the environment sets; an empty variable is an unset one. */
export function overridesFromEnvironment(env: NodeJS.ProcessEnv): Overrides {
  const given = rows.flatMap(([name, { env: variable }]) => {
    const value = variable === undefined ? undefined : env[variable]?.trim()
    return variable && value ? [[name, { values: [value], source: variable }]] : []
  })
  return Object.fromEntries(given)
}

/** What parsed options set. `--harness` and `--model`, which the earlier system has, make up an `--agent`. */
export function overridesFromFlags(args: Args): Overrides {
  const given: Partial<Record<OverrideName, Given>> = {}
  for (const [name, value] of Object.entries(args.options)) {
    if (value === undefined || name === 'config' || name === 'harness' || name === 'model') continue
    if (!isOverride(name)) continue
    const values = Array.isArray(value) ? value.map(String) : [String(value)]
    given[name] = { values, source: `--${name}` }
  }
  const { harness, model } = args.options
  if (!given.agent && (harness !== undefined || model !== undefined)) {
    const spec = [harness, model].filter((part) => part !== undefined).join(':')
    given.agent = { values: [spec], source: harness === undefined ? '--model' : '--harness' }
  }
  return given
}

function isOverride(name: string): name is OverrideName {
  return Object.hasOwn(overrides, name)
}

/** The words of a call without those that ask for a page: it is of this call alone. Pure. */
export function withoutPage(words: readonly string[]): string[] {
  return words.filter(
    (word, at) => !/^--(?:no-)?(?:dash|open|port)(?:=|$)/.test(word) && !(words[at - 1] === '--port' && at > 0),
  )
}
