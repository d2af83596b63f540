// A worktree is ours by the repository's word: whatever an agent writes where its `.git` is, nothing of anybody else's
// is read, committed to or removed, and its own files stay.

import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { messageOf, OompaError } from '../../src/errors.js'
import { forgetWorktree, gitFolders } from '../../src/git/folders.js'
import { requireOurs } from '../../src/git/ours.js'
import { readStatus } from '../../src/git/read-status.js'
import { deleteRef } from '../../src/git/refs.js'
import { gitText } from '../../src/git/run-git.js'
import { commitLeftovers } from '../../src/merge/commit.js'
import { keepCommit } from '../../src/recovery/keep.js'
import { planCleanup } from '../../src/recovery/removable.js'
import { worktreePool } from '../../src/worktrees/pool.js'
import { type TestRepository, testRepository } from '../support/repository.js'

interface Place {
  readonly repository: TestRepository
  /** The worktree, `.w1-i1`. */
  readonly full: string
  readonly dotGit: string
  /** Its own git directory. */
  readonly own: string
}

/** Each is something that an agent's mistake, or a tool that it runs, has done to a worktree. */
const CHANGES: Readonly<Record<string, (place: Place) => void>> = {
  'its .git file is removed': ({ dotGit }) => rmSync(dotGit),
  'its .git file is empty': ({ dotGit }) => writeFileSync(dotGit, ''),
  'its .git file names the main git directory': ({ dotGit, repository }) =>
    writeFileSync(dotGit, `gitdir: ${repository.root}/.git\n`),
  'its .git file names the main git directory by a relative path': ({ dotGit }) =>
    writeFileSync(dotGit, 'gitdir: ../.git\n'),
  'its .git file names the git directory of another worktree': ({ dotGit, repository }) =>
    writeFileSync(dotGit, `gitdir: ${repository.root}/.git/worktrees/-w2-i1\n`),
  'its .git file names somebody else’s repository': ({ dotGit, repository }) =>
    writeFileSync(dotGit, `gitdir: ${repository.home}/other/.git\n`),
  'its .git is a link to the main git directory': ({ dotGit, repository }) => {
    rmSync(dotGit)
    symlinkSync(path.join(repository.root, '.git'), dotGit)
  },
  'its .git is a link to a file that says the same': ({ dotGit, own, repository }) => {
    rmSync(dotGit)
    writeFileSync(path.join(repository.home, 'file'), `gitdir: ${own}\n`)
    symlinkSync(path.join(repository.home, 'file'), dotGit)
  },
  'its .git is a repository of its own': ({ dotGit, full, repository }) => {
    rmSync(dotGit)
    repository.git(['init', '-q'], full)
    repository.git(['commit', '-q', '--allow-empty', '-m', 'own'], full)
  },
  'its commondir names another repository': ({ own, repository }) =>
    writeFileSync(path.join(own, 'commondir'), `${repository.home}/other/.git\n`),
  'its entry is removed': ({ own }) => rmSync(own, { recursive: true }),
  'its entry names another folder': ({ own, repository }) =>
    writeFileSync(path.join(own, 'gitdir'), `${repository.home}/other/.git\n`),
  'its entry is a link': ({ own, repository }) => {
    renameSync(own, path.join(repository.home, 'entry'))
    symlinkSync(path.join(repository.home, 'entry'), own)
  },
  'two entries name it': ({ own, full }) =>
    writeFileSync(path.join(path.dirname(own), '-w2-i1', 'gitdir'), `${full}/.git\n`),
  'it is moved away, and a link to the person’s folder stands there': ({ full, repository }) => {
    renameSync(full, path.join(repository.home, 'moved'))
    symlinkSync(path.join(repository.home, 'other'), full)
  },
}

/** Two worktrees, edits of the person in the main checkout, and another repository of theirs. */
async function place(): Promise<Place & { theirs(): unknown }> {
  const repository = testRepository({ a: 'one\n' })
  const { root, home } = repository
  repository.git(['config', 'user.name', 'Test'])
  repository.git(['config', 'user.email', 'test@example.com'])
  mkdirSync(path.join(home, 'other'))
  repository.git(['init', '-q', '-b', 'main'], path.join(home, 'other'))
  writeFileSync(path.join(home, 'other', 'precious'), 'precious\n')
  const base = repository.git(['rev-parse', 'HEAD'])
  const pool = worktreePool({ root, cache: path.join(home, 'cache') })
  for (const name of ['w1-i1', 'w2-i1']) await pool.acquire({ name: `.${name}`, branch: `oompa/${name}`, base })
  repository.write('a', 'edited by the person\n')
  repository.write('new', 'of the person\n')
  const full = path.join(root, '.w1-i1')
  writeFileSync(path.join(full, 'work'), 'of the agent\n')
  const theirs = () => ({
    head: repository.git(['rev-parse', 'HEAD', 'main']),
    status: repository.git(['status', '--porcelain', '--', 'a', 'new']),
    index: repository.git(['ls-files', '--stage']),
    other: readdirSync(path.join(home, 'other')),
    objects: existsSync(path.join(home, 'other/.git/HEAD')),
  })
  return { repository, full, dotGit: path.join(full, '.git'), own: path.join(root, '.git/worktrees/-w1-i1'), theirs }
}

const changed = { code: 'worktree-changed' }

test.each(Object.entries(CHANGES))('%s: nobody else’s repository is touched, and the files stay', async (_, change) => {
  const one = await place()
  const { repository, full, theirs } = one
  const { root } = repository
  const before = theirs()
  change(one)
  const files = readdirSync(full)
  expect(() => requireOurs(full)).toThrowError(expect.objectContaining(changed))
  await expect(commitLeftovers({ path: full }, { message: 'Work' })).rejects.toMatchObject(changed)
  const pool = worktreePool({ root, cache: path.join(repository.home, 'cache') })
  expect(await pool.release({ path: full })).toMatchObject({ gone: false, why: expect.stringContaining(full) })
  const plan = await planCleanup({ root, gitDir: path.join(root, '.git'), here: root }, () => undefined)
  expect(plan.removed.map((removal) => removal.worktree)).not.toContain('.w1-i1')
  expect(readdirSync(full)).toEqual(files)
  // Any other git of ours, of a later process, too, works on the worktree's own index and branch, or on nothing.
  forgetWorktree(full)
  for (const args of [
    ['add', '-A'],
    ['commit', '-q', '-m', 'by us'],
    ['reset', '-q', '--hard'],
    ['clean', '-ffdqx'],
  ]) {
    await gitText(full, args).catch((error) => expect(messageOf(error)).toMatch(/worktree/))
  }
  expect(theirs()).toEqual(before)
  expect(readFileSync(path.join(repository.home, 'other/precious'), 'utf8')).toBe('precious\n')
})

test('the command that is named puts it right, for git and for us', async () => {
  for (const name of Object.keys(CHANGES).filter((one) => one.startsWith('its .git'))) {
    const one = await place()
    CHANGES[name]!(one)
    const error = caught(() => requireOurs(one.full))
    execFileSync('sh', ['-c', error.mend ?? 'false'])
    expect(requireOurs(one.full), name).toEqual({ own: one.own, common: path.join(one.repository.root, '.git') })
    expect(one.repository.git(['rev-parse', '--abbrev-ref', 'HEAD'], one.full), name).toBe('oompa/w1-i1')
    expect(readFileSync(path.join(one.full, 'work'), 'utf8')).toBe('of the agent\n')
  }
})

test('a git of ours never walks up: not from a folder that is no checkout, and not from one of the person’s', async () => {
  const { repository } = await place()
  const inside = path.join(repository.root, 'plain/deeper')
  mkdirSync(inside, { recursive: true })
  await expect(readStatus(inside)).rejects.toThrow(/not a git repository/)
  expect((await readStatus(repository.root)).branch).toBe('main')
})

test('a worktree that git, or an older version, has made with a relative path is ours as well', async () => {
  const { repository, full, own } = await place()
  writeFileSync(path.join(full, '.git'), 'gitdir: ../.git/worktrees/-w1-i1\n')
  writeFileSync(path.join(own, 'gitdir'), '../../../.w1-i1/.git\n')
  expect(requireOurs(full)).toEqual({ own, common: path.join(repository.root, '.git') })
  expect((await readStatus(full)).entries.map((entry) => entry.path)).toEqual(['work'])
  expect(gitFolders(full).own).toBe(own)
})

test('a HEAD that an agent put on the target, or its branch as a name for it, moves nothing of the person’s', async () => {
  for (const trick of [
    ['symbolic-ref', 'HEAD', 'refs/heads/main'],
    ['checkout', '-q', '--ignore-other-worktrees', 'main'],
    ['symbolic-ref', 'refs/heads/oompa/w1-i1', 'refs/heads/main'],
  ]) {
    const { repository, full, theirs } = await place()
    const before = theirs()
    repository.git(trick, full)
    const { commit } = await commitLeftovers({ path: full }, { message: 'Work' })
    expect(theirs(), trick.join(' ')).toEqual(before)
    expect(repository.git(['rev-parse', 'oompa/w1-i1', 'HEAD'], full)).toBe(`${commit}\n${commit}`)
    expect(repository.git(['symbolic-ref', 'HEAD'], full)).toBe('refs/heads/oompa/w1-i1')
    expect(repository.git(['show', `${commit}:work`])).toBe('of the agent')
  }
})

test('a ref of ours that an agent made a name for the target is removed, or written, itself', async () => {
  const { repository } = await place()
  const main = repository.git(['rev-parse', 'main'])
  repository.git(['symbolic-ref', 'refs/heads/oompa/w9-i9', 'refs/heads/main'])
  repository.git(['symbolic-ref', 'refs/oompa/kept/0123abcd/w9-9', 'refs/heads/main'])
  expect(await deleteRef(repository.root, 'refs/heads/oompa/w9-i9', main)).toBe(true)
  const other = repository.git(['commit-tree', '-p', main, '-m', 'other', `${main}^{tree}`])
  const ref = await keepCommit(repository.root, 'refs/oompa/kept/0123abcd/w9-9', other)
  expect(repository.git(['rev-parse', 'main', ref])).toBe(`${main}\n${other}`)
  expect(repository.git(['for-each-ref', 'refs/heads/oompa/w9-i9'])).toBe('')
})

function caught(act: () => unknown): OompaError {
  try {
    act()
  } catch (error) {
    if (error instanceof OompaError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
