// Where the work of a claim is pushed while it goes on, so that it is not lost with its machine.

import { logEdges } from '../events/scan-log.js'
import { oneLine } from '../files/lines.js'
import { remoteGit } from '../git/destination.js'
import { currentBranch, resolveCommit } from '../git/repository.js'
import { gitText } from '../git/run-git.js'
import { remoteOf } from '../git/upstream.js'
import { changeRef } from '../merge/change-refs.js'
import { pushRef } from '../merge/remote.js'
import type { Claim, TaskStore } from '../tasks/contract.js'
import { escapeText } from '../views/escape.js'
import type { Recovering } from './contract.js'
import { keptWork } from './keep.js'
import { completeClaim } from './landings.js'

/**
 * A sentence for the notes of a task whose holder is gone: where its work is kept here, or where it is on the remote if
 * several machines share the tasks; undefined if nothing says.
 */
export async function workOfClaim(
  root: string,
  claim: Claim,
  store: Pick<TaskStore, 'engine'>,
): Promise<string | undefined> {
  return (await keptWork(root, claim)) ?? (store.engine ? pushedWork(root, claim) : undefined)
}

async function pushedWork(root: string, claim: Claim): Promise<string | undefined> {
  const work = await workOnRemote(root, claim)
  if (!work) return undefined
  const { remote, ref, commit } = work
  return commit === undefined
    ? `Nothing of its work was pushed: what there was is on its machine.`
    : `Its work is on ${remote}: git fetch ${remote} ${ref}`
}

/** Where the work of a claim is on the remote; without a commit where nothing was pushed, and undefined if nobody can say. */
async function workOnRemote(
  root: string,
  { task, holder }: Claim,
): Promise<{ readonly remote: string; readonly ref: string; readonly commit?: string } | undefined> {
  const { swarm, worker } = holder
  // The machine stands before the worker's name, where it is another one.
  const lane = worker.slice(worker.lastIndexOf('/') + 1)
  if (swarm === undefined || !/^[0-9a-f]{8}$/.test(swarm) || !/^[A-Za-z0-9_-]+$/.test(lane)) return undefined
  const ref = changeRef(swarm, lane, task.id)
  const remote = await remoteOf(root)
  const { status, stdout } = await remoteGit(root, remote, ['ls-remote', '--end-of-options', remote, ref])
  if (status !== 0) return undefined
  const [commit] = stdout.split('\t')
  return { remote, ref, ...(commit ? { commit } : {}) }
}

/**
 * Completes the task of a holder that is gone, if its work has landed: it died before it could say so, or another machine
 * has landed it in a batch.
 * @returns whether it has
 */
export async function completePushed(
  swarm: Recovering,
  claim: Claim,
  { store, into }: { readonly store: TaskStore; readonly into: string },
): Promise<boolean> {
  const { root } = swarm.repository
  if (!store.take) return false
  await swarm.fresh.now(performance.now())
  const found = await landingFor(root, claim, `refs/heads/${into}`, clocksOf(store))
  if (!found) return false
  await completeClaim(swarm, store, claim, found.landed, { worker: claim.holder.worker, ...found })
  const work = await workOnRemote(root, claim)
  if (work?.commit !== undefined) await pushRef(root, work.remote, `:${work.ref}`, {})
  return true
}

/**
 * A sentence if the work of a claim has landed where its swarm lands, else on the branch that is checked out: then a
 * person is not to have it done again.
 */
export async function hasLanded(
  root: string,
  claim: Claim,
  store: Pick<TaskStore, 'tracked'>,
): Promise<string | undefined> {
  const { swarm } = claim.holder
  const first = swarm && /^[0-9a-f]{8}$/.test(swarm) ? logEdges(root, swarm, () => false)?.first : undefined
  const into =
    first?.type === 'swarm.started' && typeof first.into === 'string' ? first.into : await currentBranch(root)
  const target = into && (await resolveCommit(root, `refs/heads/${into}`))
  const found = target && (await landingFor(root, claim, target, clocksOf(store)))
  if (!found) return undefined
  const id = escapeText(claim.task.id)
  return `its work has landed on ${escapeText(into)} as ${found.landed.slice(0, 12)} (oompa tasks complete ${id} --force)`
}

/** Clocks of machines differ, and the server's says when a claim was made; files are claimed by the clock of this one. */
const CLOCKS_MS = 60 * 60_000

const clocksOf = (store: Pick<TaskStore, 'tracked'>) => (store.tracked ? 0 : CLOCKS_MS)

/**
 * The landing of a claim's work on the target, by the trailers of the merges that we commit there, and in a batch of its
 * members. What stands in a change's own commits is the agent's word, and does not count: after a rebase those are values
 * of the target, and look as a squash does. So a landing without a merge is found by its log alone (landings.ts).
 */
export async function landingFor(
  root: string,
  { task, holder, since }: Claim,
  target: string,
  clocksMs = CLOCKS_MS,
): Promise<{ readonly landed: string; readonly mergedCommit: string } | undefined> {
  const sinceMs = Date.parse(since)
  // A store of somebody's own may say what it likes.
  if (Number.isNaN(sinceMs)) return undefined
  const after = new Date(sinceMs - clocksMs).toISOString()
  for (const value of await landings(root, [`--since=${after}`, target])) {
    const [onto, tip] = value.parents
    const isBatch = /^Merge \d+ changes into /.test(value.subject) && tip !== undefined
    for (const one of isBatch ? await landings(root, [`${onto}..${tip}`]) : [value]) {
      const isOurs = one.task === oneLine(task.id, 200) && one.worker === oneLine(holder.worker, 200)
      const mergedCommit = one.parents[1]
      // Of a task that is done again the last time does not count.
      if (!isOurs || mergedCommit === undefined || mergedCommit === task.extra['merged-commit']) continue
      return { landed: value.commit, mergedCommit }
    }
  }
  return undefined
}

interface LandedCommit {
  readonly commit: string
  readonly parents: readonly string[]
  readonly subject: string
  readonly task?: string
  readonly worker?: string
}

/** Commits along the first parent, newest first, each with the last of its trailers: those before are the agent's, perhaps. */
async function landings(root: string, which: readonly string[]): Promise<LandedCommit[]> {
  const trailer = (key: string) => `%(trailers:key=${key},valueonly,separator=%x02)`
  const format = ['%H', '%P', '%s', trailer('Oompa-Task'), trailer('Oompa-Worker')].join('%x00')
  const log = await gitText(root, ['log', '-z', '--first-parent', `--format=${format}%x01`, ...which, '--'])
  return log
    .split('\x01')
    .map((entry) => entry.replace(/^[\0\n]+/, '').split('\0'))
    .flatMap(([commit, parents = '', subject = '', tasks = '', workers = '']) =>
      commit
        ? {
            commit,
            parents: parents.split(' ').filter(Boolean),
            subject,
            task: tasks.split('\x02').at(-1),
            worker: workers.split('\x02').at(-1),
          }
        : [],
    )
}
