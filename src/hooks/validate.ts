// Says whether a hook's default export, or its answer, is what the loop can use; a wrong one is named at once.

import { z } from 'zod'
import type { Agent } from '../agents/contract.js'
import type { TaskStore } from '../tasks/contract.js'
import type { Approval, Landing, Refusal, Verdict } from '../words.js'
import type { HookName } from './contract.js'

type AnyFunction = (...args: never[]) => unknown

function isFunction(value: unknown): value is AnyFunction {
  return typeof value === 'function'
}

function hasMethods(value: unknown, ...names: string[]): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const members: Record<string, unknown> = Object.fromEntries(names.map((name) => [name, Reflect.get(value, name)]))
  return names.every((name) => isFunction(members[name]))
}

export function isTaskStore(value: unknown): value is TaskStore {
  return hasMethods(value, 'list', 'claim', 'complete', 'release', 'add')
}

export function isAgent(value: unknown): value is Agent {
  return hasMethods(value, 'command', 'reader') && typeof value.name === 'string'
}

/** What the default export of each hook has to be, for the error that says it is something else. */
export const EXPECTED = {
  review: 'a function `(change, context) => Verdict`, such as `reviewer({ agent: "codex" })`',
  merge: 'a function `(change, context) => Landing | Refusal`, such as `mergeQueue({ test: "npm test" })`',
  approve:
    'a function `(change, context) => ({ approved: true }) | ({ wait: "why" })`, such as `approval({ when: highRisk })`',
  worktree: 'a function `(worktree, context) => void`, such as `setup({ run: "npm ci" })`',
  event: 'a function `(event) => void`, such as `notify({ on: ["swarm.stopped"], desktop: true })`',
  tasks: 'a task store (list, claim, complete, release, add), such as `taskFolder()`',
  agent: 'an agent (name, command, reader), such as `command("./my-agent")`',
} satisfies Record<HookName, string>

/** What a value is, in a few words. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (Array.isArray(value)) return 'a list'
  if (value instanceof Promise) return 'a promise'
  if (typeof value === 'object') {
    const keys = Object.keys(value)
    return keys.length ? `an object with ${keys.slice(0, 5).join(', ')}` : 'an empty object'
  }
  return `a ${typeof value}`
}

/** What stands where a hook has to give a reason; without one the author is told so. */
const reason = z.string().trim().min(1).catch('No reason was given.')
/** Of another type than it has to be, what may be left out is left out. */
const maybe = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined)

/** Only `approved: true`, the boolean, approves. */
const verdict: z.ZodType<Verdict> = z.union([
  z.object({ approved: z.literal(true), feedback: maybe(z.string()), by: maybe(z.string()) }),
  z.object({ approved: z.literal([false, 'unavailable']), feedback: reason, by: maybe(z.string()) }),
])

const approval: z.ZodType<Approval> = z.union([
  z.object({ wait: z.string().pipe(reason) }),
  z.object({ approved: z.literal(true) }),
])

const landing: z.ZodType<Landing | Refusal> = z.union([
  z.object({
    refused: z.enum(['review', 'conflict', 'test', 'approval', 'policy', 'task', 'agent', 'unavailable']),
    feedback: reason,
    final: maybe(z.literal(true)),
    details: maybe(z.record(z.string(), z.unknown())),
  }),
  z.object({
    commit: z.string(),
    into: z.string(),
    mergedCommit: maybe(z.string()),
    batch: maybe(z.number()),
    nothing: maybe(z.literal(true)),
    pull: maybe(z.object({ url: z.string(), branch: z.string() })),
  }),
])

/** What the hooks that judge a change may answer. */
export const answers = { review: verdict, approve: approval, merge: landing }
