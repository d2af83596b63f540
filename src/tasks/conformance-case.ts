// What a case of the conformance suite is given, and what several of them ask.

import { strict as assert } from 'node:assert'
import type { Claim, ClaimRequest, Completion, TaskStore } from './contract.js'

/** An empty store, and as many handles on it as are asked for, each as another process would open it. */
export interface StoreUnderTest {
  open(): TaskStore | Promise<TaskStore>
  /**
   * Puts the last sign of life of the claim of this task so far into the past, milliseconds. Without it the cases of a
   * lease, and of a holder elsewhere, prove nothing.
   */
  age?(id: string, ms: number): void | Promise<void>
  /** Makes the holder of this task a process of another machine, which nobody here can see. */
  elsewhere?(id: string): void | Promise<void>
  /** Adds many tasks at once, for the case of a large store; else they are added one after the other. */
  fill?(tasks: readonly { readonly id: string; readonly summary: string }[]): void | Promise<void>
  /** Takes the store away, as a network or a disk does; gives what brings it back. */
  away?(): Promise<() => void | Promise<void>>
  /** Removes it. */
  close?(): void | Promise<void>
}

export interface CaseFacts {
  readonly place: StoreUnderTest
  readonly tasks: number
  readonly many: number
}

export type Case = (store: TaskStore, another: () => Promise<TaskStore>, facts: CaseFacts) => Promise<void>

export const me = { worker: 'w1', pid: process.pid }
export const you = { worker: 'w2', pid: process.pid }
export const completion: Completion = { by: 'w1', at: '2026-01-02T03:04:05.000Z' }

export async function claimed(store: TaskStore, request: Partial<ClaimRequest>): Promise<Claim> {
  const answer = await store.claim({ claimer: me, ...request })
  if (answer.answer === 'claimed') return answer.claim
  assert.fail(`expected a claim, got ${answer.answer}: ${answer.why}`)
}

export async function refuses(code: string, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.equal(error instanceof Error && 'code' in error ? error.code : undefined, code)
    return true
  })
}

/** An executable can say no, and not with which code: the status says it. */
export async function refusesTwice(work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.equal(error instanceof Error && 'status' in error ? error.status : undefined, 4)
    return true
  })
}
