// The target and its remote: a real bare repository, somebody else who pushes, and no network at all.

import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { NewEvent } from '../../src/events/contract.js'
import { wordsOf } from '../../src/git/network.js'
import { commandRunner } from '../../src/hooks/commandRunner.js'
import type { LandContext } from '../../src/merge/contract.js'
import { keepFresh } from '../../src/merge/fresh.js'
import { mergeQueue } from '../../src/merge/hook.js'
import { pullRequests } from '../../src/merge/pull-requests.js'
import { isRefusal } from '../../src/words.js'
import { oompa, oompaBin, start } from '../support/oompa.js'
import { itWith } from '../support/optional.js'
import { processes } from '../support/processes.js'
import { repositoryAt, type TestRepository } from '../support/repository.js'
import { eventually, type LandingRepository, landingRepository, submit } from './support.js'

function withRemote(): { repository: LandingRepository; bare: string; other: TestRepository } {
  const repository = landingRepository()
  const bare = path.join(repository.root, '..', 'bare.git')
  repository.git(['clone', '-q', '--bare', repository.root, bare])
  repository.git(['remote', 'add', 'origin', bare])
  const clone = path.join(repository.root, '..', 'clone')
  repository.git(['clone', '-q', bare, clone])
  return { repository, bare, other: repositoryAt(clone, repository.home) }
}

function contextIn({ root, events }: LandingRepository): LandContext {
  const emit = (event: NewEvent) => void events.push(event)
  return { root, emit, signal: new AbortController().signal, run: commandRunner(root), env: {} }
}

/** Subjects along the first parent of the remote's main, newest first. */
const subjects = (repository: LandingRepository, bare: string): string[] =>
  repository.git(['log', '--first-parent', '--format=%s', 'main'], bare).split('\n')

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
    expect(subjects(repository, bare).slice(0, 2)).toEqual(["Merge branch 'a'", 'Elsewhere'])
  })

  test('what landed here while the remote was away comes after what others pushed, one first parent for each landing', async () => {
    const { repository, bare, other } = withRemote()
    renameSync(bare, `${bare}.away`)
    for (const name of ['a', 'b']) {
      repository.branch(name, { [`${name}.txt`]: name })
      await repository.land(name, { push: true, test: 'test -f README.md' })
    }
    renameSync(`${bare}.away`, bare)
    for (const name of ['c', 'd']) other.commit(`Theirs ${name}`, { [`${name}.txt`]: name })
    other.git(['push', '-q'])
    const [b, a] = repository.values()
    repository.branch('e', { 'e.txt': 'e' })
    // It passes with theirs alone where ours are on top of it, one after the other.
    const seen = path.join(repository.home, 'seen')
    const answer = await repository.land('e', {
      push: true,
      test: `ls *.txt | tr '\\n' ' ' >> '${seen}'; echo >> '${seen}'`,
    })
    expect(isRefusal(answer)).toBe(false)
    expect(subjects(repository, bare)).toEqual([
      ...["Merge branch 'e'", "Merge branch 'b'", "Merge branch 'a'", 'Theirs d', 'Theirs c'],
      ...repository.git(['log', '--format=%s', `${a}^1`]).split('\n'),
    ])
    expect(
      readFileSync(seen, 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.trim()),
    ).toEqual(['a.txt c.txt d.txt', 'a.txt b.txt c.txt d.txt', 'a.txt b.txt c.txt d.txt e.txt'])
    // As they landed first they are still there: what asks for them finds them.
    for (const landed of [a!, b!]) repository.git(['merge-base', '--is-ancestor', landed, value(repository, bare)])
    expect(repository.git(['status', '--porcelain'])).toBe('')

    // Once more, while the first are on top of something already.
    renameSync(bare, `${bare}.away`)
    repository.branch('f', { 'f.txt': 'f' })
    await repository.land('f', { push: true })
    renameSync(`${bare}.away`, bare)
    other.git(['pull', '-q'])
    other.commit('Theirs g', { 'g.txt': 'g' })
    other.git(['push', '-q'])
    repository.branch('h', { 'h.txt': 'h' })
    await repository.land('h', { push: true })
    expect(subjects(repository, bare).slice(0, 4)).toEqual([
      ...["Merge branch 'h'", "Merge branch 'f'", 'Theirs g', "Merge branch 'e'"],
    ])
  })

  test('with a commit of a person among them both are merged, and nobody writes that commit anew', async () => {
    const { repository, bare, other } = withRemote()
    renameSync(bare, `${bare}.away`)
    repository.branch('a', { 'a.txt': 'a' })
    await repository.land('a', { push: true })
    const byHand = repository.commit('By hand', { 'hand.txt': '1' })
    renameSync(`${bare}.away`, bare)
    other.commit('Elsewhere', { 'e.txt': 'e' })
    other.git(['push', '-q'])
    repository.branch('b', { 'b.txt': 'b' })
    expect(isRefusal(await repository.land('b', { push: true }))).toBe(false)
    expect(subjects(repository, bare).slice(0, 4)).toEqual([
      ...["Merge branch 'b'", "Merge branch 'origin/main'", 'By hand', "Merge branch 'a'"],
    ])
    repository.git(['merge-base', '--is-ancestor', byHand, value(repository, bare)])
  })

  test('whoever needs what others pushed is told that the remote is away each time, not only the first', async () => {
    const { repository, bare } = withRemote()
    renameSync(bare, `${bare}.away`)
    const fresh = keepFresh(contextIn(repository), 'main', { push: true })
    const until = performance.now()
    expect([await fresh.now(until), await fresh.now(until)]).toEqual([false, false])
  })

  test('whoever needs what others pushed does not have it while an edit of the person is in its way', async () => {
    const { repository, other } = withRemote()
    const theirs = other.commit('Elsewhere', { 'README.md': 'theirs\n' })
    other.git(['push', '-q'])
    repository.write('README.md', 'mine, not committed\n')
    const fresh = keepFresh(contextIn(repository), 'main', { push: true })
    const until = performance.now()
    expect([await fresh.now(until), await fresh.now(until)]).toEqual([false, false])
    repository.git(['checkout', '-q', 'README.md'])
    expect(await fresh.now(until)).toBe(true)
    expect(repository.git(['rev-parse', 'main'])).toBe(theirs)
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
        reason: expect.stringMatching(/not on a Friday[\s\S]*pre-receive hook declined/),
        refused: true,
      }),
    )
    const { root: cwd, env } = repository
    repository.branch('b', { 'b.txt': 'b' })
    const ended = await oompa(['merge', 'b', '--push'], { cwd, env })
    expect(ended).toMatchObject({ status: 1, stderr: expect.stringContaining('not on a Friday') })
    expect(ended.stdout.trim()).toBe(repository.git(['rev-parse', 'main']))
  })

  test('a remote that goes on refusing stops the queue, after what has landed was told', async () => {
    const { repository, bare } = withRemote()
    repositoryAt(bare, repository.home).write('hooks/pre-receive', '#!/bin/sh\necho "not on a Friday"\nexit 1\n', 0o755)
    repository.branch('a', { 'a.txt': 'a' })
    repository.branch('b', { 'b.txt': 'b' })
    const hook = mergeQueue({ push: true })
    expect((await submit(repository, hook, ['a'])).map(isRefusal)).toEqual([false])
    await expect(submit(repository, hook, ['b'])).rejects.toMatchObject({
      code: 'push-refused',
      message: expect.stringContaining('not on a Friday'),
      mend: expect.stringContaining('git push origin main'),
    })
    expect(repository.git(['ls-tree', '--name-only', 'main'])).toBe('README.md\na.txt')
  })

  test('a server that refuses once is asked once more', async () => {
    const { repository, bare } = withRemote()
    const once = path.join(repository.home, 'once')
    const refuse = `#!/bin/sh\ntest -e '${once}' || { touch '${once}'; exit 1; }\n`
    repositoryAt(bare, repository.home).write('hooks/pre-receive', refuse, 0o755)
    repository.branch('a', { 'a.txt': 'a' })
    await repository.land('a', { push: true })
    expect(value(repository, bare)).toBe(repository.git(['rev-parse', 'main']))
  })

  test('the landing lock is free while the remote is waited for', async () => {
    const { repository, bare } = withRemote()
    repository.branch('a', { 'a.txt': 'a' })
    repository.branch('b', { 'b.txt': 'b' })
    const [waits, go] = ['waits', 'go'].map((name) => path.join(repository.home, name))
    const hook = `#!/bin/sh\ntouch '${waits}'; until test -e '${go}'; do sleep 0.05; done\n`
    repositoryAt(bare, repository.home).write('hooks/pre-receive', hook, 0o755)
    const pushing = repository.land('a', { push: true })
    await eventually(() => existsSync(waits!))
    expect(isRefusal(await repository.land('b'))).toBe(false)
    writeFileSync(go!, '')
    await pushing
    expect(repository.git(['merge-base', '--is-ancestor', value(repository, bare), 'main'])).toBe('')
  })

  itWith('git-lfs')('large files are on the remote before the branch is', async () => {
    const { repository, bare } = withRemote()
    repository.git(['lfs', 'install', '--local', '--skip-smudge'])
    repository.commit('Track', { '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n' })
    repository.git(['checkout', '-q', '-b', 'asset'])
    repository.commit('Asset', { 'new.bin': 'large'.repeat(1000) })
    repository.git(['checkout', '-q', 'main'])
    // The server takes the branch only if it has the files by then.
    const hook = '#!/bin/sh\ntest -n "$(find lfs/objects -type f)"\n'
    repositoryAt(bare, repository.home).write('hooks/pre-receive', hook, 0o755)
    expect(isRefusal(await repository.land('asset', { push: true }))).toBe(false)
    expect(repository.events).toContainEqual(expect.objectContaining({ type: 'landing.pushed' }))
    const clone = path.join(repository.home, 'colleague')
    repository.git(['clone', '-q', bare, clone])
    repository.git(['lfs', 'install', '--local'], clone)
    repository.git(['lfs', 'pull'], clone)
    expect(readFileSync(path.join(clone, 'new.bin'), 'utf8')).toBe('large'.repeat(1000))
  })

  itWith('git-lfs')(
    'large files of what somebody else has pushed are here before the checkout needs them',
    async () => {
      const { repository, other } = withRemote()
      for (const cwd of [repository.root, other.root]) repository.git(['lfs', 'install', '--local'], cwd)
      repository.commit('Track', { '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n', 'a.bin': 'a' })
      repository.git(['push', '-q', 'origin', 'main'])
      other.git(['pull', '-q'])
      other.commit('Elsewhere', { 'b.bin': 'large' })
      other.git(['push', '-q'])
      // The checkout finds no server: it gets what is here.
      const nowhere = 'GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=lfs.url GIT_CONFIG_VALUE_0=http://127.0.0.1:1/none'
      repository.git(['config', 'filter.lfs.process', `env ${nowhere} git-lfs filter-process`])
      repository.branch('mine', { 'mine.txt': '1' })
      expect(isRefusal(await repository.land('mine', { push: true }))).toBe(false)
      expect(readFileSync(path.join(repository.root, 'b.bin'), 'utf8')).toBe('large')
    },
  )

  itWith('git-lfs')('a push whose large files cannot be uploaded does not push the branch, and says why', async () => {
    const { repository, bare } = withRemote()
    const before = value(repository, bare)
    repository.git(['lfs', 'install', '--local'])
    repository.git(['checkout', '-q', '-b', 'asset'])
    const attributes = '*.bin filter=lfs diff=lfs merge=lfs -text\n'
    repository.commit('Asset', { '.gitattributes': attributes, 'new.bin': 'large' })
    repository.git(['checkout', '-q', 'main'])
    writeFileSync(path.join(bare, 'lfs'), 'no folder')
    await repository.land('asset', { push: true })
    expect(value(repository, bare)).toBe(before)
    expect(repository.events).toContainEqual(
      expect.objectContaining({ type: 'landing.unpushed', reason: expect.stringContaining('large files') }),
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

describe('a remote that accepts the connection and never answers', () => {
  /** A repository whose `ssh` hangs; the number tells its processes from all others. */
  function hanging(seconds: string): { repository: LandingRepository; env: NodeJS.ProcessEnv; left: () => number[] } {
    const repository = landingRepository()
    const ssh = repository.write('.git/ssh', `#!/bin/sh\nexec sleep ${seconds}\n`, 0o755)
    repository.git(['remote', 'add', 'origin', 'ssh://git@example.invalid/x.git'])
    repository.branch('a', { 'a.txt': 'a' })
    return { repository, env: { ...repository.env, GIT_SSH: ssh }, left: () => processes(`sleep ${seconds}`) }
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`is waited for aloud, and ${signal} ends \`oompa merge --push\` with git and ssh`, async () => {
      const { repository, env, left } = hanging(signal === 'SIGINT' ? '98701' : '98702')
      const merge = start(process.execPath, [oompaBin, 'merge', 'a', '--push'], { cwd: repository.root, env })
      await merge.prints(/Waiting for origin: git fetch has been waiting/)
      expect(left()).toHaveLength(1)
      merge.child.kill(signal)
      expect(await merge.ended).toMatchObject({ status: 130, stderr: expect.stringContaining('nothing has changed') })
      expect(left()).toEqual([])
      expect(repository.git(['ls-tree', '--name-only', 'main'])).toBe('README.md')
    })
  }

  test('leaves no ssh behind that takes no notice, however often Ctrl-C is pressed', async () => {
    const { repository, env, left } = hanging('98706')
    repository.write('.git/ssh', "#!/bin/sh\ntrap '' TERM INT\nsleep 98706\n", 0o755)
    const merge = start(process.execPath, [oompaBin, 'merge', 'a', '--push'], { cwd: repository.root, env })
    await eventually(() => left().length === 1)
    merge.child.kill('SIGINT')
    merge.child.kill('SIGINT')
    expect((await merge.ended).status).toBe(130)
    expect(left()).toEqual([])
  })

  test('has a time limit, which is a setting; then it lands here, and git and ssh are gone', async () => {
    const { repository, env, left } = hanging('98703')
    repository.write('oompa.json', JSON.stringify({ limits: { remote: '1s' } }))
    const ended = await oompa(['merge', 'a', '--push'], { cwd: repository.root, env })
    expect(ended).toMatchObject({ status: 0, stderr: expect.stringContaining('did not answer for 1 s') })
    expect(repository.git(['ls-tree', '--name-only', 'main'])).toBe('README.md\na.txt')
    expect(left()).toEqual([])
  })

  test('is not asked again at once: the next landing does not pay for it', async () => {
    const { repository, env, left } = hanging('98704')
    repository.branch('b', { 'b.txt': 'b' })
    process.env.GIT_SSH = env.GIT_SSH
    onTestFinished(() => void delete process.env.GIT_SSH)
    await repository.land('a', { push: true, remoteTimeoutMs: 1000 })
    const began = performance.now()
    await repository.land('b', { push: true, remoteTimeoutMs: 60_000 })
    expect(performance.now() - began).toBeLessThan(30_000)
    const said = repository.events.filter((event) => event.type === 'landing.unpushed')
    expect(said.map((event) => event.reason)).toEqual([
      expect.stringContaining('did not answer for 1 s'),
      expect.stringContaining('asked again in 5 min'),
    ])
    expect(left()).toEqual([])
  })

  test('does not take a landing back that is interrupted in its push', async () => {
    const { repository, bare } = withRemote()
    repository.branch('a', { 'a.txt': 'a' })
    const waits = path.join(repository.home, 'waits')
    const hook = `#!/bin/sh\ntouch '${waits}'; exec sleep 98705\n`
    repositoryAt(bare, repository.home).write('hooks/pre-receive', hook, 0o755)
    const { root: cwd, env } = repository
    const merge = start(process.execPath, [oompaBin, 'merge', 'a', '--push'], { cwd, env })
    await eventually(() => existsSync(waits))
    merge.child.kill('SIGINT')
    const ended = await merge.ended
    expect(ended).toMatchObject({
      status: 130,
      stderr: expect.stringContaining('main is not pushed to origin: interrupted'),
    })
    expect(ended.stdout.trim()).toBe(repository.git(['rev-parse', 'main']))
    expect(processes('sleep 98705')).toEqual([])
  })
})

describe('what a server says', () => {
  test('comes before the words of git, without what only says how far it is', () => {
    const stderr = [
      'Enumerating objects: 5, done.',
      'Writing objects:  50% (1/2)\rWriting objects: 100% (2/2), 200 bytes | 200.00 KiB/s, done.',
      'Total 2 (delta 0), reused 0 (delta 0), pack-reused 0',
      'remote: Resolving deltas: 100% (1/1), done.',
      'remote: error: GH006: Protected branch update failed for refs/heads/main.        ',
      'remote: ',
      'To https://example.com/x.git',
      "error: failed to push some refs to 'https://example.com/x.git'",
    ].join('\n')
    const line = '!\tabc:refs/heads/main\t[remote rejected] (protected branch hook declined)'
    expect(wordsOf(stderr, line)).toBe(
      'error: GH006: Protected branch update failed for refs/heads/main.\n[remote rejected] (protected branch hook declined)',
    )
    const ssh = 'ssh: connect to host x port 22: Connection timed out\nfatal: Could not read from remote repository.\n'
    expect(wordsOf(ssh)).toBe('ssh: connect to host x port 22: Connection timed out')
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

  itWith('git-lfs')('large files are on the remote before the branch of the request is', async () => {
    const { repository, bare } = withRemote()
    const { command } = standIn(repository)
    repository.git(['lfs', 'install', '--local'])
    repository.git(['checkout', '-q', '-b', 'oompa/w1-i1'])
    const attributes = '*.bin filter=lfs diff=lfs merge=lfs -text\n'
    repository.commit('Asset', { '.gitattributes': attributes, 'new.bin': 'large' })
    repository.git(['checkout', '-q', 'main'])
    const hook = '#!/bin/sh\ntest -n "$(find lfs/objects -type f)"\n'
    repositoryAt(bare, repository.home).write('hooks/pre-receive', hook, 0o755)
    const [answer] = await submit(repository, pullRequests({ command }), ['oompa/w1-i1'])
    expect(isRefusal(answer!)).toBe(false)
  })

  test('a server that refuses the branch is quoted', async () => {
    const { repository, bare } = withRemote()
    repository.branch('oompa/w1-i1', { 'a.txt': 'a' })
    repositoryAt(bare, repository.home).write('hooks/pre-receive', '#!/bin/sh\necho "not on a Friday"\nexit 1\n', 0o755)
    const [answer] = await submit(repository, pullRequests({ command: 'true' }), ['oompa/w1-i1'])
    expect(answer).toMatchObject({ refused: 'unavailable', feedback: expect.stringContaining('not on a Friday') })
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
