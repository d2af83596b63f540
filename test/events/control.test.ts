import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { requestStop, stopRequested, watchControl } from '../../src/events/control.js'
import { runFolder } from '../../src/files/paths.js'
import { thisOwner } from '../../src/processes/owner.js'
import { temporaryFolder } from '../support/repository.js'
import { startedByTheDead, startedHere, startOfTheDead, writeEvents } from './folder.js'
import { SWARM } from './sample.js'

test('a swarm that is asked to stop hears it, once', async () => {
  const root = temporaryFolder()
  writeEvents(root, SWARM, [startedHere(0, SWARM)])
  let heard = 0
  const asked = new Promise<void>((resolve) => {
    watchControl(root, SWARM, () => {
      heard++
      resolve()
    })
  })
  requestStop(root, SWARM)
  await asked
  requestStop(root, SWARM)
  expect(heard).toBe(1)
})

test('a resumed swarm does not hear what its predecessor was told', () => {
  const root = temporaryFolder()
  writeEvents(root, SWARM, [startedByTheDead(0, SWARM)])
  requestStop(root, SWARM)
  const dead = { ...thisOwner(), start: startOfTheDead() }
  expect(stopRequested(root, SWARM, { ...dead, pid: process.pid })).toBe(true)
  expect(stopRequested(root, SWARM, thisOwner())).toBe(false)
  expect(stopRequested(root, SWARM, { ...dead, pid: 1 })).toBe(false)
})

test('a control file that is not ours asks for nothing', () => {
  const root = temporaryFolder()
  writeEvents(root, SWARM, [startedHere(0, SWARM)])
  for (const text of ['', '{', 'null', '{"stop":true}', '[1]']) {
    writeFileSync(path.join(runFolder(root, SWARM), 'control'), text)
    expect(stopRequested(root, SWARM, thisOwner())).toBe(false)
  }
})

test('a swarm that never started cannot be asked', () => {
  const root = temporaryFolder()
  expect(() => requestStop(root, SWARM)).toThrow(expect.objectContaining({ code: 'not-running' }))
  expect(existsSync(path.join(runFolder(root, SWARM), 'control'))).toBe(false)
})
