// The target and its remote: a real bare repository, somebody else who pushes, and no network at all.

import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { pullRequests } from '../../src/merge/pull-requests.js'
import { mergeQueue } from '../../src/merge/queue.js'
import { isRefusal } from '../../src/words.js'
import { oompa } from '../support/oompa.js'
import { repositoryAt, type TestRepository } from '../support/repository.js'
import { type LandingRepository, landingRepository, submit } from './support.js'

function withRemote(): { repository: LandingRepository; bare: string; other: TestRepository } {
  const repository = landingRepository()
  const bare = path.join(repository.root, '..', 'bare.git')
  repository.git(['clone', '-q', '--bare', repository.root, bare])
  repository.git(['remote', 'add', 'origin', bare])
  const clone = path.join(repository.root, '..', 'clone')
  repository.git(['clone', '-q', bare, clone])
  return { repository, bare, other: repositoryAt(clone, repository.home) }
}

const value = (repository: LandingRepository, bare: string) => repository.git(['rev-parse', 'main'], bare)

describe('with push', () => {
  test('a drained batch is pushed once', async () => {
    const { repository, bare } = withRemote()
    const names = ['a', 'b', 'c', 'd']
    for (const name of names) repository.branch(name, { [`${name}.txt`]: name })
    expect((await submit(repository, mergeQueue({ push: true }), names)).map(isRefusal)).toEqual([
      false,
      false,
      false,
      false,
    ])
    expect(value(repository, bare)).toBe(repository.git(['rev-parse', 'main']))
    expect(repository.events.filter((event) => event.type === 'landing.pushed').length).toBeLessThanOrEqual(2)
  })

  test('what somebody else pushed before is taken in, and what lands is tested on it', async () => {
    const { repository, bare, other } = withRemote()
    other.commit('Elsewhere', { 'elsewhere.txt': '1' })
    other.git(['push', '-q'])
    repository.branch('a', { 'a.txt': 'a' })
    const answer = await repository.land('a', { push: true, test: 'test -e elsewhere.txt || test ! -e a.txt' })
    expect(isRefusal(answer)).toBe(false)
    expect(value(repository, bare)).toBe(repository.git(['rev-parse', 'main']))
    expect(repository.git(['status', '--porcelain'])).toBe('')
  })

  test('a push that somebody was faster than is merged, tested and pushed again', async () => {
    const { repository, bare, other } = withRemote()
    repository.branch('a', { 'a.txt': 'a' })
    const once = path.join(repository.home, 'once')
    const faster = `test -e '${once}' || { touch '${once}'; cd '${other.root}' && echo 1 > e && git add e && git -c user.name=Test -c user.email=test@example.com commit -qm Elsewhere && git push -q; }`
    const answer = await repository.land('a', { push: true, test: faster })
    expect(isRefusal(answer)).toBe(false)
    expect(value(repository, bare)).toBe(repository.git(['rev-parse', 'main']))
    expect(repository.git(['ls-tree', '--name-only', 'main'])).toBe('README.md\na.txt\ne')
    expect(repository.events.filter((event) => event.type === 'landing.testing')).toHaveLength(2)
    expect(repository.git(['log', '-1', '--format=%s', 'main'])).toBe("Merge branch 'origin/main'")
  })

  test('without a network it lands here, and says what is not pushed', async () => {
    const { repository, bare } = withRemote()
    rmSync(bare, { recursive: true })
    repository.branch('a', { 'a.txt': 'a' })
    const { root: cwd, env } = repository
    const ended = await oompa(['merge', 'a', '--push'], { cwd, env })
    expect(ended).toMatchObject({ status: 0, stderr: expect.stringContaining('main is not pushed to origin') })
    expect(repository.git(['show', 'main:a.txt'])).toBe('a')
  })

  test('a remote whose hook refuses keeps what landed here, and its words are said', async () => {
    const { repository, bare } = withRemote()
    repositoryAt(bare, repository.home).write('hooks/pre-receive', '#!/bin/sh\necho "not on a Friday"\nexit 1\n', 0o755)
    repository.branch('a', { 'a.txt': 'a' })
    await repository.land('a', { push: true })
    expect(repository.events).toContainEqual(
      expect.objectContaining({
        type: 'landing.unpushed',
        reason: expect.stringContaining('pre-receive hook declined'),
      }),
    )
  })

  test('a remote that does not exist is wrong usage', async () => {
    const repository = landingRepository()
    repository.branch('a', { 'a.txt': 'a' })
    await expect(repository.land('a', { push: true })).rejects.toMatchObject({ code: 'no-remote', status: 2 })
  })

  test('a remote that conflicts with what has landed here is said, and nothing is overwritten', async () => {
    const { repository, bare, other } = withRemote()
    const theirs = other.commit('Elsewhere', { 'README.md': 'theirs\n' })
    other.git(['push', '-q'])
    repository.commit('Here', { 'README.md': 'mine\n' })
    repository.branch('a', { 'a.txt': 'a' })
    expect(isRefusal(await repository.land('a', { push: true }))).toBe(false)
    expect(value(repository, bare)).toBe(theirs)
    expect(repository.events).toContainEqual(
      expect.objectContaining({ type: 'landing.unpushed', reason: expect.stringContaining('does not merge') }),
    )
  })
})

describe('pull requests', () => {
  /** A stand-in for GitHub's command line: notes what it was asked, knows one request. */
  function standIn(repository: LandingRepository): { command: string; asked: () => string } {
    const log = path.join(repository.home, 'gh.log')
    const command = repository.write(
      '.git/gh',
      `#!/bin/sh
echo "gh $*" >> '${log}'
case "$1 $2" in
  'pr view') test -e '${log}.open' && echo '{"url":"https://example.com/pull/1","state":"OPEN"}' ;;
  'pr create') cat >> '${log}'; touch '${log}.open'; echo https://example.com/pull/1 ;;
esac
`,
      0o755,
    )
    return { command, asked: () => readFileSync(log, 'utf8') }
  }

  test('the branch is pushed and a request opened, once; what is low risk may merge by itself', async () => {
    const { repository, bare } = withRemote()
    const { command, asked } = standIn(repository)
    const tip = repository.branch('oompa/w1-i1', { 'a.txt': 'a' })
    const hook = pullRequests({ autoMerge: 'low-risk', command })
    const [answer] = await submit(repository, hook, ['oompa/w1-i1'])
    expect(answer).toMatchObject({ commit: tip, into: 'oompa/00000000/w1-i1' })
    expect(repository.git(['rev-parse', 'oompa/00000000/w1-i1'], bare)).toBe(tip)
    expect(repository.git(['rev-parse', 'main'])).not.toBe(tip)
    expect(asked()).toMatch(
      /pr create --base main --head oompa\/00000000\/w1-i1[\s\S]*Oompa-Worker: w1[\s\S]*pr merge --auto/,
    )
    await submit(repository, hook, ['oompa/w1-i1'])
    expect(asked().match(/pr create/g)).toHaveLength(1)
  })

  test('where that fails, the work is kept and the reason said', async () => {
    const { repository } = withRemote()
    repository.branch('oompa/w1-i1', { 'a.txt': 'a' })
    const command = repository.write('.git/gh', '#!/bin/sh\necho "not logged in" >&2\nexit 4\n', 0o755)
    const [answer] = await submit(repository, pullRequests({ command }), ['oompa/w1-i1'])
    expect(answer).toMatchObject({
      refused: 'unavailable',
      final: true,
      feedback: expect.stringContaining('not logged in'),
    })
  })
})
