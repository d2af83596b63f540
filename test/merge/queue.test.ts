// The queue with real git: what lands, in which commits, and that nobody waits for somebody else's trouble.

import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { mergeQueue } from '../../src/merge/hook.js'
import { isRefusal } from '../../src/words.js'
import { eventually, landingRepository, submit } from './support.js'

describe('without a test', () => {
  test('changes that wait together land one above the other, and the target moves once', async () => {
    const repository = landingRepository()
    const names = ['a', 'b', 'c', 'd', 'e']
    for (const name of names) repository.branch(name, { [`${name}.txt`]: name })
    const before = repository.git(['rev-parse', 'main'])
    const landings = await submit(repository, mergeQueue(), names)
    expect(landings.every((one) => !isRefusal(one))).toBe(true)
    expect(repository.git(['log', '--first-parent', '--format=%s', `${before}..main`]).split('\n')).toHaveLength(5)
    expect(repository.git(['status', '--porcelain'])).toBe('')
    expect(repository.git(['branch', '--merged', 'main', '--format=%(refname:short)']).split('\n').sort()).toEqual(
      [...names, 'main'].sort(),
    )
    expect(repository.events.filter((event) => event.type === 'landing.landed')).toHaveLength(5)
  })

  test('a conflicting change is refused, and the others land', async () => {
    const repository = landingRepository()
    repository.branch('a', { 'README.md': 'a\n' })
    repository.branch('b', { 'README.md': 'b\n' })
    repository.branch('c', { 'c.txt': 'c\n' })
    const [a, b, c] = await submit(repository, mergeQueue(), ['a', 'b', 'c'])
    expect([a, b, c].map((one) => isRefusal(one!))).toEqual([false, true, false])
    expect(b).toMatchObject({ refused: 'conflict', details: { paths: ['README.md'] } })
  })

  test('a change for which the person’s edit is in the way waits by itself, and lands when it is gone', async () => {
    const repository = landingRepository({ 'README.md': 'hello\n', 'b.txt': 'b\n' })
    repository.branch('a', { 'README.md': 'a\n' })
    repository.branch('b', { 'b.txt': 'changed\n' })
    repository.branch('c', { 'c.txt': 'c\n' })
    repository.write('README.md', 'my edit\n')
    const answers = submit(repository, mergeQueue(), ['a', 'b', 'c'])
    await eventually(() => repository.events.filter((event) => event.type === 'landing.landed').length === 2)
    await eventually(() => repository.events.some((event) => event.type === 'landing.waiting'))
    expect(repository.events.find((event) => event.type === 'landing.waiting')).toMatchObject({
      branch: 'a',
      reason: expect.stringContaining('README.md'),
    })
    expect(readFileSync(path.join(repository.root, 'README.md'), 'utf8')).toBe('my edit\n')
    // Meanwhile we look again and again, which must not be in the way of the person's own commands.
    for (let i = 0; i < 50; i++) {
      repository.git(['add', 'README.md'])
      await new Promise((resolve) => setTimeout(resolve, 1))
      repository.git(['reset', '-q', 'README.md'])
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    repository.git(['checkout', '-q', '--', 'README.md'])
    expect((await answers).map(isRefusal)).toEqual([false, false, false])
    expect(readFileSync(path.join(repository.root, 'README.md'), 'utf8')).toBe('a\n')
    const said = repository.events.flatMap((event) => (event.type === 'landing.waiting' ? [event.reason] : []))
    expect([...new Set(said)]).toEqual(said)
  })

  test('a lock of somebody’s git on the target is waited for, and named with what frees it', async () => {
    const repository = landingRepository()
    repository.branch('a', { 'a.txt': 'a\n' })
    const lock = repository.write('.git/refs/heads/main.lock', '')
    const answers = submit(repository, mergeQueue(), ['a'])
    await eventually(() => repository.events.some((event) => event.type === 'landing.waiting'))
    expect(repository.events.find((event) => event.type === 'landing.waiting')).toMatchObject({
      reason: expect.stringMatching(/main is held by another git process.*If no git is running: rm /s),
    })
    rmSync(lock)
    expect((await answers).map(isRefusal)).toEqual([false])
    expect(repository.git(['show', 'main:a.txt'])).toBe('a')
  })

  test('the signal ends the waiting', async () => {
    const repository = landingRepository()
    repository.branch('a', { 'README.md': 'a\n' })
    repository.write('README.md', 'my edit\n')
    const stop = new AbortController()
    const answers = submit(repository, mergeQueue(), ['a'], { signal: stop.signal })
    await eventually(() => repository.events.some((event) => event.type === 'landing.waiting'))
    stop.abort(new Error('stopped'))
    await expect(answers).rejects.toThrow('stopped')
  })
})

describe('a batch', () => {
  test('lands as one first-parent merge whose tree was tested, each change’s own merge below it', async () => {
    const repository = landingRepository()
    const names = ['a', 'b', 'c']
    for (const name of names) repository.branch(name, { [`${name}.txt`]: name })
    const hook = mergeQueue({ test: 'test ! -e bad', batch: 8 })
    const before = repository.git(['rev-parse', 'main'])
    const [first, ...rest] = await submit(repository, hook, names)
    const all = [first!, ...rest]
    const commits = new Set(all.map((one) => (isRefusal(one) ? '' : one.commit)))
    // The first may have been tested before the others had come.
    expect(repository.values().filter((one) => one !== before)).toHaveLength(commits.size)
    const batch = all.find((one) => !isRefusal(one) && (one.batch ?? 1) > 1)
    expect(batch).toBeDefined()
    const tip = isRefusal(batch!) ? '' : batch!.commit
    expect(repository.git(['log', '-1', '--format=%s', tip])).toMatch(/^Merge \d changes into main$/)
    expect(repository.git(['log', '--first-parent', '--format=%s', `${tip}^2`, `^${tip}^1`])).toMatch(
      /Merge branch 'c'/,
    )
  })

  test('that fails is halved until the culprit is alone: it is refused, the others land, every value of main passes', async () => {
    const repository = landingRepository()
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']
    for (const name of names) repository.branch(name, { [name === 'f' ? 'bad' : `${name}.txt`]: name })
    const answers = await submit(repository, mergeQueue({ test: 'test ! -e bad', batch: 8 }), names)
    expect(names.filter((_, at) => isRefusal(answers[at]!))).toEqual(['f'])
    for (const commit of repository.values()) {
      expect(repository.git(['ls-tree', '--name-only', commit]).split('\n')).not.toContain('bad')
    }
    expect(repository.git(['ls-tree', '--name-only', 'main']).split('\n')).toHaveLength(names.length)
  })

  test('of changes that break only together lands the first, and refuses the second', async () => {
    const repository = landingRepository()
    for (const name of ['a', 'b', 'c']) repository.branch(name, { [`${name}.txt`]: name })
    const hook = mergeQueue({ test: '! { test -e a.txt && test -e c.txt; }', batch: 8 })
    const answers = await submit(repository, hook, ['a', 'b', 'c'])
    expect(answers.map(isRefusal)).toEqual([false, false, true])
  })

  test('is chosen by the number of workers, and said', async () => {
    const repository = landingRepository()
    repository.branch('a', { 'a.txt': 'a' })
    await submit(repository, mergeQueue({ test: 'true' }), ['a'], { workers: 10 })
    expect(repository.events).toContainEqual({
      type: 'note',
      text: 'Changes are tested up to 8 together, for 10 workers.',
    })
  })
})

describe('while we test', () => {
  test('a target that somebody moves is a new base: what lands was tested on it', async () => {
    const repository = landingRepository()
    repository.branch('a', { 'a.txt': 'a' })
    const seen = path.join(repository.home, 'seen')
    // The first run commits by hand, as a person would.
    const by = `test -e '${seen}' || (touch '${seen}'; cd '${repository.root}' && echo 1 > hand; git add hand; git commit -q -m 'By hand')`
    const [answer] = await submit(repository, mergeQueue({ test: `${by}; ls; git log -1 --format=%P >> '${seen}'` }), [
      'a',
    ])
    expect(isRefusal(answer!)).toBe(false)
    expect(repository.git(['log', '--first-parent', '--format=%s', '-2', 'main'])).toBe("Merge branch 'a'\nBy hand")
    expect(readFileSync(seen, 'utf8').trim().split('\n')).toHaveLength(2)
  })

  test('a target that is deleted ends the landing with an error that names it', async () => {
    const repository = landingRepository()
    repository.git(['branch', 'side'])
    repository.branch('a', { 'a.txt': 'a' })
    const hook = mergeQueue({ test: `git -C '${repository.root}' branch -q -D side` })
    await expect(submit(repository, hook, ['a'], { into: 'side' })).rejects.toMatchObject({
      code: 'no-target',
      status: 2,
    })
  })
})
