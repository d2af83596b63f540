// Conflict markers do not land: what git wrote into a file that conflicted is found, whole or in part, and what a file
// is meant to hold is not taken for it.

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { prepareConflict } from '../../src/merge/conflict.js'
import { leftMarkers } from '../../src/merge/left-markers.js'
import { beyond, markerLines, namedCommit, sizeWithLabel } from '../../src/merge/markers.js'
import { openTools } from '../../src/merge/tools.js'
import { isRefusal } from '../../src/words.js'
import { repositoryAt } from '../support/repository.js'
import { type LandingRepository, landingRepository } from './support.js'

const STRATEGIES = ['merge', 'rebase', 'squash'] as const
/** A whole set, as a test of such a thing has it. */
const SAMPLE = '<<<<<<< HEAD\nours\n||||||| base\nold\n=======\ntheirs\n>>>>>>> feature\n'
const UNDER_TITLE = 'Changes\n=======\n'

/** A worktree whose one change of `file` conflicts with what the target has by now. */
function conflicting(file = 'a.txt', start = 'top\none\n', end = '\n', more: Readonly<Record<string, string>> = {}) {
  const repository = landingRepository({ [file]: start, ...more })
  const work = worktreeOf(repository)
  work.commit('Mine', { [file]: start.replace(`one${end}`, `mine${end}`) })
  repository.commit('Theirs', { [file]: start.replace(`one${end}`, `theirs${end}`) })
  const head = work.git(['rev-parse', 'HEAD'])
  const prepare = () => prepareConflict(repository.root, work, { into: 'main', base: work.base })
  return { repository, work, file, head, prepare, text: (rev = 'HEAD') => work.git(['show', `${rev}:${file}`]) }
}

function worktreeOf(repository: LandingRepository, branch = 'oompa/w1-i1') {
  const folder = path.join(repository.root, '.w1-i1')
  repository.write('.git/info/exclude', '/.w*\n')
  repository.git(['worktree', 'add', '-q', '-b', branch, folder])
  const base = repository.git(['rev-parse', 'main'])
  return { path: folder, branch, base, ...repositoryAt(folder, repository.home) }
}

/** What is found when a change is proposed. */
async function found(
  repository: LandingRepository,
  work: { branch: string },
  given: Parameters<typeof leftMarkers>[1]['given'] = [],
) {
  const tools = openTools(repository.root)
  try {
    const [commit, onto] = [work.branch, 'main'].map((name) => repository.git(['rev-parse', name])) as [string, string]
    const left = await leftMarkers(tools, { commit, onto, given })
    return left.map(
      (one) => `${one.path}: ${one.lines.map(({ line, text }) => `${line} ${text.split(' ')[0]}`).join(', ')}`,
    )
  } finally {
    tools.close()
  }
}

describe('a merge that the loop had prepared', () => {
  test.each(STRATEGIES)(
    'does not land (%s) with its markers left whole, and does when they are out',
    async (strategy) => {
      const { repository, work, prepare } = conflicting()
      expect((await prepare()).paths).toEqual(['a.txt'])
      work.commit('As it stands')
      const before = repository.git(['rev-parse', 'main'])
      const answer = await repository.land(work.branch, { strategy })
      expect(answer).toMatchObject({
        refused: 'conflict',
        feedback: expect.stringContaining('- a.txt:2: <<<<<<<'),
        details: { markers: [2, 4, 6, 8].map((line) => ({ path: 'a.txt', line })) },
      })
      expect(isRefusal(answer) && answer.final).toBeFalsy()
      expect(repository.git(['rev-parse', 'main'])).toBe(before)
      work.commit('Both', { 'a.txt': 'top\nmine\ntheirs\n' })
      expect(isRefusal(await repository.land(work.branch, { strategy }))).toBe(false)
    },
  )

  test.each([
    ['only the base', 'top\nmine\n||||||| 1234567\none\ntheirs\n', 'a.txt: 3 |||||||'],
    ['only a bare base', 'top\nmine\n|||||||\none\ntheirs\n', 'a.txt: 3 |||||||'],
    ['only the beginning', 'top\n<<<<<<< HEAD\nmine\ntheirs\n', 'a.txt: 2 <<<<<<<'],
    ['only the end', 'top\nmine\ntheirs\n>>>>>>> 1234567\n', 'a.txt: 4 >>>>>>>'],
    [
      'beginning, middle and end',
      'top\n<<<<<<< HEAD\nmine\n=======\ntheirs\n>>>>>>> x\n',
      'a.txt: 2 <<<<<<<, 4 =======, 6 >>>>>>>',
    ],
  ])('does not land with a half of them: %s', async (_, content, expected) => {
    const { repository, work, prepare } = conflicting()
    await prepare()
    work.commit('Some of it', { 'a.txt': content })
    expect(await found(repository, work)).toEqual([expected])
    work.commit('Something else', { 'b.txt': 'b' })
    expect(await repository.land(work.branch)).toMatchObject({ refused: 'conflict' })
  })

  test('lands with a heading that is underlined, and with markers that the file had before', async () => {
    const start = `${UNDER_TITLE}${SAMPLE}one\n`
    const { repository, work, prepare } = conflicting('page.md', start)
    await prepare()
    work.commit('Both', { 'page.md': `${UNDER_TITLE}${SAMPLE}mine\ntheirs\nFurther\n=======\n` })
    expect(await found(repository, work)).toEqual([])
    expect(isRefusal(await repository.land(work.branch))).toBe(false)
  })

  test('does not land with one set more than the file had before', async () => {
    const { repository, work, prepare } = conflicting('page.md', `${SAMPLE}one\n`)
    await prepare()
    work.commit('As it stands')
    expect(await found(repository, work)).toEqual([expect.stringMatching(/^page\.md: 8 <.*>>>>>>>$/)])
  })

  test('lands with lines of that kind which a later commit wrote', async () => {
    const { repository, work, prepare } = conflicting()
    await prepare()
    work.commit('Both', { 'a.txt': 'top\nmine\ntheirs\n' })
    work.commit('An example', { 'a.txt': `top\nmine\ntheirs\n${SAMPLE}` })
    expect(await found(repository, work)).toEqual([])
  })

  test('is found with the line ends of Windows, in names with spaces and bytes, and after a rename', async () => {
    const windows = conflicting('b c.txt', 'top\r\none\r\n', '\r\n')
    await windows.prepare()
    windows.work.commit('As it stands')
    expect(windows.text()).toContain('<<<<<<< HEAD\r\n')
    expect(await found(windows.repository, windows.work)).toEqual([expect.stringMatching(/^b c\.txt: 2 <{7}, .*>{7}$/)])
    windows.work.git(['mv', 'b c.txt', 'line\nend "x".txt'])
    windows.work.commit('Elsewhere')
    expect(await found(windows.repository, windows.work)).toEqual([expect.stringMatching(/^line\nend "x"\.txt: 2 </)])
  })

  test('is found by the size that an attribute asks for, and by no other', async () => {
    const { repository, work, prepare } = conflicting('a.txt', 'top\none\n', '\n', {
      '.gitattributes': '*.txt conflict-marker-size=12\n',
    })
    const { marked } = await prepare()
    expect(marked).toMatchObject([{ path: 'a.txt', size: 12 }])
    work.commit('As it stands')
    expect(await found(repository, work)).toEqual([expect.stringContaining(`2 ${'<'.repeat(12)}, `)])
    work.commit('Both, and an example', { 'a.txt': `top\nmine\ntheirs\n${SAMPLE}` })
    work.git(['reset', '-q', '--soft', 'HEAD~2'])
    work.git(['update-ref', 'MERGE_HEAD', repository.git(['rev-parse', 'main'])])
    work.commit('Both, in the merge')
    expect(work.git(['rev-list', '--merges', '--count', 'HEAD'])).toBe('1')
    expect(await found(repository, work)).toEqual([])
  })

  test('leaves a binary file that conflicts to whoever decides about it', async () => {
    const repository = landingRepository()
    const binary = (word: string) => Buffer.from(`\0${word}\n<<<<<<< HEAD\n`)
    repository.write('x.bin', binary('one'))
    repository.commit('A picture')
    const work = worktreeOf(repository)
    writeFileSync(path.join(work.path, 'x.bin'), binary('mine'))
    work.commit('Mine')
    repository.write('x.bin', binary('theirs'))
    repository.commit('Theirs')
    expect((await prepareConflict(repository.root, work, { into: 'main' })).marked).toEqual([])
    writeFileSync(path.join(work.path, 'x.bin'), Buffer.from('\0both\n<<<<<<< HEAD\n>>>>>>> x\n'))
    work.commit('Both')
    expect(await found(repository, work)).toEqual([])
  })

  test('is remembered where its author takes it back and copies what it said', async () => {
    const { repository, work, head, prepare } = conflicting()
    const { marked } = await prepare()
    const whole = 'top\n<<<<<<< HEAD\nmine\n=======\ntheirs\n>>>>>>> main\n'
    work.git(['merge', '--abort'])
    work.git(['reset', '-q', '--hard', 'main'])
    work.commit('By hand', { 'a.txt': whole })
    expect(await found(repository, work)).toEqual([])
    expect(await found(repository, work, marked)).toEqual(['a.txt: 2 <<<<<<<, 4 =======, 6 >>>>>>>'])
    expect(marked).toEqual([{ path: 'a.txt', size: 7, sides: [head, repository.git(['rev-parse', 'main'])] }])
  })
})

test('what was put onto a rewritten target does not land with its markers', async () => {
  const repository = landingRepository({ 'a.txt': 'one\n' })
  repository.commit('A mistake', { 'a.txt': 'wrong\n' })
  const work = worktreeOf(repository)
  work.commit('Mine', { 'a.txt': 'wrong and mine\n' })
  repository.git(['reset', '-q', '--hard', 'HEAD~1'])
  repository.commit('Right', { 'a.txt': 'right\n' })
  const { marked } = await prepareConflict(repository.root, work, { into: 'main', base: work.base })
  work.commit('Some of it', { 'a.txt': 'right and mine\n<<<<<<< HEAD\n' })
  expect(await found(repository, work, marked)).toEqual(['a.txt: 2 <<<<<<<'])
  work.commit('Both', { 'a.txt': 'right and mine\n' })
  expect(await found(repository, work, marked)).toEqual([])
})

describe('what an author has merged by itself', () => {
  test('does not land with markers in a file that conflicts', async () => {
    const { repository, work } = conflicting()
    expect(() => work.git(['merge', '-q', 'main'])).toThrow()
    work.commit('Merge main')
    expect(await repository.land(work.branch)).toMatchObject({
      refused: 'conflict',
      details: { markers: expect.anything() },
    })
  })

  test('does not land as a rebase or a cherry-pick with markers that name a commit', async () => {
    const { repository, work } = conflicting()
    expect(() => work.git(['rebase', '-q', 'main'])).toThrow()
    work.git(['add', '-A'])
    work.git(['-c', 'core.editor=true', 'rebase', '--continue'])
    expect(await found(repository, work)).toEqual([expect.stringMatching(/^a\.txt: 2 <{7}, .*>{7}$/)])
    expect(await repository.land(work.branch)).toMatchObject({ refused: 'conflict' })
  })

  test('lands with files that are about markers, whatever was merged beside them', async () => {
    const { repository, work } = conflicting()
    work.commit('A test of merging', {
      'test/fixture.txt': SAMPLE,
      'docs/half page.md': '||||||| base\n>>>>>>> 1234567 (A commit)\n',
    })
    expect(() => work.git(['merge', '-q', 'main'])).toThrow()
    work.commit('Both', { 'a.txt': 'top\nmine\ntheirs\n' })
    expect(await found(repository, work)).toEqual([])
    expect(isRefusal(await repository.land(work.branch))).toBe(false)
  })

  test('is refused to whoever types `oompa merge`, with nothing changed', async () => {
    const { repository, work } = conflicting()
    expect(() => work.git(['merge', '-q', 'main'])).toThrow()
    work.commit('Merge main')
    const { oompa } = await import('../support/oompa.js')
    const before = repository.git(['rev-parse', 'main'])
    const ended = await oompa(['merge', work.branch], { cwd: repository.root, env: repository.env })
    expect(ended.stderr).toContain('- a.txt:2: <<<<<<<')
    expect(ended.status).toBe(4)
    expect(repository.git(['rev-parse', 'main'])).toBe(before)
  })
})

test('lines are markers by their beginning alone', () => {
  const kinds = (text: string) => markerLines(text, 7).map((one) => one.line)
  expect(
    kinds(
      '<<<<<<< HEAD\n<<<<<<<\n<<<<<<<HEAD\n <<<<<<< HEAD\n<<<<<< HEAD\n>>>>>>> a\n>>>>>>>> a\n||||||| \n=======\n======= x\n',
    ),
  ).toEqual([1, 2, 6, 7, 8, 9, 10])
  expect(beyond(markerLines(`${UNDER_TITLE}\n||||||| x\n`), [])).toMatchObject([{ line: 4 }])
  expect(beyond(markerLines(SAMPLE + SAMPLE), [markerLines(SAMPLE)])).toMatchObject(
    [8, 10, 12, 14].map((line) => ({ line })),
  )
  expect(sizeWithLabel('<<<<<<<<< HEAD:old name\n', 'HEAD')).toBe(9)
  expect(sizeWithLabel('<<<<<<< HEADER\n', 'HEAD')).toBeUndefined()
  const named = (text: string) => namedCommit({ line: 1, text })?.commit
  expect(named('>>>>>>> abc1234 (Say hello)')).toBe('abc1234')
  expect(named('||||||| parent of abc1234 (Say hello)')).toBe('abc1234')
  expect(named('>>>>>>> abc1234... Say hello')).toBe('abc1234')
  expect(named('>>>>>>> feature')).toBeUndefined()
})
