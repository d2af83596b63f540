// The form of what executable hooks read: docs/hooks/input.schema.json is made from this, and the tests hold both to it.

import { z } from 'zod'

const commit = z.string().describe('A commit, 40 or 64 hex digits')
const optionalText = z.string().optional()

const task = z
  .looseObject({
    id: z.string(),
    summary: z.string(),
    description: optionalText,
    difficulty: optionalText,
    acceptance: z.array(z.string()),
    files: z.array(z.string()),
    dependsOn: z.array(z.string()).describe('Ids that must be complete first'),
    priority: z.number().optional().describe('0 first; absent means last'),
    role: optionalText,
    story: optionalText,
    notes: optionalText.describe('What earlier attempts left: where their work is, the last feedback'),
    extra: z.record(z.string(), z.unknown()),
  })
  .describe('A piece of work')

const worktree = z.strictObject({
  name: z.string().describe('Directory below the root, .w1-i1'),
  path: z.string().describe('Absolute'),
  branch: z.string().describe('Without refs/heads/'),
  base: commit.describe('The commit it was made at'),
})

const change = z
  .strictObject({
    swarm: z.string(),
    worker: z.string(),
    number: z.number().int().describe('The iteration, from 1'),
    attempt: z.number().int().describe('Which author run of the iteration made it, from 1'),
    worktree: worktree.describe('Where its author works'),
    branch: z.string(),
    commit: commit.describe('The tip: what is reviewed, tested and landed'),
    base: commit.describe('The merge base with the target'),
    into: z.string().describe('The target branch, without refs/heads/'),
    files: z.array(
      z.strictObject({
        path: z.string(),
        from: z.string().optional().describe('Before a rename or copy'),
        status: z.enum(['added', 'modified', 'removed', 'renamed', 'copied', 'mode', 'type']),
      }),
    ),
    task: task.optional(),
    author: optionalText.describe('harness:model of who wrote it'),
    message: optionalText.describe('The final message of its author'),
    touchesTheTest: z
      .array(z.string())
      .optional()
      .describe('Those of its paths that the test runs from: it is tested by its own version of them'),
    reviewedBy: z.array(z.string()).optional(),
  })
  .describe('The commits of a branch over its base')

const facts = {
  root: z.string().describe('The main checkout, absolute'),
  swarm: z.string(),
  worker: z.string(),
  iteration: z.number().int(),
  tasks: z.string().describe('Absolute path of the tasks that count'),
  task: task.optional(),
}

const claim = z.looseObject({
  task,
  holder: z.looseObject({ worker: z.string() }),
  fence: z.string(),
  since: z.string(),
})

export const hookInput = z.discriminatedUnion('hook', [
  z.strictObject({
    hook: z.literal('review'),
    ...facts,
    change,
    round: z.number().int().describe('From 1'),
    rounds: z
      .array(z.strictObject({ feedback: z.string(), answer: optionalText, commit }))
      .describe('Earlier rounds of this iteration, with what the author answered'),
    test: z
      .strictObject({ command: z.string(), status: z.number().int().nullable(), output: z.string() })
      .optional()
      .describe('What the test said of this commit, if it ran before the review'),
  }),
  z.strictObject({ hook: z.literal('merge'), ...facts, change }),
  z.strictObject({ hook: z.literal('approve'), ...facts, change }),
  z.strictObject({ hook: z.literal('worktree'), ...facts, worktree }),
  z.strictObject({
    hook: z.literal('event'),
    event: z.looseObject({
      at: z.string().describe('ISO 8601'),
      type: z.string(),
      swarm: z.string(),
      worker: optionalText,
      iteration: z.number().int().optional(),
      task: optionalText,
      commit: optionalText,
    }),
  }),
  z.strictObject({
    hook: z.literal('tasks'),
    operation: z.enum(['list', 'claim', 'complete', 'release', 'add', 'renew', 'reopen']),
    root: z.string(),
    request: z.looseObject({}).optional().describe('Of claim: { claimer: { worker, swarm?, pid? }, id?, story?, … }'),
    claim: claim.optional().describe('Of complete and release'),
    completion: z.looseObject({}).optional().describe('Of complete: { by, at, reviewRounds?, mergedCommit?, notes? }'),
    reason: optionalText.describe('Of release and reopen'),
    id: optionalText.describe('Of reopen: a complete task that goes back to pending'),
    by: optionalText.describe('Of reopen: who asks for it'),
    task: z.looseObject({ summary: z.string() }).optional().describe('Of add'),
    claims: z.array(claim).optional().describe('Of renew'),
  }),
])

export const inputJsonSchema = () => ({
  title: 'What an executable hook of oompa-loompas reads on standard input',
  ...z.toJSONSchema(hookInput, { reused: 'ref' }),
})
