// What an agent writes below `.git` makes no folder a checkout: a landing writes files where git and the folder itself
// say that it is one, and nowhere else.

import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/repository.js'
import { landingRepository } from './support.js'

test('an entry that names a folder of the person’s does not make a landing write there', async () => {
  const repository = landingRepository({ 'a.txt': 'a\n' })
  const folder = temporaryFolder('oompa-theirs-')
  writeFileSync(path.join(folder, 'a.txt'), 'a\n')
  const own = path.join(repository.root, '.git/worktrees/forged')
  mkdirSync(own, { recursive: true })
  writeFileSync(path.join(own, 'HEAD'), 'ref: refs/heads/main\n')
  writeFileSync(path.join(own, 'commondir'), '../..\n')
  writeFileSync(path.join(own, 'gitdir'), `${folder}/.git\n`)
  writeFileSync(path.join(own, 'index'), readFileSync(path.join(repository.root, '.git/index')))
  repository.branch('work', { 'a.txt': 'landed\n', 'new.txt': 'new\n' })
  expect(await repository.land('work')).toMatchObject({ into: 'main' })
  expect(readFileSync(path.join(repository.root, 'a.txt'), 'utf8')).toBe('landed\n')
  expect(readdirSync(folder)).toEqual(['a.txt'])
  expect(readFileSync(path.join(folder, 'a.txt'), 'utf8')).toBe('a\n')
})

test('a move that was never begun is not finished: what is written down of it counts for checkouts of ours alone', async () => {
  const repository = landingRepository({ 'a.txt': 'a\n' })
  const folder = temporaryFolder('oompa-theirs-')
  const own = path.join(folder, 'git')
  mkdirSync(own)
  for (const name of ['index', 'index.oompa', 'index.lock'])
    writeFileSync(path.join(own, name), 'oompa is moving this checkout forward')
  const to = repository.branch('work', { 'a.txt': 'evil\n', '.profile': 'evil\n' })
  const from = repository.git(['rev-parse', 'main'])
  const moves = path.join(repository.root, '.git/oompa/moves')
  mkdirSync(moves, { recursive: true })
  const dead = { pid: 1, start: 'gone.1', host: 'nowhere' }
  const intent = { ref: 'refs/heads/main', from, to, checkouts: [{ path: folder, own }] }
  const write = (name: string, value: unknown) => writeFileSync(path.join(moves, name), JSON.stringify(value))
  write('1-gone-1.json', { ...intent, ...dead })
  write('1-gone-2.json', { ...intent, ...dead, ref: 'refs/heads/../../../x' })
  write('1-gone-3.json', { ...intent, ...dead, checkouts: 'x' })
  write('1-gone-4.json', { ...intent, ...dead, to: '--force' })
  symlinkSync('1-gone-5.json', path.join(moves, '1-gone-5.json'))
  repository.branch('other', { 'b.txt': 'b\n' })
  expect(await repository.land('other')).toMatchObject({ into: 'main' })
  expect(existsSync(path.join(folder, '.profile'))).toBe(false)
  expect(readdirSync(own).sort()).toEqual(['index', 'index.lock', 'index.oompa'])
  expect(readdirSync(moves)).toEqual([])
})
