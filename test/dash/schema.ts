// The form of what the page's API answers: docs/api.schema.json is made from this, and the tests hold both to it.
// Objects are open: fields may be added.

import { z } from 'zod'

const text = z.string()
const maybe = <T extends z.ZodType>(schema: T) => schema.nullable()
const time = z.string().describe('ISO 8601')
const usd = z.number().min(0).describe('US dollars')
const estimated = z.boolean().optional().describe('Part of the cost is an estimate')
const count = z.number().int().min(0)
const place = count.describe('A place in the log: where the line of an event ends')

const spread = z.looseObject({
  count,
  median: maybe(z.number()),
  mean: maybe(z.number()),
  most: maybe(z.number()),
})
const spending = z.record(
  text,
  z.looseObject({ runs: count, failed: count, unpriced: count, costUsd: usd, estimated, durationMs: z.number() }),
)

const line = z.looseObject({
  swarm: text,
  state: z.enum(['running', 'stopped', 'crashed']),
  startedAt: maybe(time),
  stoppedAt: maybe(time),
  workers: count,
  iterations: count,
  landed: count,
  successRate: maybe(z.number().min(0).max(1)),
  costUsd: maybe(usd),
  estimated,
})

const worker = z.looseObject({
  worker: text,
  state: z.enum([
    'idle',
    'preparing',
    'planning',
    'working',
    'reviewing',
    'queued',
    'testing',
    'waiting',
    'limit',
    'ended',
  ]),
  iteration: count,
  iterations: count,
  doing: text.describe('In the words of the latest event'),
  task: maybe(text),
  agent: text,
  costUsd: maybe(usd),
  estimated,
  since: maybe(time),
  startedAt: maybe(time),
  until: maybe(time).describe('When a limit ends'),
  earlier: count.describe('Iterations that have ended and are not in `ended`'),
  ended: z.array(z.tuple([count, text, text])).describe('Iteration, outcome, task'),
})

const change = z.looseObject({
  id: text.describe('`w1-3`: worker and iteration'),
  worker: text,
  iteration: count,
  task: text.optional(),
  branch: text.optional(),
  outcome: text.optional(),
  startedAt: time.optional(),
  endedAt: time.optional(),
  costUsd: usd.optional(),
  estimated,
})

/** Each answer by its address; `:id` is a swarm. */
export const answers = {
  error: z.looseObject({ error: z.looseObject({ code: text, message: text, mend: text.optional() }) }),
  'GET /api': z.looseObject({ repository: text, version: text }),
  'GET /api/swarms': z.array(line),
  'GET /api/swarms/:id': z.looseObject({
    swarm: text,
    state: line.shape.state,
    startedAt: maybe(time),
    stoppedAt: maybe(time),
    reason: maybe(text),
    status: maybe(z.number().int()),
    level: maybe(z.number().int()),
    into: maybe(text),
    position: place,
    costUsd: maybe(usd),
    estimated,
    budgetUsd: maybe(usd),
    counts: z.looseObject({ iterations: count, landed: count, refused: count, rejected: count }),
    problems: z.array(z.looseObject({ kind: text, text, command: text.optional(), worker: text.optional() })),
    workers: z.array(worker),
    queue: z.array(z.looseObject({ branch: text, at: time })),
    figures: z.looseObject({
      successRate: maybe(z.number()),
      timeToMerge: spread.describe('Seconds'),
      landingsPerHour: maybe(z.number()),
      forecast: maybe(z.looseObject({ tasks: count, costUsd: usd.optional(), ms: z.number().optional() })),
      stages: z.record(text, spread),
      costUsd: maybe(usd),
      costOfRefusedUsd: usd,
      spending: z.looseObject({ agent: spending, role: spending, worker: spending, task: spending }),
    }),
    spent: z.array(z.tuple([z.number(), usd])).describe('Seconds since 1970, dollars'),
  }),
  'GET /api/swarms/:id/events': z.looseObject({
    events: z.array(z.looseObject({ id: place, event: z.looseObject({ type: text, at: time, swarm: text }) })),
    end: place,
  }),
  'GET /api/swarms/:id/changes': z.looseObject({
    changes: z.array(change.extend({ rounds: count, refusals: count })),
    more: count,
  }),
  'GET /api/swarms/:id/changes/:change': change.extend({
    steps: z.array(z.looseObject({ at: time, what: text, by: text.optional(), text: text.optional() })),
    message: text.optional(),
    diff: maybe(z.looseObject({ text })),
  }),
  'GET /api/swarms/:id/logs': z.array(z.looseObject({ worker: text, iteration: count })),
  'GET /api/swarms/:id/logs/:worker/:iteration/lines': z.looseObject({
    lines: z.array(text),
    next: count,
    size: count,
  }),
  'GET /api/tasks': z.looseObject({ counts: z.looseObject({ pending: count, current: count, complete: count }) }),
  'GET /api/approvals': z.looseObject({
    waiting: z.array(z.looseObject({ id: text })),
    problems: z.array(z.unknown()),
  }),
} as const

export const apiJsonSchema = () => ({
  title: 'What the API of `oompa dash` answers, by address',
  ...z.toJSONSchema(z.object(answers), { reused: 'ref' }),
})
