// Tasks on a server that is away: each call is made again for as long as a claim lives without a renewal. So agents go on,
// nobody's iteration is spent on it, nothing is claimed meanwhile, and what is done is completed when the server is back.

import { setTimeout as sleep } from 'node:timers/promises'
import { isErrno, messageOf } from '../errors.js'
import type { Emit } from '../events/contract.js'
import type { TaskStore } from '../tasks/contract.js'
import type { Stopping } from './stopping.js'

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 10_000

/** The calls of a store that ask its server. */
const ASKING: ReadonlySet<string> = new Set(['list', 'claim', 'complete', 'release', 'add', 'renew', 'take', 'reopen'])

export interface AwayOptions {
  /** How long a claim lives without a sign of life. */
  readonly leaseMs: number
  readonly stopping: Pick<Stopping, 'agents' | 'ending'>
  readonly emit: Emit
}

export interface PatientStore {
  readonly store: TaskStore
  /** For how long its server has been away so far, all in all. */
  awayMs(): number
}

/**
 * The same store, patient while its server is away (`store-away`); it says so once, and when it is back. A server that has
 * not answered yet is waited for by nobody: its URL may be wrong.
 */
export function patientStore(store: TaskStore, { leaseMs, stopping, emit }: AwayOptions): PatientStore {
  let known = false
  let since: number | undefined
  let before = 0
  const awayMs = () => before + (since === undefined ? 0 : performance.now() - since)
  const there = () => {
    known = true
    if (since === undefined) return
    const ms = performance.now() - since
    before += ms
    since = undefined
    emit({ type: 'store.back', store: store.name, awayMs: Math.round(ms) })
  }
  const away = (error: unknown): number => {
    if (since === undefined) emit({ type: 'store.away', store: store.name, reason: messageOf(error) })
    since ??= performance.now()
    return since
  }
  const patiently = async (name: string, call: () => Promise<unknown>): Promise<unknown> => {
    // Whoever has nothing yet ends with the swarm; what is done is still to be said.
    const signal = name === 'claim' ? stopping.ending : stopping.agents
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        const answer = await call()
        there()
        return answer
      } catch (error) {
        if (!known || !isErrno(error, 'store-away')) throw error
        const gone = away(error)
        if (signal.aborted || performance.now() + pauseMs > gone + leaseMs) throw error
        await sleep(pauseMs, undefined, { signal }).catch(() => {})
      }
    }
  }
  const patient = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      const call = (...given: unknown[]) => Reflect.apply(member, target, given)
      return ASKING.has(String(name)) ? (...given: unknown[]) => patiently(String(name), () => call(...given)) : call
    },
  })
  return { store: patient, awayMs }
}
