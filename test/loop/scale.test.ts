// A swarm of `"workers": { "min", "max" }`: as many lanes as its tasks want.

import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { fold } from '../../src/events/fold.js'
import { readLog } from '../../src/events/log.js'
import { claiming, pending } from '../support/clones.js'
import { level2, until } from '../support/loop.js'

const SIX = ['a', 'b', 'c', 'd', 'e', 'f']

/** Each says that it has begun, and waits until it is told to end. */
const body = `
touch "$HOME/began-$OOMPA_TASK"
until test -e "$HOME/go-$OOMPA_TASK"; do sleep 0.1; done
echo done > "$OOMPA_TASK.txt"
`

it('has one lane while one task is ready, three when that opens six, and one again at the end', async () => {
  const loop = level2(body, {
    files: Object.assign(
      { ...claiming, ...pending('first'), ...pending('last', { depends_on: SIX }) },
      ...SIX.map((id) => pending(id, { depends_on: ['first'] })),
    ),
    config: {
      workers: { min: 1, max: 3, model: 'command:worker', iterations: 9, can_plan: false },
      probe: false,
    },
  })
  const { home } = loop.repository
  const began = () => readdirSync(home).filter((name) => name.startsWith('began-'))
  const go = (...tasks: readonly string[]) => {
    for (const id of tasks) writeFileSync(path.join(home, `go-${id}`), '')
  }
  const atWork = () => {
    const { workers } = fold(readLog(loop.repository.root, loop.swarms()[0]!))
    return [...workers.values()].filter(({ phase }) => phase !== 'ended').length
  }
  const scale = async () => JSON.parse((await loop.oompa(['scale', '--json'])).stdout)
  const running = loop.start()

  await until(() => began().length === 1, 'the first task')
  expect(await scale()).toMatchObject({ wanted: 1, workers: 1 })
  expect(loop.events('worker.started')).toEqual([])
  expect(atWork()).toBe(1)

  go('first')
  await until(() => began().length === 4, 'three more at one time')
  expect(loop.events('worker.started').map(({ worker }) => worker)).toEqual(['w2', 'w3'])
  expect(await scale()).toMatchObject({ wanted: 6, workers: 3 })
  expect(atWork()).toBe(3)
  expect((await loop.oompa(['metrics'])).stdout).toMatch(/^oompa_workers_wanted\{.*\} 6$/m)

  go(...SIX)
  await until(() => began().length === 8, 'the last task')
  await until(() => atWork() === 1, 'two lanes to end')
  expect(await scale()).toMatchObject({ wanted: 1, workers: 1 })

  // A resume goes on as it was started: with one, though another lane may have been the one at work.
  running.child.kill('SIGINT')
  expect((await running.ended).status).toBe(130)
  go('last')
  const { status, stdout, stderr } = await loop.oompa(['resume'])
  expect(status, stdout + stderr).toBe(0)
  expect(loop.events('swarm.started').map(({ workers }) => workers.map(({ parked = false }) => parked))).toEqual([
    [false, true, true],
    [false, true, true],
  ])
  const ends = loop.events('iteration.ended')
  expect(ends.filter(({ outcome }) => outcome === 'landed')).toHaveLength(8)
  // Lanes that found no task have begun nothing, and each end is said; one iteration was interrupted by us.
  const others = ends.filter(({ outcome }) => outcome !== 'landed').map(({ outcome }) => outcome)
  expect(others.filter((outcome) => outcome !== 'interrupted')).toEqual(['nothing'])
  expect(loop.events('worker.ended')).toHaveLength(others.length - 2)
  expect(loop.repository.git(['ls-tree', '--name-only', 'main']).split('\n')).toEqual(
    expect.arrayContaining(['first.txt', 'last.txt', ...SIX.map((id) => `${id}.txt`)]),
  )
})
