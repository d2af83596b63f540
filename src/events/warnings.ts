// Events that a person should still know of when the swarm has ended, in words.

import type { OompaEvent } from './contract.js'

/** What an event warns of; undefined if it does not. Not escaped. */
export function warningOf(event: OompaEvent): string | undefined {
  switch (event.type) {
    case 'landing.bypassed':
      return `${event.into} was moved to commits that nobody landed. See: git log ${event.from}..${event.to}`
    case 'landing.unpushed':
      return `${event.into} could not be pushed to ${event.remote}: ${event.reason}`
    case 'worktree.failed':
      return `${event.worktree} could not be made: ${event.reason}`
    case 'budget.reached':
      return `the limit ${event.limit} was reached (${event.value})`
    case 'budget.nearing': {
      const { limit, value, spent } = event
      return `${Math.round((spent / value) * 100)} % of the limit ${limit} is used up (${Number(spent.toFixed(4))} of ${value})`
    }
    case 'hook.failed':
      return `${event.hook} failed: ${event.reason}`
    case 'note':
      return event.level === 'warning' ? event.text : undefined
    default:
      return undefined
  }
}
