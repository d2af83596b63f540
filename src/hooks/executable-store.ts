// `hooks/tasks` as an executable: a task store that answers one operation a call, in JSON on standard output.

import { messageOf, OompaError, STATUS } from '../errors.js'
import type { Claim, ClaimAnswer, TaskListing, TaskStore } from '../tasks/contract.js'
import type { Task } from '../words.js'
import type { Executable, Run } from './executable.js'

/**
 * A task store behind an executable. It reads `{ hook: "tasks", operation, … }`, and answers with status 0 and JSON;
 * status 1 refuses (standard output says why); anything else is a failure.
 */
export function executableStore(hook: Executable, root: string, run: () => Promise<Run>): TaskStore {
  const ask = async (operation: string, input: Record<string, unknown>): Promise<Answer> => {
    hook.ready()
    const result = await (await run())([hook.path], {
      cwd: root,
      timeoutMs: hook.limitMs,
      env: { OOMPA_ROOT: root, OOMPA_OPERATION: operation },
      input: `${JSON.stringify({ hook: 'tasks', operation, root, ...input })}\n`,
    })
    if (result.status === 0 && !result.timedOut) return { yes: parse(hook, operation, result.stdout) }
    if (result.status === 1 && !result.timedOut) return { no: result.stdout.trim() || `${hook.name} refused.` }
    const ended = result.timedOut ? 'took too long' : `ended with ${result.signal ?? `status ${result.status}`}`
    throw new OompaError({
      code: 'hook-failed',
      message: `${hook.name} ${ended} on ${operation}: ${result.output.trim().slice(-2000) || 'no output'}`,
    })
  }
  const must = async (operation: string, input: Record<string, unknown>, code: string): Promise<unknown> => {
    const answer = await ask(operation, input)
    if ('no' in answer) throw new OompaError({ code, message: answer.no, status: STATUS.refused })
    return answer.yes
  }
  return {
    name: hook.name,
    async list() {
      return listing(hook, await must('list', {}, 'tasks-refused'))
    },
    async claim(request) {
      const answer = await ask('claim', { request })
      if ('no' in answer) return { answer: 'none', why: answer.no }
      return claimAnswer(hook, answer.yes, request.claimer)
    },
    async complete(claim, completion) {
      await must('complete', { claim, completion }, 'not-yours')
    },
    async release(claim, reason) {
      await must('release', { claim, reason }, 'not-yours')
    },
    async add(task) {
      return toTask(await must('add', { task }, 'bad-task'))
    },
    async renew(claims) {
      await ask('renew', { claims })
    },
    async reopen(id, reason, by) {
      return 'yes' in (await ask('reopen', { id, reason, by }))
    },
  }
}

type Answer = { readonly yes: unknown } | { readonly no: string }

function parse(hook: Executable, operation: string, text: string): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new OompaError({
      code: 'hook-answer',
      message: `${hook.name} answered ${operation} with something that is not JSON: ${messageOf(cause)}.`,
      cause,
    })
  }
}

function members(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function optional(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A task from JSON; only the id is needed. */
function toTask(value: unknown): Task {
  const from = members(value)
  const id = optional(from.id)
  if (!id) throw new OompaError({ code: 'hook-answer', message: 'A task from hooks/tasks has no id.' })
  return {
    id,
    summary: optional(from.summary) ?? id,
    description: optional(from.description),
    difficulty: optional(from.difficulty),
    acceptance: texts(from.acceptance),
    files: texts(from.files),
    dependsOn: texts(from.dependsOn),
    ...(typeof from.priority === 'number' ? { priority: from.priority } : {}),
    role: optional(from.role),
    story: optional(from.story),
    notes: optional(from.notes),
    extra: members(from.extra),
  }
}

function listing(hook: Executable, value: unknown): TaskListing {
  const from = members(value)
  const list = (key: string): unknown[] => (Array.isArray(from[key]) ? [...from[key]] : [])
  return {
    pending: list('pending').map((one) => {
      const waitsFor = texts(members(one).waitsFor)
      const { ready } = members(one)
      return { ...toTask(one), ready: typeof ready === 'boolean' ? ready : waitsFor.length === 0, waitsFor }
    }),
    current: list('current').map((one) => {
      const task = toTask(one)
      const { claim, stale } = members(one)
      const held = claim === undefined ? undefined : toClaim(members(claim), task)
      return { ...task, ...(held ? { claim: held } : {}), ...(typeof stale === 'string' ? { stale } : {}) }
    }),
    complete: list('complete').map(toTask),
    problems: list('problems').map((one) => {
      const { path, line, reason } = members(one)
      return { path: String(path ?? hook.name), reason: String(reason), ...(typeof line === 'number' ? { line } : {}) }
    }),
  }
}

/** Whose a current task is, as the list says: without it nobody from a shell can end the claim. */
function toClaim(from: Record<string, unknown>, task: Task): Claim | undefined {
  const holder = members(from.holder)
  const worker = optional(holder.worker)
  const fence = optional(from.fence)
  if (worker === undefined || fence === undefined) return undefined
  const swarm = optional(holder.swarm)
  return {
    task,
    holder: {
      worker,
      ...(swarm === undefined ? {} : { swarm }),
      ...(typeof holder.pid === 'number' ? { pid: holder.pid } : {}),
    },
    fence,
    since: optional(from.since) ?? '',
  }
}

function claimAnswer(hook: Executable, value: unknown, holder: Claim['holder']): ClaimAnswer {
  const from = members(value)
  const why = optional(from.why) ?? ''
  const { answer } = from
  if (answer === 'already-taken' || answer === 'not-found' || answer === 'dependency-missing' || answer === 'none') {
    return { answer, why }
  }
  const claim = members(from.claim)
  // The shortest thing that a script can answer is the task itself.
  const task = from.task ?? claim.task ?? (typeof from.id === 'string' ? from : undefined)
  if (!task) throw new OompaError({ code: 'hook-answer', message: `${hook.name} answered claim without a task.` })
  const read = toTask(task)
  return {
    answer: 'claimed',
    claim: {
      task: read,
      holder,
      fence: optional(from.fence) ?? optional(claim.fence) ?? `${read.id}-${Date.now()}`,
      since: optional(claim.since) ?? new Date().toISOString(),
    },
  }
}
