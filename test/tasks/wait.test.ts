// Waiting for a task, and answering an agent that asks for some.

import { renameSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { answerClaims } from '../../src/tasks/answer.js'
import type { TaskStore } from '../../src/tasks/contract.js'
import { taskFolder } from '../../src/tasks/folder/folder-store.js'
import { hopeFor, type LaneFacts, waitFor } from '../../src/tasks/wait.js'
import type { Task } from '../../src/words.js'
import { repositoryWith } from './support.js'

const claimer = { worker: 'w1', pid: process.pid }

/** Looks for a task as a worker does. */
function claimIn(store: TaskStore) {
  return async () => {
    const answer = await store.claim({ claimer })
    return answer.answer === 'claimed' ? answer.claim.task.id : undefined
  }
}

describe('waiting for a task', () => {
  it('ends when one becomes ready, by a hint and not only by the poll', async () => {
    const { root } = repositoryWith({
      'tasks/current/a.edn': '{:id "a" :summary "A"}',
      'tasks/pending/b.edn': '{:id "b" :summary "B" :depends-on ["a"]}',
      'tasks/complete/.gitkeep': '',
    })
    const store = taskFolder('tasks', root)
    const started = Date.now()
    const hints = [(changed: () => void) => store.watch!(changed)]
    const waiting = waitFor(claimIn(store), { timeoutMs: 30_000, pollMs: 20_000, hints })
    // The watcher needs a moment to begin; until then moves are made again and again.
    const timer = setInterval(() => {
      for (const [from, to] of [
        ['current', 'complete'],
        ['complete', 'current'],
        ['current', 'complete'],
      ]) {
        try {
          renameSync(path.join(root, `tasks/${from}/a.edn`), path.join(root, `tasks/${to}/a.edn`))
        } catch {
          // it is there already
        }
      }
    }, 200)
    const answer = await waiting
    clearInterval(timer)
    expect(answer).toBe('b')
    expect(Date.now() - started).toBeLessThan(15_000)
  })

  it('ends by the poll where nothing watches', async () => {
    const { root } = repositoryWith({ 'tasks/pending/.gitkeep': '' })
    const waiting = waitFor(claimIn(taskFolder('tasks', root)), { timeoutMs: 30_000, pollMs: 10 })
    await taskFolder('tasks', root).add({ summary: 'Late' })
    expect(await waiting).toBe('late')
  })

  it('ends with nothing at its time limit and on the signal, and lets go of what it listened to', async () => {
    const { root } = repositoryWith({})
    const look = claimIn(taskFolder('tasks', root))
    expect(await waitFor(look, { timeoutMs: 50, pollMs: 10 })).toBeUndefined()
    const abort = new AbortController()
    const listeners = new Set<() => void>()
    const hint = (changed: () => void) => {
      listeners.add(changed)
      return () => listeners.delete(changed)
    }
    const waiting = waitFor(look, { timeoutMs: 60_000, signal: abort.signal, hints: [hint] })
    abort.abort()
    expect(await waiting).toBeUndefined()
    expect(listeners.size).toBe(0)
  })
})

describe('whether a task may still come', () => {
  const task = (id: string, dependsOn: string[] = [], more: Partial<Task> = {}) => ({
    id,
    summary: id,
    acceptance: [],
    files: [],
    dependsOn,
    extra: {},
    ...more,
  })
  const listing = (facts: {
    pending?: (Task & { ready?: boolean })[]
    current?: (Task & { stale?: string })[]
    complete?: string[]
  }) => {
    const complete = (facts.complete ?? []).map((id) => task(id))
    return {
      pending: (facts.pending ?? []).map((one) => {
        const waitsFor = one.dependsOn.filter((id) => !facts.complete?.includes(id))
        return { ...one, waitsFor, ready: one.ready ?? waitsFor.length === 0 }
      }),
      current: facts.current ?? [],
      complete,
      problems: [],
    }
  }
  const lane = (state: LaneFacts['state'], mayAdd = false, wants: LaneFacts['wants'] = {}): LaneFacts => ({
    state,
    mayAdd,
    wants,
  })
  const hope = (others: LaneFacts[], facts = listing({}), mayPlan = false) =>
    hopeFor({ wants: {} }, others, facts, mayPlan)

  it('it does while somebody is at work, or may add one and has not begun', () => {
    expect(hope([lane('working')])).toBe('somebody is at work')
    expect(hope([lane('ahead', true)])).toBe('somebody who may add tasks is to begin')
    expect(hope([lane('ahead'), lane('over', true), lane('waiting', true)])).toBeUndefined()
  })

  it('it does while somebody who waits, too, is to be asked to plan', () => {
    expect(hope([lane('waiting', true)], listing({}), true)).toBe('somebody is to plan')
    expect(hope([lane('waiting')], listing({}), true)).toBeUndefined()
  })

  it('it does when somebody outside holds what a task waits for, however far down', () => {
    const pending = [task('top', ['middle']), task('middle', ['base'])]
    expect(hope([], listing({ pending, current: [task('base')] }))).toBe('`top` may become ready')
    expect(
      hope([], listing({ pending, current: [{ ...task('base'), stale: 'its process has ended' }] })),
    ).toBeUndefined()
    expect(hope([], listing({ pending }))).toBeUndefined()
  })

  it('it does not for a cycle, for a task that is held back, and for one that nobody takes', () => {
    const cycle = [task('a', ['b']), task('b', ['a'])]
    expect(hope([], listing({ pending: cycle }))).toBeUndefined()
    expect(hope([], listing({ pending: [{ ...task('held'), ready: false }, task('after', ['held'])] }))).toBeUndefined()
    const only = { wants: { role: 'tester' } }
    const roles = [task('mine', ['theirs'], { role: 'tester' }), task('theirs', [], { role: 'writer' })]
    expect(
      hopeFor(only, [lane('waiting', false, { role: 'writer' })], listing({ pending: roles }), false),
    ).toBeDefined()
    expect(hopeFor(only, [lane('over', false, { role: 'writer' })], listing({ pending: roles }), false)).toBeUndefined()
  })

  it('is decided of 20,000 tasks in a chain in no time', () => {
    const pending = Array.from({ length: 20_000 }, (_, index) => task(`t${index}`, [`t${index + 1}`]))
    const started = Date.now()
    expect(hope([], listing({ pending, current: [task('t20000')] }))).toBe('`t0` may become ready')
    expect(Date.now() - started).toBeLessThan(5000)
  })
})

describe('CLAIM(id, …)', () => {
  it('is answered id by id', async () => {
    const { root } = repositoryWith({
      'tasks/pending/a.edn': '{:id "a" :summary "First" :acceptance ["it works"]}',
      'tasks/pending/b.edn': '{:id "b" :summary "Second" :depends-on ["a"]}',
      'tasks/current/c.edn': '{:id "c" :summary "Third"}',
    })
    const { claims, answers, text } = await answerClaims(taskFolder('tasks', root), ['a', 'b', 'c', 'd', ' a'], claimer)
    expect(claims.map((claim) => claim.task.id)).toEqual(['a'])
    expect(answers.map(({ id, answer }) => [id, answer])).toEqual([
      ['a', 'claimed'],
      ['b', 'dependency-missing'],
      ['c', 'already-taken'],
      ['d', 'not-found'],
    ])
    expect(text).toContain('- a: claimed\n- b: dependency-missing (`b` waits for a)\n- c: already-taken')
    expect(text).toContain('Task a: First\nAcceptance:\n- it works')
  })
})
