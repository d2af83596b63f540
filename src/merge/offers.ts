// Lands what other machines have ready in one batch with ours: whoever waits for its turn pushes its changes and offers
// them, and whose turn it is takes them along. That one has landed is read from the target, never from what anybody says.

import { z } from 'zod'
import { firstWith, isAncestor } from '../git/ancestry.js'
import { remoteGit } from '../git/destination.js'
import { remoteOf } from '../git/upstream.js'
import type { Landing } from '../words.js'
import { detectPushed, recordOffered } from './bypass.js'
import { changeRef, pushChange, takeAwayChange } from './change-refs.js'
import type { Candidate, LandContext, MergeOptions } from './contract.js'

import { networkOf } from './sync.js'

const COMMIT = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/)
const NAME = z.string().regex(/^[A-Za-z0-9_-]{1,100}$/)

/** A change that was reviewed where it was made, as that machine tells it to the others. */
const OFFER = z.object({
  swarm: z.string().regex(/^[0-9a-f]{8}$/),
  machine: NAME.optional(),
  worker: NAME,
  iteration: z.int().positive(),
  branch: z.string().max(200),
  commit: COMMIT,
  base: COMMIT,
  task: z.object({ id: z.string().min(1).max(200), summary: z.string().max(1000).optional() }),
  reviewedBy: z.array(z.string().max(200)).max(20).optional(),
  spent: z.string().max(40).optional(),
})
type Offer = z.infer<typeof OFFER>

export interface Offers {
  /** Pushes changes of ours that other machines may land, and gives what these are told; none where it cannot be pushed. */
  tell(candidates: readonly Candidate[]): Promise<readonly Offer[]>
  /**
   * Fetches some of what other machines have told. None is taken twice: one that does not land with ours lands in its
   * own turn, where its author hears why. What our own workers have made is not taken from anybody: an agent tells of it.
   * @param most how many at most
   */
  take(told: readonly unknown[], most: number): Promise<readonly Candidate[]>
  /** Whether what was taken is still offered: a machine that was stopped meanwhile has given its task to somebody else. */
  stand(taken: readonly Candidate[], told: readonly unknown[]): boolean
  /** Takes away what was pushed of changes that have landed. */
  forget(landed: readonly Candidate[]): Promise<void>
  /** Those that we have offered, and that the target has. */
  landed(candidates: readonly Candidate[]): Promise<ReadonlyMap<Candidate, Landing>>
}

/**
 * What a queue offers to other machines, and takes of theirs. Whether a change was reviewed only its machine knows: it is
 * believed, as what it pushes to the target is; what an agent offers past its machine that machine finds on the target.
 */
export function openOffers(context: LandContext, into: string, options: MergeOptions): Offers {
  const { root, env } = context
  const remoteName = async () => options.remote ?? remoteOf(root, into)
  const pushed = new Set<string>()
  const taken = new Set<string>()

  async function tellOne(candidate: Candidate): Promise<Offer[]> {
    const { success, data: offer } = OFFER.safeParse({ ...candidate, swarm: env.OOMPA_SWARM })
    // Where the status of tasks is in the repository, a landing writes it as the store of this clone has it.
    if (!success || candidate.status || candidate.isHistory) return []
    if (!pushed.has(offer.commit)) {
      const remote = await remoteName()
      const { commit } = offer
      const ref = changeRef(offer.swarm, offer.worker, offer.task.id)
      const end = await pushChange(root, remote, { ref, commit }, networkOf(context, options, remote))
      if (end && end.status !== 0) return []
      pushed.add(offer.commit)
      recordOffered(root, offer.commit)
    }
    return [offer]
  }

  async function fetch(offers: readonly Offer[]): Promise<boolean> {
    const remote = await remoteName()
    const refs = offers.map((one) => changeRef(one.swarm, one.worker, one.task.id))
    // No ref of this clone takes part: an agent could make that a name for another.
    const how = ['--quiet', '--no-tags', '--no-write-fetch-head', '--refmap=', '--end-of-options']
    const end = await remoteGit(root, remote, ['fetch', ...how, remote, ...refs], networkOf(context, options, remote))
    return end.status === 0
  }

  return {
    async tell(candidates) {
      const told: Offer[] = []
      for (const candidate of candidates) told.push(...(await tellOne(candidate)))
      return told
    },

    async take(told, most) {
      const chosen: Offer[] = []
      for (const offer of told.flatMap((one) => OFFER.safeParse(one).data ?? [])) {
        if (chosen.length >= most) break
        if (taken.has(offer.commit)) continue
        taken.add(offer.commit)
        // Its machine has not looked yet.
        if (!(await isAncestor(root, offer.commit, `refs/heads/${into}`))) chosen.push(offer)
      }
      if (chosen.length === 0) return []
      // One that is not there keeps none of the others back.
      const isWhole = await fetch(chosen)
      const candidates: Candidate[] = []
      for (const offer of chosen) {
        if (!isWhole && !(await fetch([offer]))) continue
        if (!(await isAncestor(root, offer.base, offer.commit))) continue
        const forged = await detectPushed(root, into, await remoteName(), offer.commit)
        if (forged) {
          const text = `${offer.commit.slice(0, 12)} was offered as the work of ${offer.machine ?? offer.swarm}, and was made here: it does not land.`
          context.emit({ type: 'note', level: 'warning', text })
          continue
        }
        const { swarm: _, ...candidate } = offer
        candidates.push({ ...candidate, branch: `${offer.machine ?? 'elsewhere'}/${offer.branch}` })
      }
      return candidates
    },

    stand(candidates, told) {
      const offered = new Set(told.map((one) => OFFER.safeParse(one).data?.commit))
      return candidates.every((one) => offered.has(one.commit))
    },

    async forget(candidates) {
      for (const one of candidates) {
        if (!pushed.has(one.commit)) continue
        const remote = await remoteName()
        const ref = changeRef(env.OOMPA_SWARM ?? '', one.worker ?? '', one.task?.id ?? '')
        await takeAwayChange(root, remote, ref, networkOf(context, options, remote))
      }
    },

    async landed(candidates) {
      const found = new Map<Candidate, Landing>()
      for (const one of candidates) {
        if (!pushed.has(one.commit) || !(await isAncestor(root, one.commit, `refs/heads/${into}`))) continue
        const commit = await firstWith(root, one.commit, `refs/heads/${into}`)
        found.set(one, { commit, into, mergedCommit: one.commit })
      }
      return found
    },
  }
}
