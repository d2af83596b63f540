// The one schema of `oompa.json`, where each setting is stated once: what it may be, its default, its unit in the code.
// It checks the file, `Settings` is inferred from it, and the JSON Schema that editors use is made from it.
// Every message is what was expected, to be read after "expected"; `mistakes.ts` adds where and what was found.

import { z } from 'zod'
import { camelKeys, withSuffix } from './key-names.js'
import {
  agent,
  amount,
  duration,
  flag,
  objectWords,
  oneOf,
  or,
  prompt,
  storeList,
  storesWords,
  text,
  whole,
} from './kinds.js'
import { storePath } from './store-paths.js'

const reviewerFields = {
  model: agent().describe('The agent that reads each change, `harness:model[:reasoning]`.'),
  prompt: prompt()
    .optional()
    .describe('Its prompt: a path below the repository, or a list that is joined by a blank line.'),
}
const reviewer = () => z.strictObject(reviewerFields, objectWords('an object with `model`'))
const reviewerEntry = () =>
  z.union([agent(), reviewer()], { error: 'an agent such as "codex:o3", or an object with `model`' })

const reviewKeys = {
  review_model: agent().optional().describe('One reviewer by its agent alone. The same as `reviewer`.'),
  review_models: z
    .array(agent(), { error: 'a list of agents' })
    .optional()
    .describe('Reviewers by their agents alone, a fallback chain: the next is asked if one cannot run.'),
  reviewer: reviewerEntry().optional().describe('One reviewer.'),
  reviewers: z
    .array(reviewerEntry(), { error: 'a list of reviewers' })
    .optional()
    .describe('A fallback chain of reviewers: the next is asked if one cannot run.'),
  needs_review: or(true, flag(), '`false` turns configured reviewers off.'),
}

const worker = z.strictObject(
  {
    model: agent()
      .optional()
      .describe('The agent, `harness:model[:reasoning]`; reasoning is minimal, low, medium, high, xhigh or max.'),
    count: or(1, whole(0), 'How many workers of this kind; 0 leaves them out.'),
    iterations: whole(1).optional().describe('Iterations of each. Default: the top-level `iterations`.'),
    max_cycle: whole(1).optional().describe('Another spelling of `iterations`.'),
    prompt: prompt()
      .optional()
      .describe(
        'A path below the repository, or a list that is joined by a blank line. Default: the top-level `prompt`.',
      ),
    can_plan: flag()
      .optional()
      .describe('Whether tasks that it adds are taken. Default true; false for a worker whose prompt is executor.md.'),
    planner: flag()
      .optional()
      .describe('Adds tasks and writes no code. Default true for a worker whose prompt is planner.md.'),
    wait_between: or(0, duration(), 'Pause between iterations, in seconds.'),
    max_wait_for_tasks: or(600, duration(), 'How long it waits for a task, in seconds.'),
    max_resumes: whole(0)
      .optional()
      .describe('Further turns in the same session when a turn ended without a signal. Off unless set.'),
    story: text('the name of a story').optional().describe('Takes tasks of this story only.'),
    priority: whole(0).optional().describe('Takes tasks of at most this priority number only.'),
    role: text('the name of a role').optional().describe('Takes tasks with this `role_hint` first.'),
    stores: z
      .union([storeList(), text(storesWords).transform((all) => all.split(',').map(storePath))], { error: storesWords })
      .optional()
      .describe('Takes tasks of these only, of `stores` of `tasks`.'),
    ...reviewKeys,
  },
  objectWords('a worker, an object with `model`'),
)

/** One group whose number of workers follows its tasks. */
const scaled = worker.omit({ count: true }).extend({
  min: or(1, whole(1), 'Workers that stay while there is nothing to do for them.'),
  max: whole(1).describe('Workers at most, while so many tasks are ready.'),
})

const planner = z.strictObject(
  {
    ...reviewerFields,
    max_pending: or(10, whole(1), 'No planning while this many tasks are pending.'),
  },
  objectWords('an object with `model`'),
)

const merge = z.strictObject(
  {
    into: text('the name of a branch')
      .optional()
      .describe('The branch that changes land on. Default: the one that is checked out.'),
    test: text('a shell command').optional().describe('The test that runs on the merged tree before it lands.'),
    strategy: or('merge', oneOf(['merge', 'rebase', 'squash']), 'How a change lands.', ' (--no-ff)'),
    moved: oneOf(['land', 'stop'])
      .optional()
      .describe(
        'When somebody else has moved the target, land on top of it, or stop. It is said either way. Default "land".',
      ),
    push: or(false, flag(), 'Push the target after landing.'),
    cost: flag().optional().describe('Say in a trailer of each landing what it has cost. Default false.'),
    batch: whole(1).optional().describe('How many changes may be tested together. Default 1.'),
  },
  objectWords('false, or an object'),
)

const price = z
  .strictObject(
    {
      input: amount().describe('USD for a million tokens read.'),
      output: amount().describe('USD for a million tokens written.'),
      cache_read: amount().optional().describe('USD for a million tokens read from the cache.'),
      cache_write: amount().optional().describe('USD for a million tokens written to the cache.'),
    },
    objectWords('an object with `input` and `output`, in USD for a million tokens'),
  )
  .transform((one) => camelKeys(one))

const budget = z.strictObject(
  {
    usd: amount().optional().describe('Stop when the agents have cost this much, USD (status 5). 0 starts none.'),
    tokens: amount().optional().describe('Stop when the agents have used so many tokens, read and written (status 5).'),
    minutes: amount().optional().describe('Stop after this many minutes (status 5).'),
    perTask: amount().optional().describe('Give a task back, with a note, when its runs have cost this much, USD.'),
    perWorker: amount().optional().describe('End a worker when its runs have cost this much, USD. The others go on.'),
    perDay: amount()
      .optional()
      .describe('Stop when all swarms of this repository have cost this much today, USD (status 5).'),
  },
  objectWords('an object of caps, such as { "usd": 20, "minutes": 480 }'),
)

const limits = z
  .strictObject(
    {
      idle: or('15m', duration(), 'An agent that prints nothing for this long is ended.'),
      iteration: or('2h', duration(), 'A whole iteration.'),
      grace: or('30s', duration(), 'What an agent may take to end after its final message.'),
      hook: or('10m', duration(), 'A hook.'),
      test: or('30m', duration(), "A gate's test."),
      remote: or('2m', duration(), 'A remote that is silent for this long in a fetch or a push.'),
      heartbeat: or('30s', duration(), 'How often a worker says that its claim lives.'),
      lease: or('15m', duration(), 'A claim without a sign of life for this long is stale.'),
    },
    objectWords('an object of time limits'),
  )
  .transform((all) => withSuffix(all, 'Ms'))

/** `oompa.json`. Strict: an unknown key is a mistake. */
export const configSchema = z.strictObject(
  {
    $schema: text('the address of a JSON Schema').optional().describe('For editors; not read.'),
    workers: z
      .union([z.array(worker, { error: 'a list of workers' }).min(1, { error: 'at least one worker' }), scaled], {
        error: 'a list of workers, or an object with `min` and `max`',
      })
      .optional()
      .describe(
        'Groups of workers, or one of `min` to `max` workers, as many as its tasks want. With it, changes land (level 2), and a reviewer makes it level 3.',
      ),
    agent: or('claude', agent(), 'The agent of workers that name none.'),
    fallback: z
      .array(agent(), { error: 'a list of agents' })
      .prefault([])
      .describe('Agents that go on while the agent of a worker is at a usage limit: the first that is at none.'),
    iterations: or(5, whole(1), 'Iterations of workers that say none.'),
    prompt: or('prompts/worker.md', prompt(), 'The prompt of workers that name none.'),
    ...reviewKeys,
    review_rounds: or(3, whole(1), 'Author runs and reviews of one iteration at most.'),
    test_first: or(
      false,
      flag(),
      'The test runs before the review, and its result is shown to the reviewer.',
      ': reviews come first',
    ),
    auto_merge_paths: or(
      ['tasks/'],
      z.array(text('a path'), { error: 'a list of paths' }),
      'A change below these alone is not reviewed.',
    ),
    planner: planner.optional().describe('Runs once, before the workers, and adds tasks.'),
    merge: z
      .union([z.literal(false), merge], { error: 'false, or an object' })
      .prefault({})
      .describe('How changes land; `false` turns landing off.'),
    tasks: z
      .strictObject(
        {
          store: oneOf(['folder', 'lists', 'graph']).optional().describe('Which store, where several are there.'),
          stores: storeList().optional().describe('Paths of folders and graphs whose tasks are taken together.'),
        },
        objectWords('an object with `store` or `stores`'),
      )
      .prefault({})
      .describe('Where tasks are.'),
    here: or(false, flag(), 'One worker in the main checkout, without worktrees.'),
    continue: or(false, flag(), "Iteration i starts from what the same worker's iteration i-1 left, committed or not."),
    keep_worktrees: or(false, flag(), 'Leave worktrees after the run.'),
    permissions: or(
      'inherit',
      oneOf(['inherit', 'bypass']),
      "What agents may do: as the person's own settings say, or everything.",
    ),
    budget: budget.prefault({}).describe('What a swarm may cost and take: caps that end it gently.'),
    budget_usd: amount().optional().describe('The same as `usd` of `budget`.'),
    budget_usd_per_day: amount().optional().describe('The same as `perDay` of `budget`.'),
    max_minutes: amount().optional().describe('The same as `minutes` of `budget`.'),
    no_progress: or(
      3,
      whole(0),
      'Stop after this many iterations of each worker in a row without a landing.',
      '; 0 is off',
    ),
    prices: z
      .record(z.string(), price, { error: 'an object of prices by model' })
      .prefault({})
      .describe('Prices by model, `harness:model` or harness, for agents that report no cost; before the list prices.'),
    limits: limits.prefault({}).describe('Time limits: seconds, or a text such as "15m".'),
    env: z
      .array(text('the name of a variable, or PREFIX_*'), { error: 'a list of names' })
      .optional()
      .describe("Names and PREFIX_* of the only variables that agents get. Default: all of the person's."),
    sandbox: or(false, flag(), 'Start agents from a short environment.'),
    git: z
      .strictObject(
        { hooks: or(false, flag(), "Run the person's git hooks for landings and worktrees too.") },
        objectWords('an object with `hooks`'),
      )
      .prefault({})
      .describe('How we call git.'),
    probe: or(true, flag(), 'Try each agent once before the first worker starts.'),
    ports: z
      .strictObject(
        {
          from: or(20_000, whole(1024).max(65000, { error: 'a port from 1024 to 65000' }), 'The first port.'),
          block: or(
            20,
            whole(1).max(1000, { error: 'a whole number from 1 to 1000' }),
            'How many ports each worker has for its own.',
          ),
        },
        objectWords('an object with `from` and `block`'),
      )
      .prefault({})
      .describe('The first port, and how many each worker has for its own (`OOMPA_PORT_BASE`).'),
    logs: z
      .strictObject(
        {
          max_mb: or(64, whole(1), 'What is kept of what the agents of an iteration print, its end, in megabytes.'),
          keep_days: or(
            30,
            whole(0),
            '`oompa cleanup` removes what the agents of a swarm printed that ended longer ago.',
          ),
        },
        objectWords('an object with `max_mb` and `keep_days`'),
      )
      .prefault({})
      .transform(({ max_mb, keep_days }) => ({ mostBytes: max_mb * 1_000_000, keepMs: keep_days * 86_400_000 }))
      .describe('How much of the output of agents is kept, and how long.'),
    backoff: z
      .strictObject(
        {
          first: or('60s', duration(), 'The pause after a failed agent, doubling.'),
          max: or('10m', duration(), 'The longest pause.'),
          failures: or(5, whole(1), 'Failures in a row that end a worker, from level 2 on.'),
          brake: or(
            3,
            whole(0),
            'Failures in a row, each within seconds, after which a worker pauses at level 1 too.',
            '; 0 is off',
          ),
        },
        objectWords('an object'),
      )
      .prefault({})
      .transform(({ first, max, ...rest }) => ({ firstMs: first, maxMs: max, ...rest }))
      .describe('What happens after a failed agent.'),
  },
  objectWords('an object'),
)

/** What a right `oompa.json` holds. */
export type FileConfig = z.input<typeof configSchema>

/** The file with what only a run may be told. */
export const settingsSchema = configSchema.extend({
  merge: merge.prefault({}),
  dash: flag().default(false),
  open: flag().default(false),
  port: whole(0).optional(),
  detach: flag().default(false),
  dry_run: flag().default(false),
  json: flag().default(false),
})

/** What the file and the overrides say, with every default in its place and in the units of the code. */
export type Resolved = z.output<typeof settingsSchema>
