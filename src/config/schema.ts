// The one schema of `oompa.json`: it checks the file, and the JSON Schema that editors use is made from it.
// Every message is what was expected, to be read after "expected"; `mistakes.ts` adds where and what was found.

import { z } from 'zod'

const text = (expected: string) => z.string({ error: expected }).min(1, { error: expected })
const flag = () => z.boolean({ error: 'true or false' })
const whole = (least: number) => {
  const expected = `a whole number of at least ${least}`
  return z.number({ error: expected }).int({ error: expected }).min(least, { error: expected })
}
const amount = () => {
  const expected = 'a number of at least 0'
  return z.number({ error: expected }).min(0, { error: expected })
}
const oneOf = <const T extends readonly [string, ...string[]]>(words: T) =>
  z.enum(words, { error: words.map((word) => `"${word}"`).join(' or ') })

const durationWords = 'seconds, or a text such as "90s", "15m" or "2h"'
const duration = () =>
  z.union(
    [
      z.number({ error: durationWords }).min(0, { error: durationWords }),
      z.string({ error: durationWords }).regex(/^\d+(\.\d+)?(ms|s|m|h)$/, { error: durationWords }),
    ],
    { error: durationWords },
  )

const agentWords = 'an agent, "harness:model[:reasoning]" such as "claude:opus"'
const agent = () => z.string({ error: agentWords }).regex(/^[A-Za-z0-9][\w.-]*(:.+)?$/, { error: agentWords })

const promptWords = 'the path of a prompt, or a list of paths'
const prompt = () =>
  z.union(
    [
      text(promptWords),
      z.array(text('the path of a prompt'), { error: promptWords }).min(1, { error: 'at least one path' }),
    ],
    { error: promptWords },
  )

const objectWords = (what: string) => ({
  error: (issue: { code?: string }) => (issue.code === 'invalid_type' ? what : undefined),
})

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
  needs_review: flag().optional().describe('`false` turns configured reviewers off. Default true.'),
}

const worker = z.strictObject(
  {
    model: agent()
      .optional()
      .describe('The agent, `harness:model[:reasoning]`; reasoning is minimal, low, medium, high, xhigh or max.'),
    count: whole(0).optional().describe('How many workers of this kind; 0 leaves them out. Default 1.'),
    iterations: whole(1).optional().describe('Iterations of each. Default: the top-level `iterations`, or 5.'),
    max_cycle: whole(1).optional().describe('Another spelling of `iterations`.'),
    prompt: prompt()
      .optional()
      .describe('A path below the repository, or a list that is joined by a blank line. Default prompts/worker.md.'),
    can_plan: flag()
      .optional()
      .describe('Whether tasks that it adds are taken. Default true; false for a worker whose prompt is executor.md.'),
    planner: flag()
      .optional()
      .describe('Adds tasks and writes no code. Default true for a worker whose prompt is planner.md.'),
    wait_between: duration().optional().describe('Pause between iterations, in seconds. Default 0.'),
    max_wait_for_tasks: duration().optional().describe('How long it waits for a task, in seconds. Default 600.'),
    max_resumes: whole(0)
      .optional()
      .describe('Further turns in the same session when a turn ended without a signal. Off unless set.'),
    story: text('the name of a story').optional().describe('Takes tasks of this story only.'),
    priority: whole(0).optional().describe('Takes tasks of at most this priority number only.'),
    role: text('the name of a role').optional().describe('Takes tasks with this `role_hint` first.'),
    ...reviewKeys,
  },
  objectWords('a worker, an object with `model`'),
)

const planner = z.strictObject(
  {
    ...reviewerFields,
    max_pending: whole(1).optional().describe('No planning while this many tasks are pending. Default 10.'),
  },
  objectWords('an object with `model`'),
)

const merge = z.strictObject(
  {
    into: text('the name of a branch')
      .optional()
      .describe('The branch that changes land on. Default: the one that is checked out.'),
    test: text('a shell command').optional().describe('The test that runs on the merged tree before it lands.'),
    strategy: oneOf(['merge', 'rebase', 'squash'])
      .optional()
      .describe('How a change lands. Default "merge" (--no-ff).'),
    moved: oneOf(['land', 'stop'])
      .optional()
      .describe(
        'When somebody else has moved the target, land on top of it, or stop. It is said either way. Default "land".',
      ),
    push: flag().optional().describe('Push the target after landing. Default false.'),
    batch: whole(1).optional().describe('How many changes may be tested together. Default 1.'),
  },
  objectWords('false, or an object'),
)

const price = z.strictObject(
  {
    input: amount().describe('USD for a million tokens read.'),
    output: amount().describe('USD for a million tokens written.'),
    cache_read: amount().optional().describe('USD for a million tokens read from the cache.'),
    cache_write: amount().optional().describe('USD for a million tokens written to the cache.'),
  },
  objectWords('an object with `input` and `output`, in USD for a million tokens'),
)

const limits = z.strictObject(
  {
    idle: duration().optional().describe('An agent that prints nothing for this long is ended. Default "15m".'),
    iteration: duration().optional().describe('A whole iteration. Default "2h".'),
    grace: duration().optional().describe('What an agent may take to end after its final message. Default "30s".'),
    hook: duration().optional().describe('A hook. Default "10m".'),
    test: duration().optional().describe('A gate\'s test. Default "30m".'),
    remote: duration().optional().describe('A remote that is silent for this long in a fetch or a push. Default "2m".'),
    heartbeat: duration().optional().describe('How often a worker says that its claim lives. Default "30s".'),
    lease: duration().optional().describe('A claim without a sign of life for this long is stale. Default "15m".'),
  },
  objectWords('an object of time limits'),
)

/** `oompa.json`. Strict: an unknown key is a mistake. */
export const configSchema = z.strictObject(
  {
    $schema: text('the address of a JSON Schema').optional().describe('For editors; not read.'),
    workers: z
      .array(worker, { error: 'a list of workers' })
      .min(1, { error: 'at least one worker' })
      .optional()
      .describe('Groups of workers. With it, changes land (level 2), and a reviewer makes it level 3.'),
    agent: agent().optional().describe('The agent of workers that name none. Default "claude".'),
    iterations: whole(1).optional().describe('Iterations of workers that say none. Default 5.'),
    prompt: prompt().optional().describe('The prompt of workers that name none. Default prompts/worker.md.'),
    ...reviewKeys,
    review_rounds: whole(1).optional().describe('Author runs and reviews of one iteration at most. Default 3.'),
    test_first: z
      .boolean()
      .optional()
      .describe(
        'The test runs before the review, and its result is shown to the reviewer. Default false: reviews come first.',
      ),
    auto_merge_paths: z
      .array(text('a path'), { error: 'a list of paths' })
      .optional()
      .describe('A change below these alone is not reviewed. Default ["tasks/"].'),
    planner: planner.optional().describe('Runs once, before the workers, and adds tasks.'),
    merge: z
      .union([z.literal(false), merge], { error: 'false, or an object' })
      .optional()
      .describe('How changes land; `false` turns landing off.'),
    tasks: z
      .strictObject(
        { store: oneOf(['folder', 'lists', 'graph']).optional().describe('Which store, where several are there.') },
        objectWords('an object with `store`'),
      )
      .optional()
      .describe('Where tasks are.'),
    here: flag().optional().describe('One worker in the main checkout, without worktrees. Default false.'),
    continue: flag()
      .optional()
      .describe("Iteration i starts from what the same worker's iteration i-1 left, committed or not. Default false."),
    keep_worktrees: flag().optional().describe('Leave worktrees after the run. Default false.'),
    permissions: oneOf(['inherit', 'bypass'])
      .optional()
      .describe('What agents may do: as the person\'s own settings say, or everything. Default "inherit".'),
    budget_usd: amount().optional().describe('Stop when the agents have cost this much (status 5). 0 starts none.'),
    budget_usd_per_day: amount()
      .optional()
      .describe('Stop when all swarms of this repository have cost this much today (status 5).'),
    max_minutes: amount().optional().describe('Stop after this many minutes (status 5).'),
    no_progress: whole(0)
      .optional()
      .describe('Stop after this many iterations of each worker in a row without a landing. Default 3; 0 is off.'),
    prices: z
      .record(z.string(), price, { error: 'an object of prices by model' })
      .optional()
      .describe('Prices by model or `harness:model`, for agents that report no cost.'),
    limits: limits.optional().describe('Time limits: seconds, or a text such as "15m".'),
    env: z
      .array(text('the name of a variable, or PREFIX_*'), { error: 'a list of names' })
      .optional()
      .describe("Names and PREFIX_* of the only variables that agents get. Default: all of the person's."),
    sandbox: flag().optional().describe('Start agents from a short environment. Default false.'),
    git: z
      .strictObject(
        {
          hooks: flag()
            .optional()
            .describe("Run the person's git hooks for landings and worktrees too. Default false."),
        },
        objectWords('an object with `hooks`'),
      )
      .optional()
      .describe('How we call git.'),
    probe: flag().optional().describe('Try each agent once before the first worker starts. Default true.'),
    ports: z
      .strictObject(
        {
          from: whole(1024).max(65000, { error: 'a port from 1024 to 65000' }).optional().describe('Default 20000.'),
          block: whole(1).max(1000, { error: 'a whole number from 1 to 1000' }).optional().describe('Default 20.'),
        },
        objectWords('an object with `from` and `block`'),
      )
      .optional()
      .describe('The first port, and how many each worker has for its own (`OOMPA_PORT_BASE`).'),
    logs: z
      .strictObject(
        {
          max_mb: whole(1)
            .optional()
            .describe('What is kept of what the agents of an iteration print, its end, in megabytes. Default 64.'),
          keep_days: whole(0)
            .optional()
            .describe('`oompa cleanup` removes what the agents of a swarm printed that ended longer ago. Default 30.'),
        },
        objectWords('an object with `max_mb` and `keep_days`'),
      )
      .optional()
      .describe('How much of the output of agents is kept, and how long.'),
    backoff: z
      .strictObject(
        {
          first: duration().optional().describe('The pause after a failed agent, doubling. Default "60s".'),
          max: duration().optional().describe('The longest pause. Default "10m".'),
          failures: whole(1).optional().describe('Failures in a row that end a worker, from level 2 on. Default 5.'),
          brake: whole(0)
            .optional()
            .describe(
              'Failures in a row, each within seconds, after which a worker pauses at level 1 too. Default 3; 0 is off.',
            ),
        },
        objectWords('an object'),
      )
      .optional()
      .describe('What happens after a failed agent.'),
  },
  objectWords('an object'),
)

/** What a right `oompa.json` holds. */
export type FileConfig = z.infer<typeof configSchema>
