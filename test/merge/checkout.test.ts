// What a person has in the checkout is never lost, and never stands still in silence: it waits, and says for what.

import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { isRefusal, type Landing, type Refusal } from '../../src/words.js'
import { oompa } from '../support/oompa.js'
import { type LandingRepository, landingRepository } from './support.js'

/** Everything that a person can see of their checkout, to the byte. */
function snapshot(repository: LandingRepository, root = repository.root): string {
  const git = (...args: string[]) => repository.git(['--no-optional-locks', ...args], root)
  return [
    git('status', '--porcelain=v2', '--ignored', '--untracked-files=all'),
    git('diff', '--binary'),
    git('diff', '--binary', '--cached'),
    git('stash', 'list'),
  ].join('\n---\n')
}

/** The landing waits, names what for, and nothing has changed. */
async function waits(repository: LandingRepository, branch: string, reason: RegExp, root?: string): Promise<void> {
  const main = repository.git(['rev-parse', 'main'])
  const before = snapshot(repository, root)
  const answer = await repository.land(branch, { into: 'main' })
  expect(isRefusal(answer) && answer.feedback).toMatch(reason)
  expect(answer).toMatchObject({ refused: 'unavailable' })
  expect(repository.git(['rev-parse', 'main'])).toBe(main)
  expect(snapshot(repository, root)).toBe(before)
  expect(existsSync(path.join(repository.root, '.git/index.lock'))).toBe(false)
}

async function lands(answer: Promise<Landing | Refusal>): Promise<void> {
  const landing = await answer
  expect(isRefusal(landing) ? landing.feedback : 'landed').toBe('landed')
}

const text = (repository: LandingRepository, file: string) => readFileSync(path.join(repository.root, file), 'utf8')

describe('an edit of the person’s that does not overlap', () => {
  test('stays as it was, staged and not, while the checkout moves forward', async () => {
    const repository = landingRepository({ 'a.txt': 'a\n', 'b.txt': 'b\n', 'c.txt': 'c\n', '.gitignore': 'ignored\n' })
    repository.branch('work', { 'a.txt': 'landed\n', 'new.txt': 'new\n' })
    repository.write('b.txt', 'staged\n')
    repository.git(['add', 'b.txt'])
    repository.write('b.txt', 'staged\nand more\n')
    repository.write('c.txt', 'edited\n')
    repository.write('untracked.txt', 'mine\n')
    repository.write('ignored', 'mine\n')
    const before = snapshot(repository)
    await lands(repository.land('work'))
    expect(snapshot(repository)).toBe(before)
    expect(text(repository, 'a.txt')).toBe('landed\n')
    expect(text(repository, 'new.txt')).toBe('new\n')
  })
})

describe('what is in the way', () => {
  test('unstaged changes', async () => {
    const repository = landingRepository()
    repository.branch('work', { 'README.md': 'theirs\n' })
    repository.write('README.md', 'mine\n')
    await waits(repository, 'work', /`README\.md` has uncommitted changes/)
  })

  test('staged changes, also where the file on disk is as it was', async () => {
    const repository = landingRepository()
    repository.branch('work', { 'README.md': 'theirs\n' })
    repository.write('README.md', 'mine\n')
    repository.git(['add', 'README.md'])
    repository.write('README.md', 'hello\n')
    await waits(repository, 'work', /`README\.md` has staged changes/)
  })

  test('a file that the person removed, and one whose removal is staged', async () => {
    const repository = landingRepository({ 'a.txt': 'a\n', 'b.txt': 'b\n' })
    repository.branch('work', { 'a.txt': 'theirs\n' })
    repository.branch('more', { 'b.txt': 'theirs\n' })
    rmSync(path.join(repository.root, 'a.txt'))
    await waits(repository, 'work', /`a\.txt` was removed/)
    repository.git(['rm', '-q', 'b.txt'])
    await waits(repository, 'more', /`b\.txt` has staged changes/)
  })

  test('a removal of a file that the person has edited', async () => {
    const repository = landingRepository()
    repository.branch('work', { 'README.md': null })
    repository.write('README.md', 'mine\n')
    await waits(repository, 'work', /`README\.md` has uncommitted changes/)
  })

  test('an untracked file; one with the same content is taken over', async () => {
    const repository = landingRepository()
    repository.branch('work', { 'new.txt': 'theirs\n' })
    repository.write('new.txt', 'mine\n')
    await waits(repository, 'work', /`new\.txt` is an untracked/)
    repository.write('new.txt', 'theirs\n')
    await lands(repository.land('work'))
    expect(repository.git(['status', '--porcelain'])).toBe('')
  })

  test('an ignored file, which git would overwrite without a word', async () => {
    const repository = landingRepository({ '.gitignore': 'local.json\n' })
    repository.branch('work', { 'local.json': 'theirs\n' })
    repository.write('local.json', 'mine\n')
    await waits(repository, 'work', /`local\.json` is an untracked \(or ignored\) file/)
    expect(text(repository, 'local.json')).toBe('mine\n')
  })

  test('an untracked folder where a file comes, and an untracked file where a folder comes', async () => {
    const repository = landingRepository()
    repository.branch('file', { thing: 'theirs\n' })
    repository.branch('folder', { 'other/x': 'theirs\n' })
    repository.write('thing/mine', 'mine\n')
    repository.write('other', 'mine\n')
    await waits(repository, 'file', /`thing` is an untracked/)
    await waits(repository, 'folder', /`other\/x` is an untracked/)
  })

  test('a link of the person’s that would lead a new file elsewhere', async () => {
    const repository = landingRepository()
    repository.branch('work', { 'out/x': 'theirs\n' })
    symlinkSync(repository.home, path.join(repository.root, 'out'))
    await waits(repository, 'work', /`out\/x` is below a link/)
    expect(existsSync(path.join(repository.home, 'x'))).toBe(false)
  })

  test('an edit of a file that git was told to assume unchanged, or to leave out', async () => {
    const repository = landingRepository({ 'a.txt': 'a\n', 'b.txt': 'b\n', 'c.txt': 'c\n' })
    repository.branch('assumed', { 'a.txt': 'theirs\n' })
    repository.branch('skipped', { 'b.txt': 'theirs\n' })
    repository.branch('clean', { 'c.txt': 'theirs\n' })
    repository.git(['update-index', '--assume-unchanged', 'a.txt', 'c.txt'])
    repository.git(['update-index', '--skip-worktree', 'b.txt'])
    repository.write('a.txt', 'mine\n')
    repository.write('b.txt', 'mine\n')
    await waits(repository, 'assumed', /`a\.txt` has uncommitted changes/)
    await waits(repository, 'skipped', /`b\.txt` has uncommitted changes/)
    await lands(repository.land('clean'))
    expect(repository.git(['ls-files', '-v'])).toBe('h a.txt\nS b.txt\nh c.txt')
  })

  test.each([
    ['a merge', (r: LandingRepository) => r.git(['merge', '-q', 'other'])],
    ['a rebase', (r: LandingRepository) => r.git(['rebase', '-q', 'other'])],
    ['a cherry-pick', (r: LandingRepository) => r.git(['cherry-pick', 'other'])],
    ['a revert', (r: LandingRepository) => r.git(['revert', '--no-edit', 'main~1'])],
  ])('%s in progress', async (name, begin) => {
    const repository = landingRepository()
    repository.commit('Second', { 'README.md': 'second\n' })
    repository.branch('other', { 'README.md': 'other\n' })
    repository.branch('work', { 'new.txt': 'theirs\n' })
    repository.commit('Third', { 'README.md': 'third\n' })
    expect(() => begin(repository)).toThrow()
    await waits(repository, 'work', new RegExp(`${name} is in progress`))
  })

  test('a bisect in progress, on the target or begun from it', async () => {
    const repository = landingRepository()
    for (const value of ['2', '3', '4']) repository.commit(value, { 'README.md': value })
    repository.branch('work', { 'new.txt': 'theirs\n' })
    repository.git(['bisect', 'start', 'main', 'main~3'])
    await waits(repository, 'work', /a bisect is in progress/)
    repository.git(['bisect', 'reset'])
    await lands(repository.land('work'))
  })

  test('another git command that holds the index', async () => {
    const repository = landingRepository()
    repository.branch('work', { 'new.txt': 'theirs\n' })
    const lock = path.join(repository.root, '.git/index.lock')
    writeFileSync(lock, '')
    const answer = await repository.land('work')
    expect(isRefusal(answer) && answer.feedback).toContain('index.lock')
    expect(existsSync(lock)).toBe(true)
    rmSync(lock)
    await lands(repository.land('work'))
  })

  test('the target checked out in another worktree, with an edit there', async () => {
    const repository = landingRepository()
    repository.branch('work', { 'README.md': 'theirs\n' })
    repository.git(['checkout', '-q', '-b', 'mine'])
    const other = path.join(repository.root, '..', 'other')
    repository.git(['worktree', 'add', '-q', other, 'main'])
    writeFileSync(path.join(other, 'README.md'), 'edited\n')
    await waits(repository, 'work', /`README\.md` has uncommitted changes/, other)
    repository.git(['checkout', '-q', '--', 'README.md'], other)
    await lands(repository.land('work', { into: 'main' }))
    expect(readFileSync(path.join(other, 'README.md'), 'utf8')).toBe('theirs\n')
    expect(repository.git(['status', '--porcelain'], other)).toBe('')
  })
})

describe('what is not in the way', () => {
  test('a file that was touched and not changed', async () => {
    const repository = landingRepository()
    repository.branch('work', { 'README.md': 'theirs\n' })
    repository.write('README.md', 'hello\n')
    await lands(repository.land('work'))
    expect(repository.git(['status', '--porcelain'])).toBe('')
  })

  test('a renaming of nothing but the case of a name', async () => {
    const repository = landingRepository()
    repository.branch('work', { 'README.md': null, 'Readme.md': 'hello\n' })
    await lands(repository.land('work'))
    expect(repository.git(['status', '--porcelain'])).toBe('')
    expect(text(repository, 'Readme.md')).toBe('hello\n')
  })

  test('a folder that becomes a file, and a file that becomes a folder', async () => {
    const repository = landingRepository({ 'dir/a': 'a\n', 'dir/b': 'b\n', file: 'f\n' })
    repository.branch('work', { 'dir/a': null, 'dir/b': null, dir: 'now a file\n', file: null, 'file/x': 'x\n' })
    await lands(repository.land('work'))
    expect(text(repository, 'dir')).toBe('now a file\n')
    expect(text(repository, 'file/x')).toBe('x\n')
    expect(repository.git(['status', '--porcelain'])).toBe('')
  })

  test('a dirty submodule, which stays as it is', async () => {
    const repository = landingRepository()
    const library = path.join(repository.root, '..', 'library')
    mkdirSync(library)
    repository.git(['init', '-q', '-b', 'main'], library)
    writeFileSync(path.join(library, 'x'), '1')
    repository.git(['add', '-A'], library)
    repository.git(['commit', '-q', '-m', 'library'], library)
    repository.git(['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library, 'sub'])
    repository.commit('Submodule')
    repository.branch('work', { 'new.txt': 'theirs\n' })
    repository.write('sub/x', 'dirty')
    const before = snapshot(repository)
    await lands(repository.land('work'))
    expect(snapshot(repository)).toBe(before)
    expect(text(repository, 'sub/x')).toBe('dirty')
  })

  test('a detached HEAD: the target moves, the checkout does not', async () => {
    const repository = landingRepository()
    repository.branch('work', { 'new.txt': 'theirs\n' })
    repository.git(['checkout', '-q', '--detach'])
    repository.write('README.md', 'mine\n')
    const before = snapshot(repository)
    await lands(repository.land('work'))
    expect(repository.git(['show', 'main:new.txt'])).toBe('theirs')
    expect(snapshot(repository)).toBe(before)
  })

  test('a detached HEAD in a repository that has neither main nor master: the target has to be said', async () => {
    const repository = landingRepository()
    repository.branch('work', { 'new.txt': 'theirs\n' })
    repository.git(['branch', '-m', 'main', 'trunk'])
    repository.git(['checkout', '-q', '--detach'])
    await expect(repository.land('work')).rejects.toMatchObject({ code: 'no-target', status: 2 })
    await lands(repository.land('work', { into: 'trunk' }))
  })

  test('hooks that fail, wherever core.hooksPath says that they are', async () => {
    const repository = landingRepository()
    repository.branch('one', { 'one.txt': '1\n' })
    repository.branch('two', { 'two.txt': '2\n' })
    const hooks = path.join(repository.root, '.git/my-hooks')
    mkdirSync(hooks)
    const names = ['pre-commit', 'pre-merge-commit', 'commit-msg', 'post-checkout', 'post-merge', 'post-index-change']
    for (const name of [...names, 'reference-transaction']) {
      for (const folder of [hooks, path.join(repository.root, '.git/hooks')]) {
        writeFileSync(path.join(folder, name), '#!/bin/sh\nexit 1\n')
        chmodSync(path.join(folder, name), 0o755)
      }
    }
    await lands(repository.land('one', { test: 'true' }))
    repository.git(['config', 'core.hooksPath', '.git/my-hooks'])
    await lands(repository.land('two', { strategy: 'squash', test: 'true' }))
  })

  test('a checkout whose index is in a sparse checkout', async () => {
    const repository = landingRepository({ 'in/a.txt': 'a\n', 'out/b.txt': 'b\n' })
    repository.branch('work', { 'in/a.txt': 'theirs\n', 'out/b.txt': 'theirs\n' })
    repository.git(['sparse-checkout', 'set', '--no-cone', '/in/'])
    await lands(repository.land('work'))
    expect(repository.git(['status', '--porcelain'])).toBe('')
    expect(text(repository, 'in/a.txt')).toBe('theirs\n')
    expect(existsSync(path.join(repository.root, 'out/b.txt'))).toBe(false)
  })

  test('line ends and filters are those of the checkout, by the attributes that come along', async () => {
    const repository = landingRepository()
    repository.git(['config', 'filter.shout.smudge', 'tr a-z A-Z'])
    repository.git(['config', 'filter.shout.clean', 'tr A-Z a-z'])
    repository.branch('work', {
      '.gitattributes': 'w.txt text eol=crlf\nx.up filter=shout\n',
      'w.txt': 'a\nb\n',
      'x.up': 'quiet\n',
    })
    await lands(repository.land('work'))
    expect(text(repository, 'w.txt')).toBe('a\r\nb\r\n')
    expect(text(repository, 'x.up')).toBe('QUIET\n')
    expect(repository.git(['status', '--porcelain'])).toBe('')
    repository.branch('more', { 'x.up': 'louder\n' })
    await lands(repository.land('more'))
    expect(text(repository, 'x.up')).toBe('LOUDER\n')
  })
})

describe('oompa merge', () => {
  test('with an edit in the way ends with 4 and names it; with --wait it lands once the edit is gone', async () => {
    const repository = landingRepository()
    repository.branch('work', { 'README.md': 'theirs\n' })
    repository.write('README.md', 'mine\n')
    const { root: cwd, env } = repository
    const refused = await oompa(['merge', 'work'], { cwd, env })
    expect(refused).toMatchObject({ status: 4, stdout: '', stderr: expect.stringContaining('README.md') })
    expect((await oompa(['merge', 'work', '--wait', '0.3'], { cwd, env })).status).toBe(4)
    const { start, oompaBin } = await import('../support/oompa.js')
    const waiting = start(process.execPath, [oompaBin, 'merge', 'work', '--wait'], { cwd, env })
    await waiting.prints(/waiting to land work: `README\.md`/)
    repository.git(['checkout', '-q', '--', 'README.md'])
    expect(await waiting.ended).toMatchObject({ status: 0, stdout: `${repository.git(['rev-parse', 'main'])}\n` })
  })

  test('with a test that no shell finds is wrong usage, in one try; one that the change took away is a refusal', async () => {
    const repository = landingRepository()
    repository.branch('work', { 'new.txt': 'theirs\n' })
    const { root: cwd, env } = repository
    const ended = await oompa(['merge', 'work', '--test', 'echo x >> "$HOME/tries"; nope'], { cwd, env })
    expect(ended).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/cannot be run: .*nope.*\n {2}→ /),
    })
    // Of the change, and of the target without it.
    expect(readFileSync(path.join(repository.home, 'tries'), 'utf8')).toBe('x\nx\n')
    repository.write('check.sh', '#!/bin/sh\n', 0o755)
    repository.commit('A test')
    repository.git(['checkout', '-q', '-b', 'away'])
    repository.git(['rm', '-q', 'check.sh'])
    repository.commit('No test')
    repository.git(['checkout', '-q', 'main'])
    expect((await oompa(['merge', 'away', '--test', './check.sh'], { cwd, env })).status).toBe(4)
  })

  test('signs where commit.gpgSign asks for it, and explains where that fails', async () => {
    const repository = landingRepository()
    repository.branch('work', { 'new.txt': 'theirs\n' })
    const program = repository.write('.git/sign', '#!/bin/sh\necho "no secret key" >&2\nexit 1\n', 0o755)
    repository.git(['config', 'commit.gpgSign', 'true'])
    repository.git(['config', 'gpg.program', program])
    const { root: cwd, env } = repository
    const main = repository.git(['rev-parse', 'main'])
    expect(await oompa(['merge', 'work'], { cwd, env })).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/could not be signed[\s\S]*commit\.gpgSign false/),
    })
    expect(repository.git(['rev-parse', 'main'])).toBe(main)
    writeFileSync(
      program,
      '#!/bin/sh\ncat >/dev/null\necho "[GNUPG:] SIG_CREATED " >&2\necho "-----BEGIN PGP SIGNATURE-----"\necho x\necho "-----END PGP SIGNATURE-----"\n',
    )
    expect((await oompa(['merge', 'work'], { cwd, env })).status).toBe(0)
    expect(repository.git(['cat-file', 'commit', 'main'])).toContain('gpgsig ')
  })

  test('from a subfolder and from a linked worktree lands in the main checkout', async () => {
    const repository = landingRepository({ 'dir/x': '1\n' })
    repository.branch('one', { 'one.txt': '1\n' })
    repository.branch('two', { 'two.txt': '2\n' })
    const { root, env } = repository
    expect((await oompa(['merge', 'one'], { cwd: path.join(root, 'dir'), env })).status).toBe(0)
    const other = path.join(root, '..', 'other')
    repository.git(['worktree', 'add', '-q', '-b', 'elsewhere', other])
    expect((await oompa(['merge', 'two'], { cwd: other, env })).status).toBe(0)
    expect(repository.git(['ls-tree', '--name-only', 'main'])).toBe('dir\none.txt\ntwo.txt')
  })

  test('a name that begins with a dash is never an option', async () => {
    const repository = landingRepository()
    const { root: cwd, env } = repository
    for (const args of [
      ['merge', '--', '-D'],
      ['merge', '--into=-f', 'main'],
      ['merge', 'no such thing'],
      ['merge', 'a\nb'],
    ]) {
      expect((await oompa(args, { cwd, env })).status).toBe(2)
    }
  })
})
