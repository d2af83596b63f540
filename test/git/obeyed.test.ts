// What an agent can write below `.git`, or in a repository inside its worktree, decides nothing for a git of ours.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { isAncestor } from '../../src/git/ancestry.js'
import { treeChanges } from '../../src/git/changes.js'
import { excludeOurs } from '../../src/git/exclude.js'
import { filtersOff } from '../../src/git/nested.js'
import { readStatus, unsavedWork } from '../../src/git/read-status.js'
import { git, gitText } from '../../src/git/run-git.js'
import { commitLeftovers } from '../../src/merge/commit.js'
import { prepareConflict } from '../../src/merge/conflict.js'
import { diffTexts } from '../../src/review/diff.js'
import { isRefusal } from '../../src/words.js'
import { landingRepository } from '../merge/support.js'
import type { TestRepository } from '../support/repository.js'

/** A repository inside a worktree, whose own configuration names a program wherever git would run one. */
function withNested(declared: boolean) {
  const repository = landingRepository()
  const worktree = path.join(repository.root, '.w1-i1')
  // As a swarm does: else the person's own `git add -A` would look into it.
  excludeOurs(path.join(repository.root, '.git'))
  repository.git(['worktree', 'add', '-q', '-b', 'oompa/w1-i1', worktree])
  const app = path.join(worktree, 'app')
  const ran = path.join(repository.home, 'ran')
  const program = path.join(repository.home, 'program')
  const inApp = (args: readonly string[]) => repository.git(args, app)
  writeFileSync(program, `#!/bin/sh\necho "$0 $*" >> '${ran}'\ncat\n`, { mode: 0o755 })
  repository.git(['init', '-q', app])
  writeFileSync(path.join(app, 'page.txt'), 'one\n')
  writeFileSync(path.join(app, '.gitattributes'), '*.txt filter=evil\n*.bin filter=a=b\n')
  inApp(['add', '-A'])
  inApp(['commit', '-q', '-m', 'app'])
  if (declared)
    writeFileSync(path.join(worktree, '.gitmodules'), '[submodule "app"]\n\tpath = app\n\turl = x\n\tignore = none\n')
  repository.git(['-c', 'advice.addEmbeddedRepo=false', 'add', '-A'], worktree)
  repository.git(['commit', '-q', '-m', 'with app'], worktree)
  for (const key of ['core.fsmonitor', 'filter.evil.clean', 'filter.evil.process', 'filter.a=b.clean', 'diff.external'])
    inApp(['config', key, program])
  writeFileSync(path.join(app, '.git/hooks/post-index-change'), `#!/bin/sh\necho hook >> '${ran}'\n`, { mode: 0o755 })
  return { repository, worktree, app, inApp, hasRun: () => (existsSync(ran) ? readFileSync(ran, 'utf8') : '') }
}

describe('a repository inside a worktree', () => {
  test.each([true, false])(
    'has no program of its own run by us; work in it is seen (declared: %s)',
    async (declared) => {
      const { repository, worktree, app, hasRun } = withNested(declared)
      // As git would: the stat of the file says nothing any more.
      writeFileSync(path.join(app, 'page.txt'), 'one\n')
      expect(await unsavedWork(worktree)).toEqual([])
      writeFileSync(path.join(app, 'page.txt'), 'two\n')
      expect(await unsavedWork(worktree)).toEqual(['app'])
      rmSync(path.join(app, 'page.txt'))
      expect(await unsavedWork(worktree)).toEqual(['app'])
      writeFileSync(path.join(app, 'page.txt'), 'one\n')
      writeFileSync(path.join(app, 'new.txt'), 'new\n')
      expect(await unsavedWork(worktree)).toEqual(['app'])
      writeFileSync(path.join(worktree, 'README.md'), 'work\n')
      repository.commit('Mine', { 'README.md': 'mine\n' })
      await commitLeftovers({ path: worktree }, { message: 'Work' })
      expect(
        await prepareConflict(repository.root, { path: worktree, branch: 'oompa/w1-i1' }, { into: 'main' }),
      ).toMatchObject({
        paths: ['README.md'],
      })
      expect(hasRun()).toBe('')
      // And git does run them, where nothing keeps it from it.
      repository.git(['status', '--ignore-submodules=none'], worktree)
      expect(hasRun()).not.toBe('')
    },
  )

  test('is in the difference of two commits, whatever the .gitmodules of a checkout says', async () => {
    const { repository, worktree } = withNested(true)
    repository.write('.gitmodules', '[submodule "app"]\n\tpath = app\n\turl = x\n\tignore = all\n')
    const changes = await treeChanges(repository.root, 'HEAD', repository.git(['rev-parse', 'HEAD'], worktree))
    expect(changes.map((change) => `${change.status} ${change.newMode} ${change.path}`)).toContain('A 160000 app')
  })

  test('that git cannot read is never taken for a clean one', async () => {
    const { worktree, app } = withNested(true)
    writeFileSync(path.join(app, '.git/config'), '[core\n')
    expect(await unsavedWork(worktree)).not.toEqual([])
  })

  test('in a repository inside it is looked at, too', async () => {
    const { worktree, app, inApp, repository, hasRun } = withNested(true)
    repository.git(['init', '-q', path.join(app, 'deep')])
    repository.git(['commit', '-q', '--allow-empty', '-m', 'deep'], path.join(app, 'deep'))
    inApp([
      '-c',
      'core.fsmonitor=false',
      '-c',
      'advice.addEmbeddedRepo=false',
      '-c',
      'core.hooksPath=/dev/null',
      'add',
      'deep',
    ])
    inApp(['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', 'commit', '-q', '-m', 'deep'])
    repository.git(['update-index', 'app'], worktree)
    repository.git(['commit', '-q', '-m', 'deep'], worktree)
    rmSync(path.join(repository.home, 'ran'), { force: true })
    expect(await unsavedWork(worktree)).toEqual([])
    writeFileSync(path.join(app, 'deep/file'), '')
    expect(await unsavedWork(worktree)).toEqual(['app'])
    expect(hasRun()).toBe('')
  })
})

test('only the filters of the repository’s own configuration are turned off: LFS is the person’s', () => {
  const keys = [
    'global',
    'filter.lfs.clean',
    'local',
    'filter.x.clean',
    'local',
    'filter.x.process',
    'worktree',
    'filter.a.b=c.smudge',
    'local',
    'user.name',
  ]
  const off = Object.fromEntries(filtersOff(keys))
  expect(Object.keys(off).filter((key) => key.endsWith('.clean'))).toEqual(['filter.x.clean', 'filter.a.b=c.clean'])
  expect(off).toMatchObject({ 'filter.x.process': '', 'filter.x.required': 'false' })
})

describe('objects and parents', () => {
  /** A bad change, which `git replace` shows as a good one, and one file of grafts that makes it unrelated. */
  function replaced(): TestRepository & { bad: string; land: ReturnType<typeof landingRepository>['land'] } {
    const repository = landingRepository()
    const bad = repository.branch('bad', { 'made.txt': 'bad\n' })
    const good = repository.branch('good', { 'made.txt': 'good\n' })
    const blob = (commit: string) => repository.git(['rev-parse', `${commit}:made.txt`])
    repository.git(['replace', blob(bad), blob(good)])
    repository.git(['replace', bad, good])
    writeFileSync(path.join(repository.root, '.git/info/grafts'), `${bad}\n`)
    return { ...repository, bad }
  }

  test('are what is committed: a reviewer reads, and the gate tests, what would land, whatever git replace shows', async () => {
    const { root, bad, land, git: person } = replaced()
    expect(person(['show', `${bad}:made.txt`])).toBe('good')
    expect(await gitText(root, ['show', `${bad}:made.txt`])).toBe('bad')
    const file = { path: 'made.txt', added: 1, removed: 0, binary: false, status: 'A' }
    expect((await diffTexts(root, 'main', bad, [file])).join()).toContain('+bad')
    const answer = await land('bad', { test: 'grep -q good made.txt', retries: 0 })
    expect(isRefusal(answer) && answer.refused).toBe('test')
    expect(await land('bad', { test: 'grep -q bad made.txt' })).toMatchObject({ into: 'main' })
  })

  test('are what is committed: a file of grafts takes no history away, and is not complained about', async () => {
    const { root, bad } = replaced()
    expect(await isAncestor(root, 'main', bad)).toBe(true)
    const { stdout, stderr } = await git(root, ['rev-list', '--count', bad])
    expect([stdout.trim(), stderr]).toEqual(['2', ''])
  })

  test('a status runs no monitor of files that an agent has configured', async () => {
    const repository = landingRepository()
    writeFileSync(path.join(repository.home, 'monitor'), `#!/bin/sh\ntouch "${repository.home}/ran"\n`, { mode: 0o755 })
    repository.git(['config', 'core.fsmonitor', path.join(repository.home, 'monitor')])
    expect((await readStatus(repository.root)).entries).toEqual([])
    expect(existsSync(path.join(repository.home, 'ran'))).toBe(false)
  })
})
