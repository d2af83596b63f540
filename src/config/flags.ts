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
  permissions: { type: 'string', choices: ['inherit', 'bypass'], describe: 'What agents may do (inherit)' },
  'max-resumes': { type: 'string', describe: 'Further turns in a session that gave no signal' },
  'budget-usd': { type: 'string', describe: 'Stop when the agents have cost this much' },
  'budget-usd-per-day': { type: 'string', describe: 'Stop when all swarms of today have cost this much' },
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

/** Everything that a flag or a variable may set; all but the first few are scalars. */
export type OverrideName =
  | Exclude<RunOption, 'config' | 'harness' | 'model'>
  | 'no-progress'
  | 'probe'
  | 'sandbox'
  | 'store'
  | 'wait-between'
  | 'max-wait-for-tasks'
  | 'idle'
  | 'iteration-limit'

/** A value as it was given, and where: `--workers` or `WORKERS`. */
export interface Given {
  readonly values: readonly string[]
  readonly source: string
}

export type Overrides = Readonly<Partial<Record<OverrideName, Given>>>

/** How this one call is watched: exported once, `--detach` would send every later run away from its terminal. */
type OfOneCall = 'detach' | 'dash' | 'open' | 'port'

export const environmentNames: Readonly<Record<Exclude<OverrideName, OfOneCall>, string>> = {
  workers: 'WORKERS',
  iterations: 'ITERATIONS',
  agent: 'OOMPA_AGENT',
  prompt: 'OOMPA_PROMPT',
  here: 'OOMPA_HERE',
  continue: 'OOMPA_CONTINUE',
  into: 'OOMPA_INTO',
  story: 'OOMPA_STORY',
  permissions: 'OOMPA_PERMISSIONS',
  'max-resumes': 'OOMPA_MAX_RESUMES',
  'budget-usd': 'OOMPA_BUDGET_USD',
  'budget-usd-per-day': 'OOMPA_BUDGET_USD_PER_DAY',
  'max-minutes': 'OOMPA_MAX_MINUTES',
  'keep-worktrees': 'OOMPA_KEEP_WORKTREES',
  'dry-run': 'OOMPA_DRY_RUN',
  json: 'OOMPA_JSON',
  'no-progress': 'OOMPA_NO_PROGRESS',
  probe: 'OOMPA_PROBE',
  sandbox: 'OOMPA_SANDBOX',
  store: 'OOMPA_STORE',
  'wait-between': 'OOMPA_WAIT_BETWEEN',
  'max-wait-for-tasks': 'OOMPA_MAX_WAIT_FOR_TASKS',
  idle: 'OOMPA_IDLE_LIMIT',
  'iteration-limit': 'OOMPA_ITERATION_LIMIT',
}

/** What the environment sets; an empty variable is an unset one. */
export function overridesFromEnvironment(env: NodeJS.ProcessEnv): Overrides {
  const overrides: Partial<Record<OverrideName, Given>> = {}
  for (const [name, variable] of Object.entries(environmentNames)) {
    const value = env[variable]?.trim()
    if (value && isEnvironmentName(name)) overrides[name] = { values: [value], source: variable }
  }
  return overrides
}

function isEnvironmentName(name: string): name is Exclude<OverrideName, OfOneCall> {
  return Object.hasOwn(environmentNames, name)
}

/** What parsed options set. `--harness` and `--model`, which the earlier system has, make up an `--agent`. */
export function overridesFromFlags(args: Args): Overrides {
  const overrides: Partial<Record<OverrideName, Given>> = {}
  for (const [name, value] of Object.entries(args.options)) {
    if (value === undefined || name === 'config' || name === 'harness' || name === 'model') continue
    if (!isOverride(name)) continue
    const values = Array.isArray(value) ? value.map(String) : [String(value)]
    overrides[name] = { values, source: `--${name}` }
  }
  const { harness, model } = args.options
  if (!overrides.agent && (harness !== undefined || model !== undefined)) {
    const spec = [harness, model].filter((part) => part !== undefined).join(':')
    overrides.agent = { values: [spec], source: harness === undefined ? '--model' : '--harness' }
  }
  return overrides
}

function isOverride(name: string): name is OverrideName {
  return ['detach', 'dash', 'open', 'port'].includes(name) || isEnvironmentName(name)
}

/** The words of a call without those that ask for a page: it is of this call alone. Pure. */
export function withoutPage(words: readonly string[]): string[] {
  return words.filter(
    (word, at) => !/^--(?:no-)?(?:dash|open|port)(?:=|$)/.test(word) && !(words[at - 1] === '--port' && at > 0),
  )
}
