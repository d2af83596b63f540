// What a worker is doing now, in words: the phase, or what its agent said last, with paths as short as they can be.

import type { SwarmState, WorkerState } from '../events/state.js'
import { escapeText } from './escape.js'
import { age, between, timeOfDay } from './format.js'
import { cut, cutLeft, widthOf } from './width.js'

/** An agent that has said nothing for so long may be at a long command, or may hang: its silence is shown. */
const SILENT_MS = 120_000
/** No table shows more of a line; what is looked through for paths is short. */
const LONGEST = 400

/** The words for what a worker is doing; not cut. */
export function nowWords(worker: WorkerState, state: SwarmState, now: number): string {
  const words = phaseWords(worker, state)
  const speaks = worker.phase === 'working' || worker.phase === 'reviewing' || worker.phase === 'planning'
  const silence = between(worker.seenAt, now)
  return speaks && silence >= SILENT_MS ? `silent for ${age(silence)}: ${words}` : words
}

function phaseWords(worker: WorkerState, state: SwarmState): string {
  const doing = shortened(escapeText(worker.doing.slice(0, LONGEST)), worker.worktree)
  switch (worker.phase) {
    case 'idle':
      return worker.iteration === 0 ? 'starts' : 'between two iterations'
    case 'preparing':
      return doing || 'prepares'
    case 'planning':
      return doing ? `plans: ${doing}` : 'plans'
    case 'working':
      return doing || (worker.attempt > 1 ? `works, attempt ${worker.attempt}` : 'works')
    case 'reviewing':
      return doing ? `in review: ${doing}` : 'in review'
    case 'queued': {
      const place = state.queue.findIndex((entry) => entry.worker === worker.worker) + 1
      return place > 1 ? `waits to land, ${place - 1} before it` : 'lands'
    }
    case 'testing':
      return doing ? `tests: ${doing}` : 'tests'
    case 'waiting':
      return doing ? `waits: ${doing}` : 'waits'
    case 'limit':
      return `limit until ${escapeText(timeOfDay(worker.until ?? ''))}${doing ? `: ${doing}` : ''}`
    case 'ended':
      if (worker.startedAt !== undefined) return 'was cut off'
      return worker.ended.length ? `ended: ${outcomes(worker)}` : doing || 'ended'
  }
}

function outcomes(worker: WorkerState): string {
  const counts = new Map<string, number>()
  for (const { outcome } of worker.ended) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  return [...counts].map(([outcome, number]) => `${number} ${escapeText(outcome)}`).join(', ')
}

/** Who does it stands in the phase already; paths in the worktree are relative to it, and it itself is a dot. */
function shortened(doing: string, worktree: string | undefined): string {
  const words = doing.replace(/^(?:reviewer|planner): /, '')
  const name = worktree?.slice(worktree.lastIndexOf('/') + 1)
  return words
    .split(/(\s+|["'=])/)
    .map((word) => (word.startsWith('/') ? relative(word, name) : word))
    .join('')
}

function relative(path: string, name: string | undefined): string {
  const at = name ? `${path}/`.lastIndexOf(`/${name}/`) : -1
  if (name && at >= 0) return path.slice(at + name.length + 2) || '.'
  // A reviewer's checkout (src/worktrees/scratch.ts).
  return /\/reviews\/[\w-]{1,80}-[0-9a-f]{8}\/(.+)$/.exec(path)?.[1] ?? path
}

/** The words in `width` columns. A path at their end is cut from the left, since its end says which file it is. */
export function fitted(words: string, width: number): string {
  if (widthOf(words) <= width) return words
  const [, before = '', path] = /^(.*: )?(\S*\/\S+)$/.exec(words) ?? []
  const room = width - widthOf(before)
  return path === undefined || room < 8 ? cut(words, width) : before + cutLeft(path, room)
}
