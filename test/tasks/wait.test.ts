// Waiting for a task, and answering an agent that asks for some.

import { renameSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { answerClaims } from '../../src/tasks/answer.js'
import { taskFolder } from '../../src/tasks/folder/store.js'
import { waitForTask } from '../../src/tasks/wait.js'
import { repositoryWith } from './support.js'

const claimer = { worker: 'w1', pid: process.pid }

describe('waiting for a task', () => {
  it('ends when one becomes ready, by a hint and not only by the poll', async () => {
    const { root } = repositoryWith({
      'tasks/current/a.edn': '{:id "a" :summary "A"}',
      'tasks/pending/b.edn': '{:id "b" :summary "B" :depends-on ["a"]}',
      'tasks/complete/.gitkeep': '',
    })
    const store = taskFolder('tasks', root)
    const started = Date.now()
    const waiting = waitForTask(store, { claimer }, { timeoutMs: 30_000, pollMs: 20_000 })
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
    expect(answer).toMatchObject({ answer: 'claimed', claim: { task: { id: 'b' } } })
    expect(Date.now() - started).toBeLessThan(15_000)
  })

  it('ends by the poll where nothing watches', async () => {
    const { root } = repositoryWith({ 'tasks/pending/.gitkeep': '' })
    const { watch: _, ...store } = taskFolder('tasks', root)
    const waiting = waitForTask(store, { claimer }, { timeoutMs: 30_000, pollMs: 10 })
    await taskFolder('tasks', root).add({ summary: 'Late' })
    expect(await waiting).toMatchObject({ answer: 'claimed' })
  })

  it('ends with none at its time limit, on the signal, and when it is hopeless', async () => {
    const { root } = repositoryWith({})
    const store = taskFolder('tasks', root)
    expect(await waitForTask(store, { claimer }, { timeoutMs: 50, pollMs: 10 })).toMatchObject({ answer: 'none' })
    const abort = new AbortController()
    const waiting = waitForTask(store, { claimer }, { timeoutMs: 60_000, signal: abort.signal })
    abort.abort()
    expect(await waiting).toMatchObject({ answer: 'none' })
    expect(await waitForTask(store, { claimer }, { timeoutMs: 60_000, hopeless: () => true })).toMatchObject({
      answer: 'none',
    })
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
