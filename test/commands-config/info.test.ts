import { expect, test } from 'vitest'
import { openLog } from '../../src/events/log.js'
import { oompa } from '../support/oompa.js'
import { testRepository } from '../support/repository.js'

test('tells the last run iteration by iteration, escaped, and as JSON', async () => {
  const { root, env } = testRepository()
  const log = openLog(root, '3f2a0b1c')
  log.emit({
    type: 'swarm.started',
    pid: 1,
    processStart: 'long ago',
    host: 'elsewhere',
    level: 2,
    into: 'main',
    workers: [{ worker: 'w1', agent: 'claude:opus', iterations: 2 }],
    iterations: 2,
    version: '1.0.0',
  })
  const facts = { worker: 'w1', iteration: 1 }
  log.emit({ type: 'iteration.started', ...facts, worktree: '.w1-i1', branch: 'oompa/w1-i1' })
  log.emit({
    type: 'iteration.ended',
    ...facts,
    outcome: 'kept',
    commits: 2,
    branch: 'oompa/w1-i1',
    kept: 'refs/oompa/kept/3f2a0b1c/w1-1',
    reason: 'red \u001b[31m text',
  })
  log.emit({ type: 'swarm.stopped', reason: 'all iterations are done', status: 0 })
  log.close()
  const { status, stdout } = await oompa(['info'], { cwd: root, env })
  expect(status).toBe(0)
  expect(stdout).toContain('Swarm:    3f2a0b1c')
  expect(stdout).toContain('State:    stopped: all iterations are done')
  expect(stdout).toContain('Lands on: main')
  expect(stdout).toMatch(/w1 {2}claude:opus {2}1 of 2 iterations/)
  expect(stdout).toContain('1. kept  2 commits  kept at refs/oompa/kept/3f2a0b1c/w1-1')
  expect(stdout).not.toContain('\u001b')
  const json = JSON.parse((await oompa(['info', '3f2a', '--json'], { cwd: root, env })).stdout)
  expect(json).toMatchObject({
    swarm: '3f2a0b1c',
    state: 'stopped',
    level: 2,
    workers: [{ worker: 'w1', ended: [{ outcome: 'kept' }] }],
  })
})

test('without a run there is nothing to tell: status 3', async () => {
  const { root, env } = testRepository()
  expect(await oompa(['info'], { cwd: root, env })).toMatchObject({ status: 3 })
})
