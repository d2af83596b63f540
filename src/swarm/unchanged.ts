// What an iteration comes to whose agent changed nothing: its tasks go back, unless the agent said that they need no
// change. Status 0 is no evidence of work.

import path from 'node:path'
import { formatAgentSpec } from '../agents/spec.js'
import { STATUS } from '../errors.js'
import { changedSince } from '../git/checkoutState.js'
import { quoted } from '../prompts/task-queue.js'
import type { Claim } from '../tasks/contract.js'
import { partsOf } from '../tasks/index.js'
import type { Change } from '../words.js'
import type { Iteration } from './contract.js'
import { iterationOf } from './iteration.js'
import { environmentOf } from './iteration-environment.js'
import { completeClaims } from './task-status.js'

/** Of an agent's last words so much goes into the notes of its task, characters. */
const MOST_WORDS = 2000

/** The claims that an empty change completes: the agent said that the work is ready, or that this task is done. Pure. */
function earned({ said, moved, claims }: Pick<Iteration, 'said' | 'moved' | 'claims'>): readonly Claim[] {
  if (said?.signals.some((signal) => signal.kind === 'ready')) return claims
  return claims.filter((claim) => moved.has(claim.task.id))
}

/** The claims that a change completes when it lands, or is found good where nothing is landed. */
export async function wouldComplete(change: Change): Promise<readonly Claim[]> {
  const iteration = iterationOf(change)
  const worked = change.files.length > 0 || (await workedHere(iteration))
  return worked ? [...iteration.claims] : [...earned(iteration)]
}

/** Whether the agent has worked in the person's checkout (`--here`): in anything but the tasks, committed or not. */
export async function workedHere({ start, lane }: Pick<Iteration, 'start' | 'lane'>): Promise<boolean> {
  const { repository, store } = lane.swarm
  if (!start?.checkout) return false
  const own = ['tasks', ...(store ? partsOf(store) : []).flatMap((one) => one.path ?? [])]
  const paths = await changedSince(repository.root, start.checkout)
  return paths.some((file) => !own.some((folder) => isAt(repository.root, file, folder)))
}

/** Whether `file` is `place` or below it; both are below the root, or absolute. */
function isAt(root: string, file: string, place: string): boolean {
  const relative = path.relative(path.resolve(root, place), path.resolve(root, file))
  return relative === '' || (!relative.startsWith('..') && !path.isAbsolute(relative))
}

/** Ends an iteration that lands nothing; what it has earned the completion of is complete. */
export async function endUnchanged(change: Change): Promise<undefined> {
  const iteration = iterationOf(change)
  const done = await wouldComplete(change)
  await completeClaims(iteration, undefined, done)
  const added = iteration.added.length
  if (iteration.claims.length > 0) iteration.notes = notesOf(iteration)
  if (done.length > 0) iteration.outcome = 'done'
  else if (added > 0) {
    iteration.outcome = 'done'
    iteration.reason = `planned ${added} task${added === 1 ? '' : 's'}`
  } else {
    iteration.outcome = 'nothing'
    iteration.reason = reasonOf(iteration)
    stopDenied(iteration)
  }
}

function reasonOf({ said, hadTask }: Iteration): string {
  const denied = said?.denials.length ? `; denied: ${said.denials.join(', ')}` : ''
  return `the agent made no change${hadTask ? ', and did not say that its task needs none' : ''}${denied}`
}

/** For the next one who takes the task: what was denied, and what the agent said. */
function notesOf(iteration: Iteration): string {
  const { said } = iteration
  const words = said?.text.trim() ?? ''
  const cut = words.length > MOST_WORDS ? `…${words.slice(-MOST_WORDS)}` : words
  return [`${reasonOf(iteration)}.`, ...(cut ? [`Its last words:\n${quoted(cut)}`] : ['It said nothing.'])].join('\n')
}

/**
 * An agent that may change nothing will change nothing in the next iteration either: its workers end before the queue
 * is burnt. One that has made a change in this swarm is allowed to.
 */
function stopDenied({ said, lane, worker, number, hadTask }: Iteration): void {
  const { swarm } = lane
  const name = formatAgentSpec(lane.agent)
  if (swarm.proven.has(name)) return
  const { allow, readOnly } = swarm.findAgent(lane.agent).check
  const denials = (said?.denials ?? []).filter((denial) => !READS.test(denial))
  const silent =
    hadTask &&
    swarm.settings.permissions === 'inherit' &&
    readOnly?.(environmentOf(swarm.settings, {}), [swarm.repository.root])
  if (denials.length === 0 && !silent) return
  const what = denials.length > 0 ? `${denials.join(', ')} was denied` : 'its configuration lets it write nowhere'
  const why = `${name} may not change anything: ${what}, and nothing was changed. ${allow}`
  swarm.emit({ type: 'note', level: 'warning', worker, iteration: number, text: why })
  if (swarm.proven.size === 0) swarm.stopping.gently(why, STATUS.failed)
  else for (const one of swarm.workers) if (formatAgentSpec(one.agent) === name) one.finish(why)
}

/** Tools that read: an agent that was denied one of them alone may well be allowed to write. */
const READS = /^(read|glob|grep|ls|list|web|search|fetch)/i
