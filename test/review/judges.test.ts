import { chmodSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import type { NewEvent } from '../../src/events/contract.js'
import type { ApproveHook } from '../../src/hooks/contract.js'
import { protectedReasons, protectionOf } from '../../src/hooks/protected.js'
import { type Judges, pinPrograms } from '../../src/review/judges.js'
import { judged, judgesAsPinned } from '../../src/swarm/judged.js'
import { makeStopping } from '../../src/swarm/stopping.js'
import { changeOf, contextFor } from '../hooks/context.js'
import { type TestRepository, testRepository } from '../support/repository.js'

const PROGRAM = { path: 'tools/judge.sh', by: 'hooks/review.sh' }
const STRICT = '#!/bin/sh\nexit 1\n'
const LAX = '#!/bin/sh\nexit 0\n'

let repository: TestRepository
let judges: Judges

beforeEach(() => {
  repository = testRepository({ 'tools/judge.sh': STRICT })
  judges = pinPrograms(repository.root, [PROGRAM], 'main')
})

const noCaps = { reached: () => undefined, watch: () => () => {} }

function swarm() {
  const events: NewEvent[] = []
  const stop = makeStopping()
  return {
    events,
    stop,
    parts: { judges, into: 'main', emit: (e: NewEvent) => void events.push(e), stopping: stop, budget: noCaps },
  }
}

test('a program that is overwritten or removed is changed, and is not when it is put back', async () => {
  expect(await judges.changed()).toEqual([])
  repository.write('tools/judge.sh', LAX)
  expect(await judges.changed()).toEqual([PROGRAM])
  rmSync(path.join(repository.root, 'tools/judge.sh'))
  expect(await judges.changed()).toEqual([PROGRAM])
  repository.git(['checkout', '--', 'tools/judge.sh'])
  expect(await judges.changed()).toEqual([])
})

test('what has landed judges from then on, and so does what stood there at the start', async () => {
  repository.write('tools/judge.sh', LAX)
  repository.commit('Approved')
  expect(await judges.changed()).toEqual([])
  repository.write('tools/judge.sh', STRICT)
  expect(await judges.changed()).toEqual([])
  repository.write('tools/judge.sh', `${LAX}# more\n`)
  expect(await judges.changed()).toEqual([PROGRAM])
})

test('what was not committed at the start is what it was then', async () => {
  repository.write('tools/judge.sh', `${STRICT}# mine\n`)
  judges = pinPrograms(repository.root, [PROGRAM], 'main')
  expect(await judges.changed()).toEqual([])
})

test('a write that was taken back leaves another stamp', () => {
  const before = judges.stamp()
  repository.write('tools/judge.sh', LAX)
  repository.write('tools/judge.sh', STRICT)
  expect(judges.stamp()).not.toBe(before)
  const again = judges.stamp()
  renameSync(path.join(repository.root, 'tools'), path.join(repository.root, 'other'))
  repository.write('tools/judge.sh', STRICT)
  expect(judges.stamp()).not.toBe(again)
})

test('an answer during which a program was written to does not count', async () => {
  const { parts, events } = swarm()
  let times = 0
  const hook: ApproveHook = async () => {
    times++
    if (times > 1) return { wait: 'no' }
    // Another worker's agent, at the very moment: by the time of the next look it is as it was.
    repository.write('tools/judge.sh', LAX)
    repository.write('tools/judge.sh', STRICT)
    return { approved: true }
  }
  const { context } = contextFor(repository)
  expect(await judged(parts, hook)(changeOf(repository, 'main'), context)).toEqual({ wait: 'no' })
  expect(events).toEqual([expect.objectContaining({ type: 'note', text: expect.stringContaining('does not count') })])
})

test('who writes it each time gets no answer', async () => {
  const { parts } = swarm()
  const hook: ApproveHook = async () => {
    chmodSync(path.join(repository.root, 'tools/judge.sh'), 0o755)
    return { approved: true }
  }
  const { context } = contextFor(repository)
  await expect(judged(parts, hook)(changeOf(repository, 'main'), context)).rejects.toMatchObject({
    code: 'judge-changed',
  })
})

test('nobody judges until it is put back; that is said once, with the command that does it', async () => {
  const { parts, events } = swarm()
  repository.write('tools/judge.sh', LAX)
  const waiting = Promise.all([judgesAsPinned(parts), judgesAsPinned(parts)])
  await expect.poll(() => events).toEqual([expect.objectContaining({ level: 'warning' })])
  expect(events[0]).toMatchObject({ text: expect.stringContaining('git checkout -- tools/judge.sh') })
  expect(events[0]).toMatchObject({ text: expect.stringContaining('tools/judge.sh (run by hooks/review.sh)') })
  repository.git(['checkout', '--', 'tools/judge.sh'])
  await waiting
  expect(events).toHaveLength(2)
})

test('the end of the swarm ends the wait, without an answer', async () => {
  const { parts, stop } = swarm()
  repository.write('tools/judge.sh', LAX)
  const waiting = judgesAsPinned(parts)
  stop.gently('enough', 0)
  await expect(waiting).rejects.toMatchObject({ code: 'judge-changed', status: 4 })
})

test('a hook keeps what it says about itself', () => {
  const hook = Object.assign((async () => ({ approved: true })) satisfies ApproveHook, { rounds: 5 })
  expect(judged(swarm().parts, hook).rounds).toBe(5)
})

test('a change of a program that judges waits for a person, whatever its letters’ case', () => {
  const protection = protectionOf([{ unprotect: ['**'] }], ['tools/judge.sh'])
  for (const file of ['tools/judge.sh', 'Tools/JUDGE.sh']) {
    expect(protectedReasons([{ path: file, status: 'modified' }], protection)).toEqual([
      `It touches what decides how changes are judged: ${file}.`,
    ])
  }
  expect(protectedReasons([{ path: 'tools/other.sh', status: 'modified' }], protection)).toEqual([])
})
