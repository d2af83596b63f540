// After a crash: which of a swarm's changes have landed, from git and the log alone. Landed is landed, once; what has
// not landed is queued again or kept.

import type { OompaEvent } from '../events/contract.js'
import { isAncestor } from '../git/ancestry.js'
import { resolveCommit } from '../git/repository.js'
import { gitText } from '../git/run.js'
import { landedBefore } from './branch.js'
import { openTools } from './tools.js'

/** A change that was on its way to the target, or just there, when its swarm died. */
export interface OpenLanding {
  readonly worker: string
  readonly iteration: number
  readonly branch: string
  /** The commit that was queued; what the branch is at unless the log has it. */
  readonly commit?: string
  readonly task?: string
  readonly into: string
  /** The log says that it has landed. */
  readonly said?: boolean
}

/** What git says of it. */
export interface RecoveredLanding extends OpenLanding {
  /** The commit of the target by which it landed; undefined if it has not. */
  readonly landed?: string
  /** What `merged-commit` says; undefined for a squash. */
  readonly mergedCommit?: string
}

/** Changes that were queued or landed, and whose iteration has no end in the log. Pure. */
export function openLandings(events: readonly OompaEvent[]): OpenLanding[] {
  const open = new Map<string, OpenLanding>()
  let into = ''
  for (const event of events) {
    if (event.type === 'swarm.started') into = event.into ?? into
    const key = `${event.worker}-${event.iteration}`
    if (event.type === 'landing.queued' && event.worker && event.iteration) {
      const { worker, iteration, branch, task, commit } = event
      open.set(key, { worker, iteration, branch, into, ...(task ? { task } : {}), ...(commit ? { commit } : {}) })
    }
    if (event.type === 'landing.landed' && event.worker && event.iteration) {
      const { worker, iteration, branch, task, mergedCommit } = event
      const commit = open.get(key)?.commit ?? mergedCommit
      const facts = { ...(task ? { task } : {}), ...(commit ? { commit } : {}) }
      open.set(key, { worker, iteration, branch, into: event.into, said: true, ...facts })
    }
    if (event.type === 'landing.refused' || event.type === 'iteration.ended') open.delete(key)
  }
  return [...open.values()]
}

/** Asks git about each of them: the log may be a line behind, the target never is. */
export async function recoverLandings(root: string, events: readonly OompaEvent[]): Promise<RecoveredLanding[]> {
  const found: RecoveredLanding[] = []
  const tools = openTools(root)
  try {
    for (const one of openLandings(events)) {
      const commit = one.commit ?? (await resolveCommit(root, `refs/heads/${one.branch}`))
      const target = await resolveCommit(root, `refs/heads/${one.into}`)
      if (!commit || !target) found.push(one)
      else if (await isAncestor(root, commit, target)) {
        found.push({ ...one, landed: await firstWith(root, commit, target), mergedCommit: commit })
      } else {
        const landed = await landedBefore(tools, one.into, commit)
        found.push(landed ? { ...one, landed } : one)
      }
    }
  } finally {
    tools.close()
  }
  return found
}

/** The first value of the target that had the commit in it. */
async function firstWith(root: string, commit: string, target: string): Promise<string> {
  const list = async (which: string) =>
    (await gitText(root, ['rev-list', which, `${commit}..${target}`])).split('\n').filter(Boolean)
  const since = new Set(await list('--ancestry-path'))
  return (await list('--first-parent')).findLast((one) => since.has(one)) ?? commit
}
