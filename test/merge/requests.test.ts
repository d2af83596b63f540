// Several `oompa merge` at one time: one of them starts Node and lands the branches of the others, too, and each
// hears of its own as if it had been alone.

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Ended, oompaBin, start } from '../support/oompa.js'
import { itWith } from '../support/optional.js'
import { type LandingRepository, landingRepository } from './support.js'

/** Where the commands meet. */
const requestsOf = (repository: LandingRepository) => path.join(repository.root, '.git/oompa/requests')

/** The branches that were landed by a merge of their own. */
function mergedTips(repository: LandingRepository): string[] {
  const parents = repository.git(['rev-list', '--merges', '--parents', 'main']).split('\n').filter(Boolean)
  return parents.map((line) => line.split(' ')[2]!).sort()
}

/** In shell: `asked N` waits until so many ask. */
const asked = (repository: LandingRepository) =>
  `asked() { until [ "$(cat '${requestsOf(repository)}'/*.ask 2> /dev/null | wc -l)" -ge $((2 * $1)) ]; do sleep 0.02; done; }\n`

/**
 * A PATH on which `node` notes each start, and the first of them runs the first of `pieces` of shell before it becomes
 * Node, the second one the second. They can use `asked`.
 */
function countedNode(repository: LandingRepository, ...pieces: string[]) {
  const folder = path.join(repository.home, 'bin')
  const starts = path.join(repository.home, 'starts')
  mkdirSync(folder)
  const turn = (piece: string, i: number) => `mkdir '${repository.home}/start-${i}' 2> /dev/null; then ${piece}\n`
  const script = `#!/bin/sh
${asked(repository)}
echo start >> '${starts}'
${pieces.length > 0 ? `if ${pieces.map(turn).join('elif ')}fi` : ''}
exec '${process.execPath}' "$@"
`
  writeFileSync(path.join(folder, 'node'), script, { mode: 0o755 })
  return {
    env: { ...repository.env, PATH: `${folder}:${repository.env.PATH}` },
    starts: () => readFileSync(starts, 'utf8').trim().split('\n').length,
  }
}

/** Resolves when somebody can be asked. */
async function chosen(repository: LandingRepository): Promise<string> {
  const holder = path.join(requestsOf(repository), 'holder')
  while (!existsSync(holder)) await new Promise((go) => setTimeout(go, 5))
  return holder
}

const merge = (repository: LandingRepository, env: NodeJS.ProcessEnv, ...args: string[]) =>
  start(oompaBin, ['merge', ...args], { cwd: repository.root, env })

/** Each command's end, by its first word. */
async function all(commands: Readonly<Record<string, Promise<Ended>>>): Promise<Record<string, Ended>> {
  const ends = await Promise.all(Object.entries(commands).map(async ([name, ended]) => [name, await ended] as const))
  return Object.fromEntries(ends)
}

describe('`oompa merge` of several branches at one time', () => {
  test('lands them by one start of Node, and tells each how its own has ended', async () => {
    const repository = landingRepository({ 'a.txt': 'a\n', 'mine.txt': 'm\n' })
    const names = Array.from({ length: 6 }, (_, i) => `b${i + 1}`)
    const tips = names.map((name) => repository.branch(name, { [`${name}.txt`]: '1\n' }))
    repository.branch('landed-before', {}, tips[0])
    repository.branch('conflicting', { 'a.txt': 'theirs\n' })
    repository.branch('edits-mine', { 'mine.txt': 'theirs\n' })
    repository.commit('By hand', { 'a.txt': 'mine\n' })
    repository.write('mine.txt', 'my edit\n')
    const { env, starts } = countedNode(repository, 'asked 9')
    const one = merge(repository, env, names[0]!)
    // The first is the one that is asked.
    await chosen(repository)
    const others = [...names.slice(1), 'conflicting', 'no-such-branch', 'edits-mine', 'landed-before']
    const ends = await all(
      Object.fromEntries(others.map((name) => [name, merge(repository, env, name).ended]).concat([['b1', one.ended]])),
    )

    for (const name of names) expect({ name, ...ends[name] }).toMatchObject({ status: 0, stderr: '' })
    const values = repository.values()
    expect(names.map((name) => values.includes(ends[name]!.stdout.trim()))).toEqual(names.map(() => true))
    expect(mergedTips(repository).filter((tip) => tips.includes(tip))).toEqual([...tips].sort())
    expect(ends.conflicting).toMatchObject({ status: 4, stdout: '' })
    expect(ends.conflicting!.stderr).toContain('a.txt')
    expect(ends['no-such-branch']).toMatchObject({ status: 2, stdout: '' })
    expect(ends['no-such-branch']!.stderr).toContain('no branch or commit `no-such-branch`')
    expect(ends['edits-mine']).toMatchObject({ status: 4, stdout: '' })
    expect(ends['edits-mine']!.stderr).toContain('mine.txt')
    expect(readFileSync(path.join(repository.root, 'mine.txt'), 'utf8')).toBe('my edit\n')
    expect([0, 3]).toContain(ends['landed-before']!.status)
    // One for all, and one that tells by itself what is in the way of `edits-mine`.
    expect(starts()).toBe(2)
    expect(readdirSync(requestsOf(repository))).toEqual([])
  })

  test('tests them together where the hook has a test, and finds the one that fails', async () => {
    const repository = landingRepository({ 'a.txt': 'a\n' })
    repository.commit('Level 2', {
      'hooks/merge.ts': `import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({ test: 'test ! -e bad' })\n`,
    })
    const names = Array.from({ length: 7 }, (_, i) => `b${i + 1}`)
    for (const name of names) repository.branch(name, { [`${name}.txt`]: '1\n' })
    repository.branch('failing', { bad: '1\n' })
    const { env, starts } = countedNode(repository, 'asked 7')
    const ends = await all(
      Object.fromEntries([...names, 'failing'].map((name) => [name, merge(repository, env, name).ended])),
    )
    for (const name of names) expect({ name, ...ends[name] }).toMatchObject({ status: 0 })
    expect(ends.failing).toMatchObject({ status: 4 })
    expect(ends.failing!.stderr).toContain('test ! -e bad')
    for (const commit of repository.values()) {
      expect(repository.git(['ls-tree', '--name-only', commit]).split('\n')).not.toContain('bad')
    }
    expect(starts()).toBe(1)
    // Halves, and halves of these, have landed as one.
    expect(repository.values().length - 2).toBeLessThan(names.length)
  })

  test('lands what was asked for while a test ran as one batch after it', async () => {
    const repository = landingRepository({ 'a.txt': 'a\n' })
    const runs = path.join(repository.home, 'runs')
    repository.write('test.sh', `${asked(repository)}echo run >> ${runs}; [ $(wc -l < ${runs}) -gt 1 ] || asked 6`)
    repository.commit('Level 2', {
      'hooks/merge.ts': `import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({ test: 'sh test.sh' })\n`,
    })
    const names = Array.from({ length: 7 }, (_, i) => `b${i + 1}`)
    for (const name of names) repository.branch(name, { [`${name}.txt`]: '1\n' })
    // Of those that were too late for the first, one is asked by the others.
    const { env, starts } = countedNode(repository, ':', 'asked 5')
    const one = merge(repository, env, names[0]!)
    while (!existsSync(runs)) await new Promise((go) => setTimeout(go, 5))
    const others = names.slice(1).map((name) => merge(repository, env, name).ended)
    expect((await Promise.all([one.ended, ...others])).map((end) => end.status)).toEqual(names.map(() => 0))
    expect(readFileSync(runs, 'utf8')).toBe('run\nrun\n')
    expect(starts()).toBe(2)
  })

  test('keeps apart what is asked for with another identity or other options', async () => {
    const repository = landingRepository({ 'a.txt': 'a\n' })
    const tip = repository.branch('mine', { 'mine.txt': '1\n' })
    const theirs = repository.branch('theirs', { 'theirs.txt': '1\n' })
    const squashed = repository.branch('squashed', { 'squashed.txt': '1\n' })
    const { env, starts } = countedNode(repository)
    const ends = await all({
      mine: merge(repository, { ...env, GIT_COMMITTER_NAME: 'Me' }, 'mine').ended,
      theirs: merge(repository, { ...env, GIT_COMMITTER_NAME: 'They' }, 'theirs').ended,
      squashed: merge(repository, env, 'squashed', '--strategy', 'squash').ended,
    })
    expect(Object.values(ends).map((end) => end.status)).toEqual([0, 0, 0])
    const log = repository.git(['log', '--merges', '--format=%P %cn', 'main'])
    expect(log).toMatch(new RegExp(`${tip} Me$`, 'm'))
    expect(log).toMatch(new RegExp(`${theirs} They$`, 'm'))
    expect(log).not.toContain(squashed)
    expect(starts()).toBe(3)
  })

  test('leaves what somebody else was asked for, and shows its environment to nobody', async () => {
    const repository = landingRepository({ 'a.txt': 'a\n' })
    const tips = ['one', 'two'].map((name) => repository.branch(name, { [name]: '1\n' }))
    repository.branch('other', { other: '1\n' })
    const { env } = countedNode(repository, 'asked 2')
    const one = merge(repository, env, 'one')
    const holder = await chosen(repository)
    expect(statSync(holder).mode & 0o777).toBe(0o600)
    // As if it had been asked of a holder with other options, which ended at this moment.
    const ask = path.join(requestsOf(repository), `${process.pid}.ask`)
    writeFileSync(ask, 'other\n999999999 1\n')
    const two = merge(repository, env, 'two')
    expect([(await one.ended).status, (await two.ended).status]).toEqual([0, 0])
    expect(mergedTips(repository)).toEqual([...tips].sort())
    expect(readFileSync(ask, 'utf8')).toContain('other')
  })

  test.each([
    ['before it has begun', 'asked 4; kill -9 $$'],
    ['with others taken and not yet landed', 'asked 4; export OOMPA_CRASH_AT=prepared'],
    ['after they have landed', 'asked 4; export OOMPA_CRASH_AT=settled'],
  ])('survives that the one which is asked is killed %s', async (_when, first) => {
    const repository = landingRepository({ 'a.txt': 'a\n' })
    const names = Array.from({ length: 5 }, (_, i) => `b${i + 1}`)
    const tips = names.map((name) => repository.branch(name, { [`${name}.txt`]: '1\n' }))
    const { env } = countedNode(repository, first)
    const ends = await Promise.all(names.map((name) => merge(repository, env, name).ended))
    expect(ends.filter((end) => end.signal === 'SIGKILL')).toHaveLength(1)
    for (const end of ends) if (!end.signal) expect([0, 3]).toContain(end.status)
    const killed = names[ends.findIndex((end) => end.signal)]!
    expect([0, 3]).toContain((await merge(repository, env, killed).ended).status)
    expect(mergedTips(repository)).toEqual([...tips].sort())
    expect(repository.git(['status', '--porcelain'])).toBe('')
    repository.git(['fsck', '--strict', '--no-dangling'])
    // A killed one leaves nothing that the next would wait for.
    expect((await merge(repository, env, killed).ended).status).toBe(3)
    expect(existsSync(path.join(requestsOf(repository), 'holder'))).toBe(false)
  })

  test('survives that the one which is asked ends with wrong usage', async () => {
    const repository = landingRepository({ 'a.txt': 'a\n' })
    const names = ['b1', 'b2', 'b3']
    const tips = names.map((name) => repository.branch(name, { [name]: '1\n' }))
    const { env, starts } = countedNode(repository, 'asked 3', 'asked 2')
    const missing = merge(repository, env, 'no-such-branch').ended
    await chosen(repository)
    const ends = await Promise.all(names.map((name) => merge(repository, env, name).ended))
    expect((await missing).status).toBe(2)
    expect(ends.map((end) => end.status)).toEqual([0, 0, 0])
    expect(mergedTips(repository)).toEqual([...tips].sort())
    expect(starts()).toBe(2)
  })

  test('survives that the one which is asked is killed, and nobody asks how it has ended', async () => {
    const repository = landingRepository({ 'a.txt': 'a\n' })
    const [, two] = ['one', 'two'].map((name) => repository.branch(name, { [name]: '1\n' }))
    const { env } = countedNode(repository, 'asked 1; kill -9 $$')
    // `sleep` is the parent then, and waits for no child.
    const parent = start('sh', ['-c', '"$0" merge one & exec sleep 1000', oompaBin], { cwd: repository.root, env })
    onTestFinished(() => void parent.child.kill('SIGKILL'))
    await chosen(repository)
    expect(await merge(repository, env, 'two').ended).toMatchObject({ status: 0, stderr: '' })
    expect(mergedTips(repository)).toEqual([two])
  })

  describe('where the system has no /proc', () => {
    /** The program with another name for it. */
    function withoutProc(repository: LandingRepository): string {
      const copy = path.join(repository.home, 'copy')
      mkdirSync(path.join(copy, 'bin'), { recursive: true })
      for (const name of ['dist', 'package.json', 'node_modules']) {
        symlinkSync(path.join(path.dirname(oompaBin), '..', name), path.join(copy, name))
      }
      const program = path.join(copy, 'bin/oompa')
      const text = readFileSync(oompaBin, 'utf8')
      expect(text).toContain('"/proc/$1/stat"')
      writeFileSync(program, text.replace('"/proc/$1/stat"', '"/no-proc/$1/stat"'), { mode: 0o755 })
      return program
    }

    test('one lands for all as well', async () => {
      const repository = landingRepository({ 'a.txt': 'a\n' })
      const program = withoutProc(repository)
      const names = ['b1', 'b2', 'b3']
      const tips = names.map((name) => repository.branch(name, { [name]: '1\n' }))
      const { env, starts } = countedNode(repository, 'asked 2')
      const land = (name: string) => start(program, ['merge', name], { cwd: repository.root, env }).ended
      expect((await Promise.all(names.map(land))).map((end) => end.status)).toEqual([0, 0, 0])
      expect(mergedTips(repository)).toEqual([...tips].sort())
      expect(starts()).toBe(1)
    })

    test('nobody waits long for another process that got the pid', async () => {
      const repository = landingRepository({ 'a.txt': 'a\n' })
      const program = withoutProc(repository)
      const tips = ['one', 'two'].map((name) => repository.branch(name, { [name]: '1\n' }))
      const holder = path.join(requestsOf(repository), 'holder')
      const { env } = countedNode(repository, `cp '${holder}' '${repository.home}/holder'`)
      const land = (name: string) => start(program, ['merge', name], { cwd: repository.root, env }).ended
      expect((await land('one')).status).toBe(0)
      // As if it had been killed, and its pid were ours now.
      writeFileSync(holder, readFileSync(`${repository.home}/holder`, 'utf8').replace(/^\d+ \n/, `${process.pid} \n`))
      const two = await land('two')
      expect(two).toMatchObject({ status: 0 })
      expect(two.stderr).toContain(`waiting for process ${process.pid}`)
      expect(mergedTips(repository)).toEqual([...tips].sort())
      expect(readdirSync(requestsOf(repository))).toEqual(['holder'])
    }, 60_000)
  })

  test('takes a request back that is interrupted', async () => {
    const repository = landingRepository({ 'a.txt': 'a\n' })
    const landing = repository.branch('one', { one: '1\n' })
    repository.branch('two', { two: '1\n' })
    const go = path.join(repository.home, 'go')
    const { env } = countedNode(repository, `until [ -e '${go}' ]; do sleep 0.02; done`)
    const one = merge(repository, env, 'one')
    const until = async (name: RegExp) => {
      while (!readdirSync(requestsOf(repository)).some((file) => name.test(file))) await new Promise(setImmediate)
    }
    await chosen(repository)
    const two = merge(repository, env, 'two')
    await until(/\.ask$/)
    two.child.kill('SIGINT')
    expect((await two.ended).status).toBe(130)
    writeFileSync(go, '')
    expect((await one.ended).status).toBe(0)
    expect(mergedTips(repository)).toEqual([landing])
    expect(readdirSync(requestsOf(repository))).toEqual([])
  })

  for (const [program, ...args] of [['dash'], ['bash', '--posix'], ['busybox', 'sh'], ['zsh', '--emulate', 'sh']]) {
    itWith(program!)(`is asked for in ${program}, from a worktree as well`, async () => {
      const repository = landingRepository({ 'a.txt': 'a\n' })
      const names = ['b1', 'b2', 'b3', 'a branch']
      for (const name of names.slice(0, 3)) repository.branch(name, { [`${name}.txt`]: '1\n' })
      repository.git(['worktree', 'add', '-q', '-b', 'elsewhere', '.elsewhere'])
      const { env, starts } = countedNode(repository, 'asked 3')
      const from = (name: string) => path.join(repository.root, name === 'b1' ? '' : '.elsewhere')
      const land = (name: string) => start(program!, [...args, oompaBin, 'merge', name], { cwd: from(name), env }).ended
      const one = land('b1')
      // Whoever asks for a branch that does not exist ends at once, and lands for nobody.
      await chosen(repository)
      const others = names.slice(1).map((name) => [name, land(name)])
      const ends = await all({ b1: one, ...Object.fromEntries(others) })
      expect(names.map((name) => ends[name]!.status)).toEqual([0, 0, 0, 2])
      expect(ends['a branch']!.stderr).toContain('no branch or commit `a branch`')
      expect(starts()).toBe(1)
    })
  }
})
