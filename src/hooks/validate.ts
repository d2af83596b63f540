// Says whether a hook's default export, or its answer, is what the loop can use; a wrong one is named at once.

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

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A verdict, or undefined if the answer is none. Only `approved: true`, the boolean, approves. */
export function readVerdictAnswer(value: unknown): Verdict | undefined {
  const answer = record(value)
  if (!answer) return undefined
  const by = optionalText(answer.by)
  const feedback = optionalText(answer.feedback)
  if (answer.approved === true) return { approved: true, feedback, by }
  if (answer.approved === false) return { approved: false, feedback: feedback?.trim() || 'No reason was given.', by }
  if (answer.approved === 'unavailable') {
    return { approved: 'unavailable', feedback: feedback ?? 'No reason was given.', by }
  }
  return undefined
}

/** An approval, or undefined if the answer is none. */
export function readApprovalAnswer(value: unknown): Approval | undefined {
  const answer = record(value)
  if (!answer) return undefined
  if (typeof answer.wait === 'string') return { wait: answer.wait.trim() || 'No reason was given.' }
  return answer.approved === true ? { approved: true } : undefined
}

const REFUSALS: readonly Refusal['refused'][] = [
  'review',
  'conflict',
  'test',
  'approval',
  'policy',
  'task',
  'agent',
  'unavailable',
]

/** What a merge hook answers, or undefined if it is neither. */
export function readLandingAnswer(value: unknown): Landing | Refusal | undefined {
  const answer = record(value)
  if (!answer) return undefined
  const refused = REFUSALS.find((one) => one === answer.refused)
  if (refused) {
    return {
      refused,
      feedback: optionalText(answer.feedback)?.trim() || 'No reason was given.',
      ...(answer.final === true ? { final: true } : {}),
      ...(record(answer.details) ? { details: record(answer.details) } : {}),
    }
  }
  if (typeof answer.commit !== 'string' || typeof answer.into !== 'string') return undefined
  return {
    commit: answer.commit,
    into: answer.into,
    mergedCommit: optionalText(answer.mergedCommit),
    ...(typeof answer.batch === 'number' ? { batch: answer.batch } : {}),
    ...(answer.nothing === true ? { nothing: true } : {}),
  }
}
