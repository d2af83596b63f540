// Nothing is removed with what is in it but what we made: asked of the names, and of what stands there in that moment.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { cachePlace, openCache, removeEntry, removeOurs, removeScratch, removeWorktree } from '../../src/git/remove.js'
import { removeIdleGates } from '../../src/merge/gate.js'
import { worktreePool } from '../../src/worktrees/pool.js'
import { openScratch } from '../../src/worktrees/scratch.js'
import { packageRoot } from '../support/oompa.js'
import { type TestRepository, testRepository } from '../support/repository.js'

const refused = expect.objectContaining({ code: 'not-ours' })

/** A folder of the person's, with something in it. */
function theirs(repository: TestRepository, name = 'precious'): string {
  const folder = path.join(repository.home, name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'file'), 'precious\n')
  return folder
}

test('no line of ours removes a folder with its content but in one place, and none prunes what is not ours', () => {
  const found = (pattern: string, where: readonly string[]) => {
    const { stdout } = spawnSync('grep', ['-rnE', pattern, ...where], { encoding: 'utf8' })
    const lines = stdout.split('\n').map((line) => /^(.+?):\d+:\s*(.*)$/.exec(line))
    // Comments say why we do not.
    return [...new Set(lines.flatMap((line) => (line && !/^(\/\/|\/?\*)/.test(line[2]!) ? [line[1]] : [])))]
  }
  const all = ['src', 'bin', 'hooks', 'prompts', 'oompa_loompas.mjs']
  const recursive = String.raw`rm(Sync)?\([^)]*recursive|rm(Sync)?\([^)]*REMOVE|rmdir(Sync)?\([^)]*recursive|\brimraf\b|fs\.remove|'rm', \['-r`
  expect(found(recursive, all)).toEqual(['src/git/remove.ts'])
  expect(found(String.raw`worktree'?,? '?remove'?.*(--force|-f\b)`, all)).toEqual([])
  expect(found("worktree'?,? '?prune", [...all, 'docs', 'README.md'])).toEqual([])
  expect(found(String.raw`\['gc'|gc --prune`, all)).toEqual([])
})

test.each(['entry', 'worktree'])('a kill in the middle of a removal leaves an %s whole, or none', async (which) => {
  const { root, git } = testRepository()
  const checkout = path.join(root, '.w1-i1')
  const own = path.join(root, '.git/worktrees/-w1-i1')
  const many = 3000
  git(['worktree', 'add', '-q', '--detach', checkout])
  const removed = which === 'entry' ? own : checkout
  for (let file = 0; file < many; file++) writeFileSync(path.join(removed, `file-${file}`), '')
  const whole = readdirSync(removed).length
  const url = pathToFileURL(path.join(packageRoot, 'dist/git/remove.js'))
  const call = which === 'entry' ? 'removeEntry(root, own, checkout)' : 'removeWorktree(root, checkout)'
  const script = `import { removeEntry, removeWorktree } from '${url}'
const [root, own, checkout] = ${JSON.stringify([root, own, checkout])}
${call}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script])
  const ended = new Promise((resolve) => child.on('close', resolve))
  const left = () => (existsSync(removed) ? readdirSync(removed).length : 0)
  while (child.exitCode === null && left() === whole) await setImmediate()
  child.kill('SIGKILL')
  await ended
  expect([0, whole]).toContain(left())
  // The next removal takes the rest along.
  const other = path.join(root, '.w1-i2')
  git(['worktree', 'add', '-q', '--detach', other])
  removeEntry(root, path.join(root, '.git/worktrees/-w1-i2'), other)
  expect(readdirSync(path.join(root, '.git/oompa/removed'))).toEqual([])
})

test('an entry that a killed git left without a name goes with the next worktree, and no other does', async () => {
  const { root, home, git } = testRepository()
  const entries = path.join(root, '.git/worktrees')
  const drive = path.join(home, 'drive')
  git(['worktree', 'add', '-q', drive])
  renameSync(drive, `${drive}-unplugged`)
  const left = ['-w9-i9', '-w9-i91', 'gate-1', 'w9-1-0123abcd', 'probe-0123abcd']
  for (const name of [...left, 'theirs', 'theirs-0123abcd', '-w9-i8'])
    mkdirSync(path.join(entries, name), { recursive: true })
  writeFileSync(path.join(entries, '-w9-i9/locked'), 'initializing\n')
  writeFileSync(path.join(entries, '-w9-i8/HEAD'), `${git(['rev-parse', 'HEAD'])}\n`)
  const pool = worktreePool({ root, cache: path.join(home, 'cache') })
  await pool.acquire({ name: '.w1-i1', branch: 'oompa/w1-i1', base: git(['rev-parse', 'HEAD']) })
  expect(readdirSync(entries).sort()).toEqual(['-w1-i1', '-w9-i8', 'drive', 'theirs', 'theirs-0123abcd'])
})

test('what is below a folder of ours goes, and nothing else does', () => {
  const repository = testRepository()
  const { root, home } = repository
  const precious = theirs(repository)
  const cache = path.join(home, 'cache')
  const ours = [
    path.join(root, '.oompa/runs/x'),
    path.join(root, '.git/oompa/guard/x'),
    path.join(cachePlace(cache, 'spares'), '1-1'),
  ]
  for (const folder of ours) {
    mkdirSync(path.join(folder, 'deep'), { recursive: true })
    symlinkSync(precious, path.join(folder, 'deep/link'))
    removeOurs(folder)
    expect(existsSync(folder)).toBe(false)
    expect(existsSync(path.dirname(folder))).toBe(true)
  }
  mkdirSync(path.join(root, '.git/worktrees'), { recursive: true })
  const others = [
    root,
    path.join(root, '.git'),
    path.join(root, '.git/worktrees'),
    path.join(root, '.oompa'),
    precious,
    home,
  ]
  for (const folder of [...others, cache, `${root}/.oompa/../README.md`]) {
    expect(() => removeOurs(folder), folder).toThrow(refused)
  }
  expect(readdirSync(precious)).toEqual(['file'])
})

test('a link in place of a folder of ours, or on the way to one, leads nowhere', async () => {
  const repository = testRepository()
  const { root, home } = repository
  const precious = theirs(repository)
  mkdirSync(path.join(root, '.oompa'))
  symlinkSync(precious, path.join(root, '.oompa/link'))
  expect(() => removeOurs(path.join(root, '.oompa/link/file'))).toThrow(refused)
  removeOurs(path.join(root, '.oompa/link'))
  expect(existsSync(path.join(root, '.oompa/link'))).toBe(false)
  // All that we have in the cache folder is somewhere else now.
  const cache = path.join(home, 'cache')
  symlinkSync(home, path.join(cachePlace(cache, 'spares'), '..', 'gates'))
  expect(() => removeOurs(path.join(cache, 'gates', 'precious'))).toThrow(refused)
  expect(readdirSync(precious)).toEqual(['file'])
})

test('a folder that is somebody else’s is no cache folder of ours, and one of an earlier version is', () => {
  const repository = testRepository()
  expect(() => openCache(theirs(repository))).toThrow(refused)
  const earlier = path.join(repository.home, 'earlier')
  mkdirSync(path.join(earlier, 'spares/1-1'), { recursive: true })
  openCache(earlier)
  removeOurs(path.join(earlier, 'spares/1-1'))
  expect(readdirSync(path.join(earlier, 'spares'))).toEqual([])
})

test('an entry goes only with the worktree that it names, and a worktree only if it is one of an iteration', async () => {
  const repository = testRepository()
  const { root, home } = repository
  const named = path.join(home, 'named')
  repository.git(['worktree', 'add', '-q', '-b', 'named', named])
  const entry = path.join(root, '.git/worktrees/named')
  expect(() => removeEntry(root, entry, path.join(root, '.w1-i1'))).toThrow(refused)
  expect(() => removeEntry(root, path.join(root, '.git/refs'), named)).toThrow(refused)
  expect(() => removeWorktree(root, named)).toThrow(refused)
  // On a drive that is not there today.
  renameSync(named, `${named}.unplugged`)
  await openScratch(root, 'HEAD', 'review').then((scratch) => scratch.remove())
  expect(repository.git(['worktree', 'list', '--porcelain'])).toContain(named)
  renameSync(`${named}.unplugged`, named)
  expect(repository.git(['status', '--porcelain'], named)).toBe('')
})

test('a link where a spare or a gate was is not cleaned, and not removed through', async () => {
  const repository = testRepository({ a: '1\n' })
  const { root, home } = repository
  const precious = theirs(repository)
  const base = repository.git(['rev-parse', 'HEAD'])
  const cache = path.join(home, 'cache')
  const pool = worktreePool({ root, cache })
  const request = (name: string) => ({ name: `.${name}`, branch: `oompa/${name}`, base })
  await pool.release(await pool.acquire(request('w1-i1')))
  const [spare] = readdirSync(path.join(cache, 'spares'))
  const files = path.join(cache, 'spares', spare!, 'files')
  renameSync(files, `${files}.old`)
  symlinkSync(precious, files)
  const { path: full } = await pool.acquire(request('w1-i2'))
  expect(readdirSync(full)).toContain('a')
  expect(readdirSync(precious)).toEqual(['file'])
  const gate = path.join(cachePlace(cache, 'gates'), 'gate-1')
  repository.git(['worktree', 'add', '-q', '--detach', gate])
  renameSync(gate, `${gate}.old`)
  symlinkSync(precious, gate)
  removeScratch(root, gate)
  expect(readdirSync(precious)).toEqual(['file'])
  expect(existsSync(gate)).toBe(false)
})

test('gates that nobody uses are removed by their names, and what else is in their folder stays', async () => {
  const repository = testRepository()
  const { root, home } = repository
  const before = process.env.OOMPA_CACHE
  process.env.OOMPA_CACHE = path.join(home, 'cache')
  try {
    const { gatesFolder, cacheFolder } = await import('../../src/files/paths.js')
    cachePlace(cacheFolder(root), 'gates')
    for (const name of ['gate-1', 'notes']) mkdirSync(path.join(gatesFolder(root), name))
    expect(await removeIdleGates(root)).toEqual(['gate-1'])
    expect(readdirSync(gatesFolder(root))).toEqual(['notes'])
  } finally {
    if (before === undefined) delete process.env.OOMPA_CACHE
    else process.env.OOMPA_CACHE = before
  }
})
