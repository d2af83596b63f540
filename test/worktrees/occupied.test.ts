// What stands where an iteration's worktree would be made: usable, or in the way.

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { occupantOf, occupied } from '../../src/worktrees/occupied.js'
import { testRepository } from '../support/repository.js'

test('a worktree and nothing are free; whatever else has the name is in the way, with the command that moves it', () => {
  const { root, git } = testRepository()
  const at = (name: string) => path.join(root, name)
  const add = (name: string) => git(['worktree', 'add', '-q', '-b', `oompa/${name.slice(1)}`, at(name)])
  for (const name of ['.w1-i1', '.w2-i1', '.w3-i1', '.w4-i1']) add(name)
  rmSync(at('.w2-i1/.git'))
  writeFileSync(at('.w3-i1/.git'), `gitdir: ${root}/.git\n`)
  // Its entry is gone, as after `git worktree prune` of an agent.
  rmSync(at('.git/worktrees/.w4-i1'), { recursive: true, force: true })
  rmSync(at('.git/worktrees/-w4-i1'), { recursive: true, force: true })
  mkdirSync(at('.w5-i1'))
  mkdirSync(at('.w6-i1/of a person'), { recursive: true })
  symlinkSync(at('.w1-i1'), at('.w7-i1'))
  writeFileSync(at('.w8-i12'), 'a file')
  mkdirSync(at('.w9-i1-notes'))
  const found = occupied(root)
  expect(found.map(({ name, worker }) => [name, worker])).toEqual([
    ['.w2-i1', 'w2'],
    ['.w3-i1', 'w3'],
    ['.w4-i1', 'w4'],
    ['.w6-i1', 'w6'],
    ['.w7-i1', 'w7'],
    ['.w8-i12', 'w8'],
  ])
  for (const { name, why } of found) {
    expect(why).toMatchObject({ code: 'in-the-way', message: expect.stringContaining(name), mend: expect.any(String) })
    expect(occupantOf(root, name)?.message).toBe(why.message)
  }
  for (const name of ['.w1-i1', '.w5-i1', '.w10-i1']) expect(occupantOf(root, name)).toBeUndefined()
})
