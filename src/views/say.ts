// One event in the words of a line: what plain output prints, and what the live table prints above itself.

import type { OompaEvent } from '../events/contract.js'
import { warningOf } from '../events/warnings.js'
import { escapeLines, escapeText } from './escape.js'
import { costOf, count, short, span, timeOfDay } from './format.js'

export interface Said {
  readonly worker?: string
  /** Escaped, one or more lines. */
  readonly lines: readonly string[]
  readonly tone: 'plain' | 'quiet' | 'good' | 'bad'
}

/** Lines of feedback or of a message that are shown; all of it is in the log. */
const MOST_LINES = 8

/** What to say of an event; undefined if it is not worth a line. Pure. */
export function say(event: OompaEvent): Said | undefined {
  const words = wordsOf(event)
  if (!words) return undefined
  const [tone, first, more] = words
  return { worker: event.worker, tone, lines: [escapeText(first), ...(more ? shortened(more) : [])] }
}

type Words = readonly [tone: Said['tone'], first: string, more?: string] | undefined

function wordsOf(event: OompaEvent): Words {
  const warning = warningOf(event)
  if (warning !== undefined) return ['bad', warning]
  switch (event.type) {
    case 'swarm.started':
      return ['quiet', swarmWords(event)]
    case 'worker.started':
    case 'worker.ended':
      return ['plain', `${event.type === 'worker.started' ? 'starts' : 'ends'}: ${event.reason}`]
    case 'iteration.started':
      return ['plain', `iteration ${event.iteration}${event.worktree ? ` in ${event.worktree}` : ''}`]
    case 'iteration.ended':
      return iterationWords(event)
    case 'task.claimed':
      return ['plain', `took ${event.task}`]
    case 'task.completed':
      return ['good', `completed ${event.task}`]
    case 'task.released':
      return ['plain', `gave ${event.task} back: ${event.reason}`]
    case 'task.added':
      return ['plain', `added ${event.task}`]
    case 'task.none':
      return undefined
    case 'tasks.uncommitted':
      return ['plain', `not committed: ${event.paths.slice(0, 5).join(', ')}${event.paths.length > 5 ? ' …' : ''}`]
    case 'store.away':
      return ['bad', `${event.reason} Agents go on; nothing is claimed or completed until it is back.`]
    case 'store.back':
      return ['good', `the tasks can be reached again, after ${span(event.awayMs)}`]
    case 'task.ignored':
      return ['bad', `${event.path} was passed over: ${event.reason}`]
    case 'agent.started':
      if (event.role === 'probe') return undefined
      return ['plain', `${event.agent} ${ROLE_WORDS[event.role] ?? 'works'}${again(event.attempt)}`]
    case 'agent.activity':
      return ['quiet', event.text]
    case 'agent.message':
      return event.role === 'author' ? ['plain', 'said:', event.text] : undefined
    case 'agent.ended':
      return agentWords(event)
    default:
      return landingWords(event)
  }
}

function landingWords(event: OompaEvent): Words {
  switch (event.type) {
    case 'review.ended': {
      const by = event.by ? ` by ${event.by}` : ''
      const verdict = event.verdict === 'unavailable' ? 'could not be judged' : event.verdict
      return [event.verdict === 'approved' ? 'good' : 'bad', `${verdict}${by}, round ${event.round}`, event.feedback]
    }
    case 'landing.queued':
      return event.position > 1 ? ['quiet', `waits for ${count(event.position - 1, 'landing')}`] : undefined
    case 'landing.testing':
      return ['quiet', `tests: ${event.command}`]
    case 'landing.waiting':
      return ['plain', `landing waits: ${event.reason}`]
    case 'landing.landed':
      return ['good', `landed ${event.commit ? short(event.commit) : event.branch} on ${event.into}`]
    case 'landing.refused':
      return ['bad', `did not land: ${event.reason}`, event.feedback]
    case 'landing.withdrawn':
      return ['bad', `taken back from ${event.into}: ${event.reason}. Its work is at ${event.kept}`]
    case 'landing.pushed':
      return ['quiet', `pushed ${event.into} to ${event.remote}`]
    case 'pull.opened':
      return ['good', `in review: ${event.url}`]
    case 'pull.merged':
      return ['good', `merged into ${event.into}: ${event.url}`]
    case 'pull.closed':
      return ['bad', `closed, and not merged: ${event.url}`]
    case 'approval.waiting':
      return [
        'plain',
        `waits for a person: ${event.reasons.join('; ').replace(/\.$/, '')}. See: oompa approve ${event.id}`,
      ]
    case 'approval.approved':
      return ['good', `${event.id} was approved`]
    case 'approval.rejected':
      return ['bad', `${event.id} was rejected: ${event.reason}`]
    case 'work.kept':
      return ['plain', `work kept at ${event.ref}: ${event.reason}`]
    case 'swarm.recovered':
      return [
        'plain',
        `put in order by ${event.by}: ${event.kept.length} kept, ${count(event.claims, 'claim')} given back`,
      ]
    case 'limit.waiting':
      return ['bad', `${event.agent} ${WAITS_FOR[event.kind ?? 'limit']} ${timeOfDay(event.until)}: ${event.reason}`]
    case 'agent.fallback': {
      const until = event.until && `, since ${event.instead} is at its limit until ${timeOfDay(event.until)}`
      return [until ? 'bad' : 'good', `goes on with ${event.agent}${until ?? ' again'}`]
    }
    case 'note':
      return ['plain', event.text]
    default:
      return undefined
  }
}

/** What an agent's end says where somebody has ended the swarm (src/agents/run-agent.ts): it is no failure. */
const ENDED_WITH_SWARM = 'was ended, because the swarm is being stopped'

const WAITS_FOR: Readonly<Record<string, string>> = {
  limit: 'is limited until',
  login: 'needs a login, and is tried again at',
  missing: 'is not there, and is looked for again at',
}

const ROLE_WORDS: Readonly<Record<string, string>> = { author: 'works', reviewer: 'reviews', planner: 'plans' }

function again(attempt: number): string {
  return attempt > 1 ? `, attempt ${attempt}` : ''
}

type Of<T extends OompaEvent['type']> = Extract<OompaEvent, { type: T }>

function swarmWords(event: Of<'swarm.started'>): string {
  const verb = event.resumed ? 'goes on' : 'started'
  const into = event.into && event.level > 1 ? `, lands on ${event.into}` : ''
  const parked = event.workers.filter((one) => one.parked).length
  const least = parked > 0 ? `${event.workers.length - parked} to ` : ''
  return `swarm ${event.swarm} ${verb}: ${least}${count(event.workers.length, 'worker')} × ${count(event.iterations, 'iteration')}, level ${event.level}${into}`
}

function iterationWords(event: Of<'iteration.ended'>): Words {
  const what = event.commits ? `, ${count(event.commits, 'commit')}` : ''
  const where = event.kept ? ` at ${event.kept}` : event.branch && event.commits ? ` on ${event.branch}` : ''
  const why = event.reason ? `: ${event.reason}` : ''
  const bad = event.outcome === 'failed' || event.outcome === 'refused'
  const tone = bad ? 'bad' : event.outcome === 'landed' ? 'good' : 'plain'
  return [tone, `iteration ${event.iteration} ${event.outcome}${what}${where}${why}`]
}

function agentWords(event: Of<'agent.ended'>): Words {
  if (event.role === 'probe') return event.failure ? ['bad', `${event.agent}: ${event.failure}`] : undefined
  const after = `after ${span(event.durationMs)}`
  if (event.failure === ENDED_WITH_SWARM) return ['plain', `${event.agent} was ended ${after}`]
  const failed = event.failure !== undefined || event.status !== 0
  const cost = event.costUsd === undefined ? '' : `, ${costOf(event)}`
  const how = event.failure ?? (event.status === null ? 'was ended' : `status ${event.status}`)
  const denied = event.denials?.length ? `. Refused to it: ${event.denials.join(', ')}` : ''
  const words = `${event.agent} ${failed ? `failed (${how})` : 'ended'} ${after}${cost}${denied}`
  return [failed || denied ? 'bad' : 'plain', words]
}

function shortened(text: string): string[] {
  const lines = escapeLines(text.trim()).filter((line) => line.trim() !== '')
  const shown = lines.slice(0, MOST_LINES).map((line) => `  ${line}`)
  return lines.length > MOST_LINES ? [...shown, `  … ${count(lines.length - MOST_LINES, 'line')} more`] : shown
}
