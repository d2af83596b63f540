// Copies of other machines' logs stay below the repository, whatever an agent has put in the place of their folders.

import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { bringElsewhere } from '../../src/commands/other-machines.js'
import { elsewhereRoot } from '../../src/events/copied-logs.js'
import { logFile } from '../../src/events/log.js'
import type { EngineMachines } from '../../src/tasks/task-engine.js'
import { temporaryFolder, testRepository } from '../support/repository.js'

const swarm = 'abcdef01'
const lines = ['{"type":"swarm.started"}', '{"type":"note"}']

/** An engine that has these two lines of one swarm. */
const machines = {
  eventsAfter: async (have: Readonly<Record<string, number>>) =>
    lines.map((line, number) => ({ swarm, number, host: 'alder', line })).slice(have[swarm] ?? 0),
  list: async () => [{ swarm, silentMs: 1000 }],
} as unknown as EngineMachines

test('they are written once, however often one looks', async () => {
  const { root } = testRepository()
  await bringElsewhere(root, machines)
  await bringElsewhere(root, machines)
  expect(readFileSync(logFile(elsewhereRoot(root), swarm), 'utf8')).toBe(`${lines.join('\n')}\n`)
})

test.each(['.oompa', '.oompa/elsewhere', '.oompa/elsewhere/.oompa/runs', `.oompa/elsewhere/.oompa/runs/${swarm}`])(
  'a link in the place of %s is not followed',
  async (place) => {
    const { root } = testRepository()
    const outside = temporaryFolder()
    mkdirSync(path.dirname(path.join(root, place)), { recursive: true })
    symlinkSync(outside, path.join(root, place))
    await expect(bringElsewhere(root, machines)).rejects.toMatchObject({ code: 'not-a-folder' })
    expect(readdirSync(outside)).toEqual([])
  },
)
