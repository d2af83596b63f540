// Landing one branch: what the target is afterwards, and that nothing changes where it cannot land.

import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { processStart } from '../../src/processes/identity.js'
import { isRefusal, type StatusEdits } from '../../src/words.js'
import { landingRepository } from './support.js'

const lines = (change: Record<number, string> = {}) =>
  Array.from({ length: 12 }, (_, i) => `${change[i] ?? `line ${i}`}\n`).join('')

describe('a branch that merges cleanly', () => {
  test('lands as a merge commit with trailers, and the checkout that is on the target follows', async () => {
    const repository = landingRepository()
    const base = repository.git(['rev-parse', 'main'])
    const tip = repository.branch('work', { 'new.txt': 'new\n', 'README.md': 'changed\n' })
    const landing = await repository.land('work', {
      task: { id: 'task-1', summary: 'Do it\nReviewed-by: forged' },
      worker: 'w1',
      reviewedBy: ['codex:o3', 'x\nOompa-Task: forged'],
    })
    expect(landing).toEqual({
      commit: repository.git(['rev-parse', 'main']),
      mergedCommit: tip,
      into: 'main',
      batch: 1,
    })
    expect(repository.git(['log', '-1', '--format=%P%n%an', 'main'])).toBe(`${base} ${tip}\nPerson`)
    expect(repository.git(['log', '-1', '--format=%B', 'main']).trim()).toBe(
      [
        "Merge branch 'work': Do it Reviewed-by: forged",
        '',
        'Oompa-Task: task-1',
        'Oompa-Worker: w1',
        'Reviewed-by: codex:o3',
        'Reviewed-by: x Oompa-Task: forged',
      ].join('\n'),
    )
    expect(repository.git(['status', '--porcelain'])).toBe('')
    expect(readFileSync(path.join(repository.root, 'new.txt'), 'utf8')).toBe('new\n')
    expect(repository.events.map((event) => event.type)).toEqual(['landing.queued', 'landing.landed'])
  })

  test('lands where the target is checked out nowhere, and no file is touched', async () => {
    const repository = landingRepository()
    repository.git(['checkout', '-q', '-b', 'mine'])
    repository.branch('work', { 'new.txt': 'new\n' })
    await repository.land('work', { into: 'main' })
    expect(repository.git(['show', 'main:new.txt'])).toBe('new')
    expect(existsSync(path.join(repository.root, 'new.txt'))).toBe(false)
    expect(repository.git(['status', '--porcelain'])).toBe('')
  })

  test('lands by rebase with its own authors and messages, the last commit naming where it came from', async () => {
    const repository = landingRepository({ 'a.txt': lines() })
    repository.branch('one', { 'a.txt': lines({ 1: 'one' }) })
    const tip = repository.branch('work', { 'b.txt': 'b\n' }, 'one')
    repository.commit('Meanwhile', { 'a.txt': lines({ 9: 'nine' }) })
    const landing = await repository.land('work', { strategy: 'rebase', worker: 'w2' })
    expect(landing).toMatchObject({ mergedCommit: repository.git(['rev-parse', 'main']) })
    expect(repository.git(['log', '--format=%an %s', '-3', 'main'])).toBe(
      'Test Work of work\nTest Work of one\nTest Meanwhile',
    )
    expect(repository.git(['log', '-1', '--format=%(trailers:only)', 'main']).trim()).toBe(
      `Oompa-Worker: w2\nOompa-Change: ${tip}`,
    )
    expect(repository.git(['show', 'main:a.txt'])).toBe(lines({ 1: 'one', 9: 'nine' }).trimEnd())
    expect(await repository.land('work', { strategy: 'rebase' })).toMatchObject({ nothing: true })
    expect(await repository.land('work', { strategy: 'merge' })).toMatchObject({ nothing: true })
  })

  test('lands by squash as one commit of its author, and not a second time after the target has gone on', async () => {
    const repository = landingRepository({ 'a.txt': lines() })
    repository.branch('one', { 'a.txt': lines({ 1: 'one' }) })
    const tip = repository.branch('work', { 'b.txt': 'b\n' }, 'one')
    const base = repository.git(['rev-parse', 'main'])
    const landing = await repository.land('work', { strategy: 'squash', task: { id: 't', summary: 'All of it' } })
    expect(landing).not.toHaveProperty('mergedCommit')
    expect(repository.git(['log', '-1', '--format=%P %an', 'main'])).toBe(`${base} Test`)
    expect(repository.git(['log', '-1', '--format=%s', 'main'])).toBe('All of it')
    expect(repository.git(['log', '-1', '--format=%B', 'main'])).toContain(`Oompa-Change: ${tip}`)
    repository.commit('Reverted by hand', { 'a.txt': lines({ 1: 'something else' }) })
    expect(await repository.land('work')).toMatchObject({ nothing: true })
  })

  test('has nothing to land if it is an ancestor, or changes no file', async () => {
    const repository = landingRepository()
    repository.git(['branch', 'same'])
    expect(await repository.land('same')).toMatchObject({ nothing: true })
    repository.branch('work', { 'x.txt': '1\n' })
    repository.commit('The same by hand', { 'x.txt': '1\n' })
    expect(await repository.land('work')).toMatchObject({ nothing: true })
  })
})

describe('a branch that does not', () => {
  test('conflict: is refused with the files named and nothing changed', async () => {
    const repository = landingRepository()
    repository.branch('work', { 'README.md': 'theirs\n' })
    repository.commit('Mine', { 'README.md': 'mine\n' })
    const before = repository.git(['rev-parse', 'main'])
    const answer = await repository.land('work')
    expect(answer).toMatchObject({ refused: 'conflict', details: { paths: ['README.md'] } })
    expect(isRefusal(answer) && answer.feedback).toMatch(/README\.md[\s\S]*git merge main/)
    expect(repository.git(['rev-parse', 'main'])).toBe(before)
    expect(repository.git(['status', '--porcelain'])).toBe('')
  })

  test('failing test: is refused with the command, its status and the end of its output', async () => {
    const repository = landingRepository()
    repository.branch('work', { bad: '1\n' })
    const before = repository.git(['rev-parse', 'main'])
    const command = 'echo "tested in $PWD"; test ! -e bad || exit 3'
    const answer = await repository.land('work', { test: command })
    expect(answer).toMatchObject({ refused: 'test', details: { status: 3, failsOnTarget: false } })
    expect(isRefusal(answer) && answer.feedback).toContain('tested in ')
    expect(isRefusal(answer) && answer.feedback).not.toContain(`tested in ${repository.root}\n`)
    expect(repository.git(['rev-parse', 'main'])).toBe(before)
  })

  test('a test that fails on the target itself is told apart', async () => {
    const repository = landingRepository({ broken: '1\n' })
    repository.branch('work', { x: '1\n' })
    const answer = await repository.land('work', { test: 'test ! -e broken' })
    expect(answer).toMatchObject({ refused: 'test', final: true, details: { failsOnTarget: true } })
    expect(repository.events.filter((event) => event.type === 'note')).toHaveLength(1)
    repository.branch('mend', { broken: null })
    expect(isRefusal(await repository.land('mend', { test: 'test ! -e broken' }))).toBe(false)
  })

  test('a flaky test is run once more, and that is said', async () => {
    const repository = landingRepository()
    repository.branch('work', { x: '1\n' })
    const marker = path.join(repository.home, 'ran')
    const answer = await repository.land('work', { test: `test -e '${marker}' || { touch '${marker}'; exit 1; }` })
    expect(isRefusal(answer)).toBe(false)
    expect(repository.events).toContainEqual(
      expect.objectContaining({ type: 'note', text: expect.stringContaining('flaky') }),
    )
  })

  test('a test beyond its time limit is ended with all that it started', async () => {
    const repository = landingRepository()
    repository.branch('work', { x: '1\n' })
    const pidFile = path.join(repository.home, 'pid')
    const answer = await repository.land('work', {
      test: `sleep 1000 & echo $! > '${pidFile}'; wait`,
      testTimeoutMs: 500,
    })
    expect(answer).toMatchObject({ refused: 'test', details: { timedOut: true } })
    const pid = Number(readFileSync(pidFile, 'utf8'))
    expect(processStart(pid)).toBeUndefined()
  })

  test('the test sees the merged tree and nothing of an earlier test', async () => {
    const repository = landingRepository({ '.gitignore': 'kept/\n' })
    repository.branch('one', { one: '1\n' })
    repository.branch('two', { two: '1\n' })
    const once = 'test ! -e dirt && touch dirt && echo x >> .gitignore'
    expect(isRefusal(await repository.land('one', { test: once }))).toBe(false)
    expect(isRefusal(await repository.land('two', { test: `test -e one && test -e two && ${once}` }))).toBe(false)
  })
})

describe('what git merge would do', () => {
  test('renames, modes, links and attributes come out as in a checkout', async () => {
    const repository = landingRepository({ 'dir/a.txt': lines(), 'run.sh': 'x\n', 'list.txt': 'a\n' })
    repository.commit('Attributes', { '.gitattributes': 'list.txt merge=union\n', 'sub/.gitattributes': 'x -text\n' })
    repository.git(['checkout', '-q', '-b', 'work'])
    repository.write('dir/a.txt', lines({ 1: 'one' }))
    chmodSync(path.join(repository.root, 'run.sh'), 0o755)
    symlinkSync('run.sh', path.join(repository.root, 'link'))
    repository.commit('Theirs', { 'list.txt': 'a\ntheirs\n' })
    repository.git(['checkout', '-q', 'main'])
    repository.git(['mv', 'dir', 'moved'])
    repository.commit('Mine', { 'list.txt': 'a\nmine\n' })
    // An attribute that the person has not committed must not count.
    writeFileSync(path.join(repository.root, '.gitattributes'), 'list.txt -merge\n')
    repository.git(['branch', 'copy'])
    expect(isRefusal(await repository.land('work', { into: 'copy' }))).toBe(false)
    repository.git(['checkout', '-q', '--', '.gitattributes'])
    repository.git(['merge', '-q', '-m', 'By git', 'work'])
    expect(repository.git(['rev-parse', 'copy^{tree}'])).toBe(repository.git(['rev-parse', 'main^{tree}']))
    expect(repository.git(['show', 'copy:list.txt'])).toContain('mine')
  })

  test.each([
    ['.gitattributes', 'plain'],
    ['.git/info/attributes', 'it’s 100 % "$HOME\''],
  ])('merge drivers of the person’s own run at the top of the checkout (%s)', async (attributes, name) => {
    const repository = landingRepository({ 'v.txt': '1\n', 'below/it’s v.txt': '1\n', 'other.txt': '1\n' }, name)
    // It asks git where it is, and needs a file of the checkout, its arguments and their contents.
    const driver = `#!/bin/sh
[ "$(git rev-parse --show-toplevel)" = "$PWD" ] && [ -f settings ] || exit 3
sort -n -u "$1" "$2" "$3" | tail -1 > sorted.tmp && cat sorted.tmp > "$2" && rm sorted.tmp
echo "$4 $5" >> "$2"
`
    repository.write('tools/highest.sh', driver, 0o755)
    repository.commit('Driver', { settings: 'x\n' })
    const rule = '*v.txt merge=highest\nother.txt merge=failing\n'
    if (attributes === '.gitattributes') repository.commit('Attributes', { [attributes]: rule })
    else repository.write(attributes, rule)
    repository.git(['config', 'merge.highest.driver', 'tools/highest.sh %O %A %B %L %P'])
    repository.git(['config', 'merge.failing.driver', 'exit 1'])
    repository.branch('work', { 'v.txt': '7\n', 'below/it’s v.txt': '2\n' })
    repository.branch('conflicting', { 'other.txt': '7\n' })
    repository.commit('Mine', { 'v.txt': '5\n', 'below/it’s v.txt': '3\n', 'other.txt': '3\n' })
    repository.git(['branch', 'copy'])
    expect(isRefusal(await repository.land('work', { into: 'copy' }))).toBe(false)
    repository.git(['merge', '-q', '-m', 'By git', 'work'])
    expect(repository.git(['show', 'copy:v.txt'])).toBe('7\n7 v.txt')
    expect(repository.git(['rev-parse', 'copy^{tree}'])).toBe(repository.git(['rev-parse', 'main^{tree}']))
    expect(await repository.land('conflicting')).toMatchObject({
      refused: 'conflict',
      details: { paths: ['other.txt'] },
    })
    expect(repository.git(['status', '--porcelain'])).toBe('')
  })
})

describe('the status of a task', () => {
  test('is one commit with the work, and its files are in place when the checkout has followed', async () => {
    const repository = landingRepository({ 'tasks/pending/t.json': '{}\n' })
    const tip = repository.branch('work', { 'x.txt': '1\n' })
    const current = repository.write('tasks/current/t.json', '{}\n')
    const { rmSync, renameSync, mkdirSync } = await import('node:fs')
    rmSync(path.join(repository.root, 'tasks/pending/t.json'))
    repository.write('.git/info/exclude', 'tasks/current/\n')
    const said: (string | undefined)[] = []
    const done = Buffer.from('{"done":true}\n')
    const status: StatusEdits = {
      async edits(mergedCommit) {
        said.push(mergedCommit)
        return [
          { path: 'tasks/pending/t.json', content: null },
          { path: 'tasks/complete/t.json', content: done },
        ]
      },
      async settle() {
        mkdirSync(path.join(repository.root, 'tasks/complete'), { recursive: true })
        writeFileSync(current, done)
        renameSync(current, path.join(repository.root, 'tasks/complete/t.json'))
      },
    }
    const landing = await repository.land('work', { status })
    expect(isRefusal(landing)).toBe(false)
    expect(said).toEqual([tip])
    expect(repository.git(['ls-tree', '-r', '--name-only', 'main'])).toBe(
      'README.md\ntasks/complete/t.json\nx.txt'.replace('README.md\n', ''),
    )
    expect(repository.git(['status', '--porcelain'])).toBe('')
  })

  test('after a rebase is a commit of its own, because a commit cannot name itself', async () => {
    const repository = landingRepository()
    repository.branch('work', { 'x.txt': '1\n' })
    const status: StatusEdits = {
      edits: async (merged) => [{ path: 'tasks/complete/t.json', content: Buffer.from(`${merged}\n`) }],
      settle: async () => {},
    }
    const landing = await repository.land('work', { strategy: 'rebase', status, task: { id: 't' } })
    expect(landing).toMatchObject({ mergedCommit: repository.git(['rev-parse', 'main^']) })
    expect(repository.git(['show', 'main:tasks/complete/t.json'])).toBe(repository.git(['rev-parse', 'main^']))
  })
})

test('a link to a repository that .gitmodules does not declare is in no landing; one that it declares is', async () => {
  const repository = landingRepository()
  const link = `160000,${repository.git(['rev-parse', 'HEAD'])},app`
  const commit = (name: string, files: Readonly<Record<string, string>>) => {
    repository.git(['checkout', '-q', '-b', name, 'main'])
    repository.git(['update-index', '--add', '--cacheinfo', link])
    for (const [file, content] of Object.entries(files)) repository.write(file, content)
    repository.git(['add', '--', ...Object.keys(files)])
    repository.git(['commit', '-q', '-m', name])
    repository.git(['checkout', '-q', 'main'])
  }
  commit('nested', { file: '1\n' })
  const refused = await repository.land('nested')
  expect(refused).toMatchObject({ refused: 'policy', feedback: expect.stringContaining('git submodule add') })
  expect(repository.values()).toHaveLength(1)
  commit('declared', { '.gitmodules': '[submodule "x"]\n\tpath = app\n\turl = ../app\n' })
  expect(isRefusal(await repository.land('declared'))).toBe(false)
})
