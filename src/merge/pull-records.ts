// Pull requests that are open, by their records outside the repository, where no agent can say that its task is in review:
// they outlive the swarm that opened them. What became of each is asked of the target's history.

import { z } from 'zod'
import { OompaError } from '../errors.js'
import { proofFolder } from '../files/paths.js'
import { proofNames, readProof, removeProof, writeProof } from '../files/proofs.js'

const commit = z.string().regex(/^[0-9a-f]{40,64}$/)

const pull = z.readonly(
  z.object({
    /** As it was pushed, without `refs/heads/`: worker branches are used again, so it has the swarm in its name. */
    branch: z.string().regex(/^oompa\/[0-9a-f]{8}\/[A-Za-z0-9_-]+-i\d+$/),
    /** Empty while it is being opened. */
    url: z.string(),
    /** Who is opening it, as long as nobody knows whether it is open. */
    opening: z.object({ pid: z.int(), start: z.string(), host: z.string() }).optional(),
    /** What was pushed last: the work, and the status of its task. */
    head: commit,
    /** The work alone. */
    commit,
    /** The target, without `refs/heads/`. */
    into: z.string(),
    remote: z.string(),
    swarm: z.string(),
    worker: z.string(),
    iteration: z.int(),
    task: z.string().optional(),
  }),
)

export type Pull = z.output<typeof pull>

const nameOf = ({ branch }: Pick<Pull, 'branch'>) => branch.replaceAll('/', '-')

/** @throws OompaError `unwritten`: without its record nobody would watch the request */
export function writePull(root: string, one: Pull): void {
  if (writeProof(root, 'pulls', nameOf(one), one)) return
  throw new OompaError({
    code: 'unwritten',
    message: `The record of the request for ${one.branch} could not be written in ${proofFolder(root)}: its task would be done again.`,
    mend: 'Make that folder writable, or name another one: export OOMPA_STATE=FOLDER',
  })
}

export function removePull(root: string, one: Pick<Pull, 'branch'>): void {
  removeProof(root, 'pulls', nameOf(one))
}

/** All of them. */
export function readPulls(root: string): Pull[] {
  return proofNames(root, 'pulls').flatMap((name) => {
    const read = pull.safeParse(readProof(root, 'pulls', name))
    return read.success && nameOf(read.data) === name ? read.data : []
  })
}
