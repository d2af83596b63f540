// History does not only grow forward: merges within a branch, and a target that the person has rewritten.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { builtOn } from '../../src/merge/base.js'
import { commitLeftovers } from '../../src/merge/commit.js'
import { prepareConflict } from '../../src/merge/conflict.js'
import { mergeQueue } from '../../src/merge/hook.js'
import { ontoRewritten } from '../../src/merge/rewritten.js'
import { isRefusal } from '../../src/words.js'
import { repositoryAt } from '../support/repository.js'
import { type LandingRepository, landingRepository, submit } from './support.js'

const STRATEGIES = ['merge', 'rebase', 'squash'] as const

const lines = (change: Record<number, string> = {}) =>
  Array.from({ length: 12 }, (_, i) => `${change[i] ?? `line ${i}`}\n`).join('')

/** A worktree as an agent has it, on a branch of its own. */
function worktreeOf(repository: LandingRepository, branch = 'oompa/w1-i1') {
  const folder = path.join(repository.root, `.${branch.slice(6)}`)
  repository.write('.git/info/exclude', '/.w*\n')
  repository.git(['worktree', 'add', '-q', '-b', branch, folder])
  const base = repository.git(['rev-parse', 'main'])
  return { path: folder, branch, base, ...repositoryAt(folder, repository.home) }
}

const files = (repository: LandingRepository) => repository.git(['ls-tree', '-r', '--name-only', 'main']).split('\n')
const subjects = (repository: LandingRepository, which = 'main') =>
  repository.git(['log', '--topo-order', '--format=%s', which]).split('\n')

describe('a rebase', () => {
  test('lands what an author wrote into a merge, beside the commits that it replays', async () => {
    const repository = landingRepository({ 'a.txt': lines() })
    const work = worktreeOf(repository)
    work.commit('First', { 'first.txt': '1' })
    repository.commit('Meanwhile', { 'p.txt': 'p' })
    work.git(['merge', '-q', '--no-commit', 'main'])
    work.commit('Take in main, and what it needs', { 'needed.txt': 'n', 'a.txt': lines({ 3: 'by the merge' }) })
    work.commit('Second', { 'second.txt': '2' })
    expect(isRefusal(await repository.land(work.branch, { strategy: 'rebase' }))).toBe(false)
    expect(files(repository)).toEqual(['a.txt', 'first.txt', 'needed.txt', 'p.txt', 'second.txt'])
    expect(readFileSync(path.join(repository.root, 'a.txt'), 'utf8')).toBe(lines({ 3: 'by the merge' }))
    expect(subjects(repository)).toEqual(['Take in main, and what it needs', 'Second', 'First', 'Meanwhile', 'Start'])
    expect(repository.git(['rev-list', '--merges', 'main'])).toBe('')
    expect(await repository.land(work.branch, { strategy: 'rebase' })).toMatchObject({ nothing: true })
  })

  test.each(STRATEGIES)('(or %s) lands a conflict that its author has mended in a merge', async (strategy) => {
    const repository = landingRepository({ 'a.txt': 'one\n' })
    const work = worktreeOf(repository)
    work.commit('Before', { 'before.txt': 'b' })
    work.commit('Mine', { 'a.txt': 'one\nmine\n' })
    repository.commit('Theirs', { 'a.txt': 'one\ntheirs\n' })
    expect(await repository.land(work.branch, { strategy })).toMatchObject({ refused: 'conflict' })
    const { paths } = await prepareConflict(repository.root, work, { into: 'main', base: work.base })
    expect(paths).toEqual(['a.txt'])
    work.commit('Both', { 'a.txt': 'one\ntheirs\nmine\n' })
    work.commit('After', { 'after.txt': 'a' })
    repository.commit('Goes on', { 'on.txt': 'o' })
    expect(isRefusal(await repository.land(work.branch, { strategy }))).toBe(false)
    expect(repository.git(['show', 'main:a.txt'])).toBe('one\ntheirs\nmine')
    expect(files(repository)).toEqual(['a.txt', 'after.txt', 'before.txt', 'on.txt'])
    if (strategy === 'rebase') {
      // What replays cleanly stands for itself; what conflicts by itself, and all after it, is one commit.
      expect(subjects(repository)).toEqual(['Mine', 'Before', 'Goes on', 'Theirs', 'Start'])
      expect(repository.git(['log', '-1', '--format=%b', 'main'])).toContain('After')
    }
  })

  test('keeps the text of a commit that is not in UTF-8', async () => {
    const repository = landingRepository()
    const work = worktreeOf(repository)
    writeFileSync(path.join(work.path, 'x'), 'x')
    writeFileSync(path.join(work.home, 'message'), Buffer.from('Gr\xfc\xdfe', 'latin1'))
    work.git(['add', 'x'])
    work.git(['-c', 'i18n.commitEncoding=ISO-8859-1', 'commit', '-q', '-F', path.join(work.home, 'message')])
    await repository.land(work.branch, { strategy: 'rebase' })
    expect(subjects(repository)[0]).toBe('Grüße')
  })

  test('signs what lands, and no commit that only helps to compute it', async () => {
    const repository = landingRepository({ 'a.txt': lines() })
    repository.branch('one', { 'a.txt': lines({ 1: 'one' }) })
    repository.branch('work', { 'b.txt': 'b' }, 'one')
    repository.commit('Meanwhile', { 'c.txt': 'c' })
    const signed = path.join(repository.home, 'signed')
    const signature = 'echo "-----BEGIN PGP SIGNATURE-----"; echo x; echo "-----END PGP SIGNATURE-----"'
    const script = `#!/bin/sh\ncat >/dev/null\necho signed >> '${signed}'\necho "[GNUPG:] SIG_CREATED " >&2\n${signature}\n`
    repository.git(['config', 'gpg.program', repository.write('.git/sign', script, 0o755)])
    repository.git(['config', 'commit.gpgSign', 'true'])
    expect(isRefusal(await repository.land('work', { strategy: 'rebase' }))).toBe(false)
    expect(readFileSync(signed, 'utf8')).toBe('signed\nsigned\n')
  })
})

/** How a person takes the last commit out of main. */
const REWRITES: Readonly<Record<string, (repository: LandingRepository) => void>> = {
  'amended it': (repository) => {
    repository.git(['rm', '-q', 'secret.txt'])
    repository.write('kept.txt', 'k')
    repository.git(['add', '-A'])
    repository.git(['commit', '-q', '--amend', '-m', 'Amended'])
  },
  'reset it away': (repository) => {
    repository.git(['reset', '-q', '--hard', 'HEAD~1'])
  },
  'rebased without it': (repository) => {
    repository.commit('Later', { 'later.txt': 'l' })
    repository.git(['rebase', '-q', '--onto', 'HEAD~2', 'HEAD~1'])
  },
}

describe('what the person has taken out of the target while an agent worked', () => {
  test.each(STRATEGIES.flatMap((strategy) => Object.keys(REWRITES).map((how) => ({ strategy, how }))))(
    'stays out when the work lands by $strategy after they have $how',
    async ({ strategy, how }) => {
      const repository = landingRepository()
      const out = repository.commit('A mistake', { 'secret.txt': 's' })
      const work = worktreeOf(repository)
      work.commit('First', { 'first.txt': '1' })
      const tip = work.commit('Second', { 'second.txt': '2' })
      REWRITES[how]!(repository)
      const expected = [...files(repository), 'first.txt', 'second.txt'].sort()
      const landing = await repository.land(work.branch, { strategy, test: 'test ! -e secret.txt' })
      expect(isRefusal(landing)).toBe(false)
      expect(files(repository)).toEqual(expected)
      expect(repository.git(['branch', '--contains', out, '--list', 'main'])).toBe('')
      expect(repository.git(['log', '--format=%(trailers:key=Oompa-Change,valueonly)', 'main'])).toContain(tip)
      expect(repository.git(['status', '--porcelain', '--untracked-files=no'])).toBe('')
      if (strategy !== 'squash') expect(subjects(repository)).toEqual(expect.arrayContaining(['First', 'Second']))
      if (strategy === 'merge') expect(repository.git(['rev-list', '--merges', '--count', 'main'])).toBe('1')
      expect(await repository.land(work.branch, { strategy })).toMatchObject({ nothing: true })
    },
  )

  test('stays out of a batch, each change by what it was built on', async () => {
    const repository = landingRepository()
    repository.commit('A mistake', { 'secret.txt': 's' })
    const base = repository.git(['rev-parse', 'main'])
    for (const name of ['one', 'two', 'three']) repository.branch(name, { [`${name}.txt`]: name })
    REWRITES['amended it']!(repository)
    const hook = mergeQueue({ test: 'true', batch: 8 })
    const answers = await submit(repository, hook, ['one', 'two', 'three'], { base })
    expect(answers.map(isRefusal)).toEqual([false, false, false])
    expect(files(repository)).toEqual(['README.md', 'kept.txt', 'one.txt', 'three.txt', 'two.txt'])
  })

  test('stays out where the branch had taken it in by a merge, and where it has taken in the rewritten target', async () => {
    const repository = landingRepository()
    const work = worktreeOf(repository)
    work.commit('First', { 'first.txt': '1' })
    repository.commit('A mistake', { 'secret.txt': 's' })
    const taken = repository.git(['rev-parse', 'main'])
    work.git(['merge', '-q', '--no-edit', 'main'])
    REWRITES['amended it']!(repository)
    const tip = work.commit('Second', { 'second.txt': '2' })
    expect(await builtOn(repository.root, 'main', tip, work.base)).toBe(taken)
    work.git(['merge', '-q', '--no-edit', 'main'])
    work.commit('Third', { 'third.txt': '3' })
    expect(isRefusal(await repository.land(work.branch, { base: taken }))).toBe(false)
    expect(files(repository)).toEqual(['README.md', 'first.txt', 'kept.txt', 'second.txt', 'third.txt'])
  })

  test('is seen before anybody reads the change: the branch is put onto the target, by its own commits', async () => {
    const repository = landingRepository()
    repository.commit('A mistake', { 'secret.txt': 's' })
    const work = worktreeOf(repository)
    const tip = work.commit('Mine', { 'mine.txt': 'm' })
    work.write('left.txt', 'not committed')
    REWRITES['reset it away']!(repository)
    const target = repository.git(['rev-parse', 'main'])
    const moved = await ontoRewritten(repository.root, work, { into: 'main', commit: tip, base: work.base })
    expect(moved).toEqual({ commit: work.git(['rev-parse', work.branch]), target })
    expect(work.git(['log', '--format=%s'])).toBe('Mine\nStart')
    expect(work.git(['status', '--porcelain'])).toBe('?? left.txt')
    const again = await ontoRewritten(repository.root, work, { into: 'main', commit: moved!.commit, base: target })
    expect(again).toBeUndefined()
  })

  test.each(STRATEGIES)('stays out of a conflict that its author mends, which then lands by %s', async (strategy) => {
    const repository = landingRepository({ 'a.txt': 'one\n' })
    repository.commit('A mistake', { 'secret.txt': 's', 'a.txt': 'one\nwrong\n' })
    const work = worktreeOf(repository)
    work.commit('Other', { 'other.txt': 'o' })
    const tip = work.commit('Mine', { 'a.txt': 'one\nwrong\nmine\n' })
    repository.write('a.txt', 'one\nright\n')
    REWRITES['amended it']!(repository)
    const refused = await repository.land(work.branch, { strategy })
    expect(refused).toMatchObject({ refused: 'conflict', feedback: expect.stringContaining('rebase --onto main') })
    const kept: string[] = []
    const prepared = await prepareConflict(repository.root, work, {
      into: 'main',
      base: work.base,
      keep: async (commit) => {
        kept.push(commit)
      },
    })
    expect(prepared).toMatchObject({ paths: ['a.txt'], before: tip, target: repository.git(['rev-parse', 'main']) })
    expect(kept).toEqual([tip])
    const text = readFileSync(path.join(work.path, 'a.txt'), 'utf8')
    expect(text).toMatch(/<<<<<<<[\s\S]*right[\s\S]*mine[\s\S]*>>>>>>>/)
    expect(await commitLeftovers(work, { message: 'x' })).toMatchObject({ unresolved: ['a.txt'] })
    work.write('a.txt', 'one\nright\nmine\n')
    await commitLeftovers(work, { message: 'Mended' })
    repository.commit('Goes on', { 'on.txt': 'o' })
    const landing = await repository.land(work.branch, { strategy, base: prepared.target })
    expect(isRefusal(landing)).toBe(false)
    expect(repository.git(['show', 'main:a.txt'])).toBe('one\nright\nmine')
    expect(files(repository)).toEqual(['a.txt', 'kept.txt', 'on.txt', 'other.txt'])
  })

  test('is no reason to leave out a branch of the person’s own, on which main once was by mistake', async () => {
    const repository = landingRepository()
    repository.commit('On main by mistake', { 'feature.txt': 'f' })
    repository.git(['branch', 'feature'])
    repository.git(['reset', '-q', '--hard', 'HEAD~1'])
    expect(isRefusal(await repository.land('feature'))).toBe(false)
    expect(files(repository)).toContain('feature.txt')
  })

  test('is no reason to leave out a worker’s own commits, on which main was by hand', async () => {
    const repository = landingRepository()
    const work = worktreeOf(repository)
    work.commit('First', { 'first.txt': '1' })
    repository.git(['merge', '-q', '--ff-only', work.branch])
    repository.git(['reset', '-q', '--hard', work.base])
    work.commit('Second', { 'second.txt': '2' })
    expect(isRefusal(await repository.land(work.branch))).toBe(false)
    expect(files(repository)).toEqual(['README.md', 'first.txt', 'second.txt'])
  })
})

describe('a remote and a target of which one was rewritten', () => {
  function withRemote() {
    const repository = landingRepository()
    const bare = path.join(repository.root, '..', 'bare.git')
    repository.git(['clone', '-q', '--bare', repository.root, bare])
    repository.git(['remote', 'add', 'origin', bare])
    const clone = path.join(repository.root, '..', 'clone')
    repository.git(['clone', '-q', bare, clone])
    return { repository, bare, other: repositoryAt(clone, repository.home) }
  }
  const unpushed = (repository: LandingRepository) =>
    repository.events.flatMap((event) => (event.type === 'landing.unpushed' ? event.reason : []))

  test.each(['an empty commit', 'a commit and its revert', 'the same change'])(
    'diverge by %s: it is merged and pushed',
    async (how) => {
      const { repository, bare, other } = withRemote()
      repository.commit('Local', { 'local.txt': 'l' })
      if (how === 'the same change') other.commit('The same', { 'local.txt': 'l' })
      else other.commit('CI: run again', how === 'an empty commit' ? {} : { 'x.txt': 'x' })
      if (how === 'a commit and its revert') other.git(['revert', '--no-edit', 'HEAD'])
      other.git(['push', '-q'])
      for (const name of ['one', 'two']) {
        repository.branch(name, { [`${name}.txt`]: name })
        expect(isRefusal(await repository.land(name, { push: true, test: 'true' }))).toBe(false)
      }
      expect(unpushed(repository)).toEqual([])
      expect(repository.git(['rev-parse', 'main'], bare)).toBe(repository.git(['rev-parse', 'main']))
      expect(files(repository)).toEqual(['README.md', 'local.txt', 'one.txt', 'two.txt'])
    },
  )

  test('by the person here: what they took out is not merged back in, and the reason says the way out', async () => {
    const { repository, bare, other } = withRemote()
    repository.commit('A mistake', { 'secret.txt': 's' })
    repository.git(['push', '-q', 'origin', 'main'])
    REWRITES['amended it']!(repository)
    other.git(['pull', '-q'])
    other.commit('Elsewhere', { 'elsewhere.txt': 'e' })
    other.git(['push', '-q'])
    repository.branch('work', { 'work.txt': 'w' })
    expect(isRefusal(await repository.land('work', { push: true }))).toBe(false)
    expect(files(repository)).toEqual(['README.md', 'kept.txt', 'work.txt'])
    expect(unpushed(repository)).toEqual([expect.stringContaining('was taken out of main')])
    // Which of the two it is to be, they say by doing it.
    repository.git(['push', '-q', '--force', 'origin', 'main'])
    repository.branch('more', { 'more.txt': 'm' })
    await repository.land('more', { push: true })
    expect(unpushed(repository)).toHaveLength(1)
    expect(repository.git(['rev-parse', 'main'], bare)).toBe(repository.git(['rev-parse', 'main']))
  })

  test('by somebody there: what they took out is not pushed back, and the reason says the way out', async () => {
    const { repository, bare, other } = withRemote()
    repository.commit('A mistake', { 'secret.txt': 's' })
    repository.git(['push', '-q', 'origin', 'main'])
    other.git(['pull', '-q'])
    other.git(['rm', '-q', 'secret.txt'])
    other.git(['commit', '-q', '--amend', '--allow-empty', '-m', 'Amended'])
    other.git(['push', '-q', '--force'])
    repository.branch('work', { 'work.txt': 'w' })
    expect(isRefusal(await repository.land('work', { push: true }))).toBe(false)
    expect(unpushed(repository)).toEqual([expect.stringContaining('was taken out of origin/main')])
    expect(repository.git(['ls-tree', '--name-only', 'main'], bare)).toBe('README.md')
    repository.git(['merge', '-q', '--no-edit', 'origin/main'])
    repository.branch('more', { 'more.txt': 'm' })
    await repository.land('more', { push: true })
    expect(repository.git(['rev-parse', 'main'], bare)).toBe(repository.git(['rev-parse', 'main']))
  })
})
