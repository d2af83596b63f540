// Says on a ref of the remote what each swarm works on, for clones that share nothing else: nobody begins what somebody
// else has begun. A hint: nothing rests on it but the money for doing a task twice.

import { z } from 'zod'
import { idProblem } from '../decode.js'
import { remoteList } from './remote-list.js'

/** Tasks of one swarm. */
export const MOST_TASKS = 200

const SWARM = z.object({
  swarm: z.string().regex(/^[0-9a-f]{8}$/),
  host: z.string().max(255),
  renewed: z.number().int().min(0).max(1e12),
  tasks: z.array(z.string().refine((id) => idProblem(id) === undefined)).max(MOST_TASKS),
})

/** A swarm, and what it works on. */
export type WorkingSwarm = z.infer<typeof SWARM>

export interface WorkingOptions {
  /** The main checkout. */
  readonly root: string
  readonly remote: string
  /** The branch that all of them land on. */
  readonly target: string
  readonly swarm: string
  readonly host: string
  /** An entry that does not change for so long, by our clock, does not count, and is removed by the next writer. */
  readonly leaseMs: number
  /** Whether a swarm of this clone runs; undefined for one of another clone. What is claimed here its store says. */
  isRunningHere(swarm: string): boolean | undefined
  /** Called once with what the server says, if it takes no such refs. */
  refused(words: string): void
}

/** All but `others` throw where the remote is away or takes no such refs. */
export interface Working {
  /** The living swarms of other clones, as far as was read or written last. */
  others(): readonly WorkingSwarm[]
  read(signal?: AbortSignal): Promise<void>
  /**
   * Says what we work on; a sign of life, too. What another clone has meanwhile is not ours, unless we said it first.
   * @param tasks at most `MOST_TASKS`
   * @returns ids of those that are ours from then on
   */
  write(tasks: readonly string[], signal?: AbortSignal): Promise<ReadonlySet<string>>
  leave(signal?: AbortSignal): Promise<void>
}

export function workingList(options: WorkingOptions): Working {
  const { root, remote, target, swarm, host, leaseMs, isRunningHere, refused } = options
  const list = remoteList<WorkingSwarm>({
    root,
    remote,
    refused,
    kind: 'claims',
    field: 'swarms',
    entry: SWARM,
    keyOf: (one) => one.swarm,
    what: 'oompa: what swarms work on',
  })
  let known: readonly WorkingSwarm[] = []
  let own: ReadonlySet<string> = new Set()
  let renewed = 0
  const isAlive = (one: WorkingSwarm) => isRunningHere(one.swarm) ?? list.ageOf(one) <= leaseMs
  const isOther = (one: WorkingSwarm) => one.swarm !== swarm && isRunningHere(one.swarm) === undefined
  const living = (entries: readonly WorkingSwarm[]) => entries.filter((one) => one.swarm !== swarm && isAlive(one))
  return {
    others: () => living(known).filter(isOther),
    async read(signal) {
      known = await list.read(target, signal)
    },
    async write(tasks, signal) {
      let ours: readonly string[] = []
      let count = 0
      const turn = (entries: readonly WorkingSwarm[]): readonly WorkingSwarm[] => {
        const rest = living(entries)
        const taken = new Set(rest.filter(isOther).flatMap((one) => one.tasks))
        ours = tasks.filter((id) => own.has(id) || !taken.has(id))
        // A resumed swarm has its old name: whoever has seen that has to see it change.
        count = Math.max(renewed, entries.find((one) => one.swarm === swarm)?.renewed ?? 0) + 1
        return [...rest, { swarm, host, renewed: count, tasks: [...ours] }]
      }
      known = await list.change(target, turn, { isLikely: true, signal })
      own = new Set(ours)
      renewed = count
      return own
    },
    async leave(signal) {
      const turn = (entries: readonly WorkingSwarm[]) => {
        const rest = living(entries)
        return rest.length === entries.length ? entries : rest
      }
      known = await list.change(target, turn, { isLikely: true, signal })
    },
  }
}
