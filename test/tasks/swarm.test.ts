// Many processes at one folder at once, `oompa tasks claim` and plain `mv`, some of them killed: none twice, none lost.
// Sized for two cores; `bench/claims.mjs` has the full size.

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { taskFolder } from '../../src/tasks/folder/folder-store.js'
import { requeueStale } from '../../src/tasks/requeue.js'
import { oompaBin, packageRoot, start } from '../support/oompa.js'
import { linesOf, manyTasks, repositoryWith, startClaimer } from './support.js'

const fixtures = path.join(packageRoot, 'test/tasks/fixtures')

function startScript(script: string, root: string, worker: string, args: readonly string[] = []) {
  return start(path.join(fixtures, script), [root, worker, ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: root },
    detached: true,
  })
}

/** Ids that were printed, sorted. */
async function idsOf(running: readonly { ended: Promise<{ stdout: string }> }[]): Promise<string[]> {
  return (await Promise.all(running.map((one) => one.ended))).flatMap((one) => linesOf(one.stdout)).sort()
}

describe('64 processes, half of them `oompa tasks claim` and half `mv`', () => {
  it('take 200 tasks, none twice and none lost', async () => {
    const count = 200
    const { root } = repositoryWith({ ...manyTasks(count), 'tasks/current/.gitkeep': '' })
    const many = Array.from({ length: 32 }, (_, index) => index)
    const claiming = many.map((index) => startScript('claims-command.sh', root, `c${index}`, [oompaBin, '2']))
    // A `mv` takes its part before a process of Node has started: those wait until the first claim is made.
    await Promise.race(claiming.map((one) => one.prints(/t\d+\n/)))
    const running = [...claiming, ...many.map((index) => startScript('claims.sh', root, `m${index}`))]
    const ids = await idsOf(running)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toHaveLength(count)
    const { pending, current, problems } = await taskFolder('tasks', root).list()
    expect([pending.length, current.length, problems.length]).toEqual([0, count, 0])
    expect(current.some((task) => task.claim)).toBe(true)
    expect(current.some((task) => !task.claim)).toBe(true)
  })
})

describe('processes that are killed at random', () => {
  it('lose no task: what they held goes back, and is claimed again', async () => {
    const count = 300
    const { root } = repositoryWith(manyTasks(count))
    mkdirSync(path.join(root, 'tasks/current'), { recursive: true })
    const completed: string[] = []
    for (let wave = 0; wave < 4; wave++) {
      const running = Array.from({ length: 8 }, (_, index) =>
        startClaimer(root, `w${wave}-${index}`, { COMPLETE: '1' }),
      )
      for (const one of running) {
        // A moment at random between its first claim and some later one, wherever it then is.
        void one.prints(/t\d+\n/).then(
          () => setTimeout(() => one.child.kill('SIGKILL'), Math.random() * 60),
          () => {},
        )
      }
      completed.push(...(await idsOf(running)))
      await requeueStale(taskFolder('tasks', root), { by: 'test' })
    }
    completed.push(...(await idsOf([startClaimer(root, 'last', { COMPLETE: '1' })])))
    const { pending, current, complete, problems } = await taskFolder('tasks', root).list()
    expect([pending.length, current.length, problems.length]).toEqual([0, 0, 0])
    expect(complete.map((task) => task.id)).toEqual(
      Object.keys(manyTasks(count)).map((file) => path.basename(file, '.edn')),
    )
    expect(new Set(completed).size).toBe(count)
  })

  it('and the same with scripts of `oompa tasks claim`', async () => {
    const count = 40
    const { root } = repositoryWith(manyTasks(count))
    const running = Array.from({ length: 6 }, (_, index) =>
      startScript('claims-command.sh', root, `c${index}`, [oompaBin, '99']),
    )
    for (const one of running.slice(0, 3)) {
      void one.prints(/t\d+\n/).then(
        () => process.kill(-one.child.pid!, 'SIGKILL'),
        () => {},
      )
    }
    const first = await idsOf(running)
    // A script is the process that its claims live by: of the three that were killed, all of them are stale.
    const store = taskFolder('tasks', root)
    const { requeued } = await requeueStale(store, { by: 'test' })
    const { pending, current } = await store.list()
    expect(pending.length + current.length).toBe(count)
    expect(current).toHaveLength(0)
    expect(requeued.length).toBeGreaterThanOrEqual(first.length)
    const second = await idsOf([startScript('claims-command.sh', root, 'last', [oompaBin, '999'])])
    expect(second).toHaveLength(count)
  })
})
