// The words of a landing's commit: a subject that people search for, and trailers that programs read.

import { oneLine } from '../files/lines.js'
import type { Candidate } from './contract.js'

/** Written where the landed commits are not the change's own: says which change they came from. */
export const CHANGE_TRAILER = 'Oompa-Change'

/**
 * The message of a merge commit.
 * @param theirs what is merged: where that is not the change's own commit, the message says which change it came from
 */
export function mergeMessage(candidate: Candidate, into: string, theirs: string = candidate.commit): string {
  const summary = candidate.task?.summary && oneLine(candidate.task.summary, 100)
  const where = into === 'main' || into === 'master' ? '' : ` into ${into}`
  return withTrailers(`Merge branch '${candidate.branch}'${where}${summary ? `: ${summary}` : ''}`, [
    ...trailers(candidate),
    ...(theirs === candidate.commit ? [] : [[CHANGE_TRAILER, candidate.commit] as const]),
  ])
}

/** The message of the merge under which a tested batch lands. */
export function batchMessage(candidates: readonly Candidate[], into: string): string {
  const names = candidates.map((one) => one.branch)
  return `Merge ${names.length} changes into ${into}\n\nTested together: ${names.join(', ')}\n`
}

/** The message of a squash: the only commit's own, or the first subject with all messages below. */
export function squashMessage(candidate: Candidate, messages: readonly string[]): string {
  const [first = candidate.branch, ...rest] = messages.map((message) => message.trim())
  const subject = candidate.task?.summary && rest.length > 0 ? oneLine(candidate.task.summary, 100) : undefined
  const body = rest.length === 0 ? first : [subject ?? first, ...(subject ? [first] : []), ...rest].join('\n\n')
  return withTrailers(body, [...trailers(candidate), [CHANGE_TRAILER, candidate.commit]])
}

/** The message of the last commit of a rebase: its own, and what the landing has to say. */
export function rebaseMessage(candidate: Candidate, message: string): string {
  return withTrailers(message.trim(), [...trailers(candidate), [CHANGE_TRAILER, candidate.commit]])
}

/** The message of the commit that completes a task after a rebase, whose own commits cannot name themselves. */
export function statusMessage(candidate: Candidate): string {
  return withTrailers(`Complete ${oneLine(candidate.task?.id ?? 'a task', 100)}`, trailers(candidate))
}

/** A worker as people on all machines know it: `alder/w1`. */
export function workerName({ machine, worker }: { readonly machine?: string; readonly worker?: string }): string {
  return machine === undefined ? `${worker}` : `${machine}/${worker}`
}

function trailers(candidate: Candidate): [string, string][] {
  return [
    ...(candidate.task ? [['Oompa-Task', candidate.task.id] as [string, string]] : []),
    ...(candidate.worker ? [['Oompa-Worker', workerName(candidate)] as [string, string]] : []),
    ...(candidate.spent ? [['Oompa-Cost', candidate.spent] as [string, string]] : []),
    ...(candidate.reviewedBy ?? []).map((by): [string, string] => ['Reviewed-by', by]),
  ]
}

/** Adds trailers, in the block that is there already if there is one. */
function withTrailers(message: string, added: readonly (readonly [string, string])[]): string {
  const lines = added.map(([key, value]) => `${key}: ${oneLine(value, 200)}`).filter((line) => !/: $/.test(line))
  if (lines.length === 0) return `${message}\n`
  const last = message.split('\n\n').at(-1) ?? ''
  const hasBlock = message.includes('\n\n') && last.split('\n').every((line) => /^[A-Za-z][A-Za-z0-9-]*: \S/.test(line))
  return `${message}${hasBlock ? '\n' : '\n\n'}${lines.join('\n')}\n`
}
