// Names are bytes: what is not UTF-8 keeps them on every way through git, through us, and through the disk.

import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { fromBytes, isText, onDisk, showBytes, toBytes } from '../../src/files/bytes.js'
import { describeCommit } from '../../src/git/changes.js'
import { readStatus } from '../../src/git/read-status.js'
import { gitBytes } from '../../src/git/run-git.js'
import { loadHooks } from '../../src/hooks/load-hooks.js'
import { commitLeftovers } from '../../src/merge/commit.js'
import { prepareConflict } from '../../src/merge/conflict.js'
import { materialFor } from '../../src/review/material.js'
import { taskFolder } from '../../src/tasks/folder/folder-store.js'
import { taskGraph } from '../../src/tasks/graph/task-graph.js'
import { markdownLists } from '../../src/tasks/lists/markdown-lists.js'
import { isRefusal, type Landing, type Refusal } from '../../src/words.js'
import { includeFiles } from '../../src/worktrees/include.js'
import { changeOf, contextFor, runFor } from '../hooks/context.js'
import { type LandingRepository, landingRepository } from '../merge/support.js'
import { testRepository } from '../support/repository.js'

/** A name as it is on disk, of bytes as `\xe9` says them. */
const name = (written: string) => fromBytes(Buffer.from(written, 'latin1'))

/** As git shows it: `"caf\351.txt"`. */
const asGit = (written: string) => `"${written.replace(/[\x80-\xff]/g, (one) => `\\${one.charCodeAt(0).toString(8)}`)}"`

function put(folder: string, file: string, content: string): void {
  mkdirSync(onDisk(folder, path.dirname(name(file))), { recursive: true })
  writeFileSync(onDisk(folder, name(file)), content)
}

const there = (folder: string, file: string) => existsSync(onDisk(folder, name(file)))
const read = (folder: string, file: string) => readFileSync(onDisk(folder, name(file)), 'utf8')

describe('a string of bytes', () => {
  test('is the text itself, or goes back to the same bytes: on its own, joined, and through JSON', () => {
    const random = Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * at * 31 + at * 7) % 256))
    const all = Buffer.from(Array.from({ length: 256 }, (_, at) => at))
    const near = Buffer.from([0xf4, 0x90, 0x80, 0x80, 0xc0, 0xaf, 0xed, 0xb3, 0xa9, 0xe2, 0x82, 0xf0, 0x9f, 0x98])
    for (const bytes of [
      random,
      all,
      near,
      Buffer.from('żółć 日本 👩‍👩‍👧 \ufffd'),
      Buffer.concat([near, Buffer.from('é👍')]),
    ]) {
      const text = fromBytes(bytes)
      expect(toBytes(text)).toEqual(bytes)
      expect(toBytes(JSON.parse(JSON.stringify(text)))).toEqual(bytes)
      expect(toBytes(`${text}/${text}`)).toEqual(Buffer.concat([bytes, Buffer.from('/'), bytes]))
      expect(Buffer.from(JSON.stringify(text)).toString()).toBe(JSON.stringify(text))
    }
    expect(fromBytes(Buffer.from('żółć 👍'))).toBe('żółć 👍')
    expect([isText('👍 é'), isText(name('caf\xe9'))]).toEqual([true, false])
    expect(onDisk('/a', 'b/../é')).toBe('/a/é')
  })

  test('is shown with the code of each byte that is no text', () => {
    expect(showBytes(name('caf\xe9 \xc3\xa9.txt'))).toBe('caf\\xe9 é.txt')
    expect(showBytes('👍 é')).toBe('👍 é')
  })

  test('reaches git as an argument, as input and back', async () => {
    const { root } = testRepository()
    const all = Array.from({ length: 255 }, (_, at) => String.fromCharCode(at + 1)).join('')
    for (const written of [all, 'ends with a line end\xff\n\n', "-x '\xe9' $HOME `id` %s \\n"]) {
      const args = ['-c', `a.b=${name(written)}`, 'config', '--null', '--get', 'a.b']
      expect((await gitBytes(root, args)).stdout).toEqual(Buffer.from(`${written}\0`, 'latin1'))
    }
    const hash = async (input: string | Uint8Array) =>
      (await gitBytes(root, ['hash-object', '--stdin'], { input })).stdout.toString('latin1').trim()
    expect(await hash(`${name(all)}\n`)).toBe(await hash(Buffer.from(`${all}\n`, 'latin1')))
  })
})

describe('a landing', () => {
  let repository: LandingRepository
  let worktree: string

  beforeEach(() => {
    repository = landingRepository()
    worktree = path.join(repository.root, 'author')
    for (const file of ['caf\xe9.txt', 'caf\xe8.txt', 'd\xedr/old \xff.txt', 'd\xedr/more.txt']) {
      put(repository.root, file, `${'line of it\n'.repeat(20)}${file.length}\n`)
    }
    put(repository.root, 'd\xedr/.gitattributes', 'more.txt merge=union\n')
    repository.git(['add', '-A'])
    repository.git(['commit', '-qm', 'Names in latin-1'])
    repository.git(['config', 'core.excludesFile', '/dev/null'])
    writeFileSync(path.join(repository.root, '.git/info/exclude'), '/author/\n')
    repository.git(['worktree', 'add', '-q', '-b', 'work', worktree])
  })

  const commitWork = () => {
    repository.git(['add', '-A'], worktree)
    repository.git(['commit', '-qm', 'Work'], worktree)
  }
  const landed = async (answer: Promise<Landing | Refusal>) => {
    const landing = await answer
    expect(isRefusal(landing) ? landing.feedback : 'landed').toBe('landed')
    expect(repository.git(['status', '--porcelain'])).toBe('')
    repository.git(['fsck', '--strict'])
    return repository.git(['ls-tree', '-r', '--name-only', 'main']).split('\n')
  }

  test.each(['merge', 'squash', 'rebase'] as const)(
    'by %s changes, adds, removes and renames them',
    async (strategy) => {
      put(worktree, 'caf\xe9.txt', 'changed\n')
      put(worktree, 'n\xfc/neu-\xfc\n.txt', 'new\n')
      rmSync(onDisk(worktree, name('caf\xe8.txt')))
      renameSync(onDisk(worktree, name('d\xedr/old \xff.txt')), onDisk(worktree, name('d\xedr/new \xfe.txt')))
      commitWork()
      const { files } = await describeCommit(repository.root, repository.git(['rev-parse', 'work']), 'main')
      expect(files.map((file) => [file.status, file.path, file.from])).toContainEqual([
        'renamed',
        name('d\xedr/new \xfe.txt'),
        name('d\xedr/old \xff.txt'),
      ])
      put(repository.root, 'mine.txt', 'main goes on\n')
      repository.git(['add', 'mine.txt'])
      repository.git(['commit', '-qm', 'Mine'])
      const names = await landed(repository.land('work', { strategy, test: 'true' }))
      for (const file of ['caf\xe9.txt', 'd\xedr/new \xfe.txt', 'd\xedr/more.txt']) expect(names).toContain(asGit(file))
      expect(names).toContain('"n\\374/neu-\\374\\n.txt"')
      expect(names).not.toContain(asGit('caf\xe8.txt'))
      expect(read(repository.root, 'caf\xe9.txt')).toBe('changed\n')
      expect(read(repository.root, 'n\xfc/neu-\xfc\n.txt')).toBe('new\n')
      expect(there(repository.root, 'd\xedr/old \xff.txt')).toBe(false)
      expect(readdirSync(Buffer.from(repository.root), 'buffer').map(fromBytes)).not.toContain('caf\ufffd.txt')
    },
  )

  test('that writes a task’s file beside them leaves them alone', async () => {
    put(worktree, 'b.txt', 'work\n')
    commitWork()
    const edit = { path: `${name('d\xedr')}/task.edn`, content: Buffer.from('{:id "t"}\n') }
    put(repository.root, 'd\xedr/task.edn', '{:id "t"}\n')
    const status = { edits: () => Promise.resolve([edit]), settle: () => Promise.resolve() }
    const names = await landed(repository.land('work', { status }))
    for (const file of ['caf\xe9.txt', 'caf\xe8.txt', 'd\xedr/old \xff.txt', 'd\xedr/task.edn']) {
      expect(names).toContain(asGit(file))
    }
  })

  test('waits for an edit of the person’s, and for an untracked file, and names it', async () => {
    put(worktree, 'caf\xe9.txt', 'changed\n')
    put(worktree, 'neu-\xfc.txt', 'new\n')
    commitWork()
    put(repository.root, 'caf\xe9.txt', 'mine\n')
    put(repository.root, 'neu-\xfc.txt', 'mine\n')
    const answer = await repository.land('work')
    const feedback = isRefusal(answer) ? showBytes(answer.feedback) : 'landed'
    expect(feedback).toContain('`caf\\xe9.txt` has uncommitted changes')
    expect(feedback).toContain('`neu-\\xfc.txt` is an untracked (or ignored) file in the way')
    expect([read(repository.root, 'caf\xe9.txt'), read(repository.root, 'neu-\xfc.txt')]).toEqual(['mine\n', 'mine\n'])
  })

  test('merges with the attributes of a folder of such a name, and names a conflict', async () => {
    put(worktree, 'd\xedr/more.txt', 'theirs\n')
    commitWork()
    put(repository.root, 'd\xedr/more.txt', 'ours\n')
    repository.git(['commit', '-qam', 'Ours'])
    await landed(repository.land('work'))
    expect(read(repository.root, 'd\xedr/more.txt')).toBe('ours\ntheirs\n')

    put(worktree, 'caf\xe9.txt', 'theirs\n')
    commitWork()
    put(repository.root, 'caf\xe9.txt', 'ours\n')
    repository.git(['commit', '-qam', 'Ours again'])
    const refused = await repository.land('work')
    expect(isRefusal(refused) && refused.refused).toBe('conflict')
    expect(isRefusal(refused) && refused.details?.paths).toEqual([name('caf\xe9.txt')])
    const prepared = await prepareConflict(repository.root, { path: worktree, branch: 'work' }, { into: 'main' })
    expect(prepared.paths).toEqual([name('caf\xe9.txt')])
    expect((await commitLeftovers({ path: worktree }, { message: 'x' })).unresolved).toEqual([name('caf\xe9.txt')])
    put(worktree, 'caf\xe9.txt', 'both\n')
    expect((await commitLeftovers({ path: worktree }, { message: 'Mended' })).commit).toBeDefined()
    await landed(repository.land('work'))
    expect(read(repository.root, 'caf\xe9.txt')).toBe('both\n')
  })

  test('on a branch of such a name moves that branch, and the checkout that is on it', async () => {
    const into = name('tr\xfcnk')
    await gitBytes(repository.root, ['checkout', '-q', '-b', into])
    put(worktree, 'b.txt', 'work\n')
    commitWork()
    await landed(repository.land('work', { into }))
    expect(existsSync(path.join(repository.root, 'b.txt'))).toBe(true)
    expect(repository.git(['rev-parse', 'HEAD^2'])).toBe(repository.git(['rev-parse', 'work']))
  })

  test('what an agent left uncommitted is committed under its name, and a secret is left', async () => {
    put(worktree, 'neu-\xfc.txt', 'new\n')
    put(worktree, 'd\xedr/id_rsa', '-----BEGIN OPENSSH PRIVATE KEY-----\nx\n')
    rmSync(onDisk(worktree, name('caf\xe8.txt')))
    expect((await readStatus(worktree)).entries.map((entry) => entry.path)).toContain(name('neu-\xfc.txt'))
    const { left } = await commitLeftovers({ path: worktree }, { message: 'Work' })
    expect(left.map((one) => one.path)).toEqual([name('d\xedr/id_rsa')])
    expect(repository.git(['show', '--name-status', '--format=', 'HEAD'], worktree).split('\n')).toEqual([
      `D\t${asGit('caf\xe8.txt')}`,
      `A\t${asGit('neu-\xfc.txt')}`,
    ])
  })

  test('work in a submodule of such a name is seen, and the gitlink lands under its name', async () => {
    const inner = testRepository({ 'in.txt': '1\n' })
    const add = ['-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', inner.root, name('s\xfcb')]
    expect((await gitBytes(worktree, add)).status).toBe(0)
    commitWork()
    expect((await readStatus(worktree)).entries).toEqual([])
    put(worktree, 's\xfcb/new.txt', 'not committed\n')
    expect((await readStatus(worktree)).entries.map((entry) => entry.path)).toEqual([name('s\xfcb')])
    expect(await landed(repository.land('work'))).toContain(asGit('s\xfcb'))
  })

  test('a reviewer is given the diff of such a file, with its name', async () => {
    put(worktree, 'caf\xe9.txt', 'changed\n')
    put(worktree, 'bin-\xfc', '\0\x01')
    renameSync(onDisk(worktree, name('d\xedr/old \xff.txt')), onDisk(worktree, name('d\xedr/new \xfe.txt')))
    commitWork()
    const { context } = contextFor(repository)
    const { text, cut } = await materialFor(changeOf(repository, 'work'), { ...context, round: 1, rounds: [] })
    expect(cut).toEqual([])
    expect(showBytes(text)).toContain('+++ b/caf\\xe9.txt')
    expect(showBytes(text)).toContain('renamed d\\xedr/old \\xff.txt → d\\xedr/new \\xfe.txt')
    expect(text).toContain('+changed')
    expect(text).toContain('Binary file, nothing → 2 bytes')
  })
})

describe('copies', () => {
  test('of hooks, and of the root beside them, have the names that were there', async () => {
    const repository = testRepository()
    put(repository.root, 'caf\xe9.txt', '1\n')
    put(repository.root, 'caf\xe8.txt', '2\n')
    repository.write('hooks/review.mjs', 'export default () => ({ approved: true })\n')
    put(repository.root, 'hooks/d\xe4ta.txt', 'data\n')
    put(repository.root, 'hooks/d\xe5ta.txt', 'more\n')
    await loadHooks(repository.root, { swarm: '01234567', run: runFor(repository) })
    const start = path.join(repository.root, '.oompa/runs/01234567/start')
    expect([read(start, 'caf\xe9.txt'), read(start, 'caf\xe8.txt')]).toEqual(['1\n', '2\n'])
    expect([read(start, 'hooks/d\xe4ta.txt'), read(start, 'hooks/d\xe5ta.txt')]).toEqual(['data\n', 'more\n'])
  })

  test('of what .worktreeinclude names', async () => {
    const repository = testRepository({
      '.gitignore': '*.local\n/pr\\ivate/\n',
      '.worktreeinclude': '*.local\nprivate/\n',
    })
    const worktree = path.join(repository.root, '.w1-i1')
    put(repository.root, 'd\xedr/k\xe9y.local', 'KEY=1\n')
    put(repository.root, 'private/\xe9/a.txt', 'a\n')
    put(repository.root, 'private/\xe8/a.txt', 'b\n')
    repository.git(['worktree', 'add', '-q', '-b', 'oompa/w1-i1', worktree])
    const copied = await includeFiles(repository.root, worktree)
    expect(copied.sort()).toEqual([name('d\xedr/k\xe9y.local'), 'private/'])
    expect(read(worktree, 'd\xedr/k\xe9y.local')).toBe('KEY=1\n')
    expect([read(worktree, 'private/\xe9/a.txt'), read(worktree, 'private/\xe8/a.txt')]).toEqual(['a\n', 'b\n'])
    expect(lstatSync(path.join(worktree, 'private')).isDirectory()).toBe(true)
  })
})

describe('tasks', () => {
  const done = (worker: string) => ({ by: worker, at: '2026-01-02T03:04:05Z' })

  test.each([
    [
      'lists',
      'tasks/pending.md',
      '# Caf\xe9\n\n- [ ] Do it {#t1}\n- [ ] Na\xefve {#t2}\n',
      (root: string) => markdownLists('tasks', root),
    ],
    [
      'a graph',
      'task-graph.yaml',
      'nodes:\n  - {id: t1, title: Do it} # caf\xe9\n  - {id: t2, title: Na\xefve}\n',
      (root: string) => taskGraph(undefined, root),
    ],
  ] as const)('in %s of another encoding keep the bytes of what is not theirs', async (_, file, text, open) => {
    const repository = testRepository()
    repository.write(file, Buffer.from(text, 'latin1'))
    const store = open(repository.root)
    const answer = await store.claim({ claimer: { worker: 'w1' } })
    if (answer.answer !== 'claimed') throw new Error(answer.why)
    await store.complete(answer.claim, done('w1'))
    const after = readFileSync(path.join(repository.root, file), 'latin1')
    expect(after).toContain('Na\xefve')
    expect(after.toLowerCase()).toContain('caf\xe9')
    expect(after).not.toContain('\xef\xbf\xbd')
  })

  test('whose file has such a name are said, and do not stop the good ones', async () => {
    const repository = testRepository({ 'tasks/pending/good.edn': '{:id "good" :summary "Good"}\n' })
    put(repository.root, 'tasks/pending/b\xe4d.edn', '{:id "bad" :summary "Bad"}\n')
    const { pending, problems } = await taskFolder('tasks', repository.root).list()
    expect(pending.map((one) => one.id)).toEqual(['good'])
    expect(problems.map((one) => [showBytes(path.basename(one.path)), one.reason])).toEqual([
      ['b\\xe4d.edn', 'its file name is not UTF-8: rename it'],
    ])
  })
})
