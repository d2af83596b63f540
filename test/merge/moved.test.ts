// Whatever moved the target, or the remote's branch, beside us: it is shown with its author before we land on top of it.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { changedKeys, movedDestination, rememberDestination } from '../../src/git/destination.js'
import { commandRunner } from '../../src/hooks/commandRunner.js'
import { recordWithdrawn } from '../../src/merge/bypass.js'
import { mergeQueue } from '../../src/merge/hook.js'
import { foreignMove, moveWords } from '../../src/merge/moved.js'
import { openOffers } from '../../src/merge/offers.js'
import { remoteTickets } from '../../src/tasks/refs/landing-tickets.js'
import { gitTasks } from '../../src/tasks/refs/refs-store.js'
import { isRefusal } from '../../src/words.js'
import { level2, type TestLoop, until } from '../support/loop.js'
import { type LandingRepository, landingRepository, submit } from './support.js'

/** A commit on top of main that no worker's log knows of. */
function commitOnMain(repository: LandingRepository): string {
  return repository.git(['commit-tree', '-p', 'main', '-m', 'By somebody', 'main^{tree}'])
}

const ways: Record<string, (repository: LandingRepository, commit: string) => void> = {
  'a commit with hooks off': (repository) =>
    repository.git(['-c', 'core.hooksPath=/dev/null', 'commit', '-q', '--allow-empty', '-m', 'By somebody']),
  'update-ref': (repository, commit) => repository.git(['update-ref', 'refs/heads/main', commit]),
  'a ref file': (repository, commit) =>
    writeFileSync(path.join(repository.root, '.git/refs/heads/main'), `${commit}\n`),
  'packed-refs': (repository, commit) => {
    const old = repository.git(['rev-parse', 'main'])
    repository.git(['pack-refs', '--all'])
    const file = path.join(repository.root, '.git/packed-refs')
    writeFileSync(file, readFileSync(file, 'utf8').replace(`${old} refs/heads/main`, `${commit} refs/heads/main`))
  },
}

describe('a target that moved without us', () => {
  test.each(Object.entries(ways))(
    'by %s is said, with the author of what is new, and then landed upon',
    async (way, move) => {
      const repository = landingRepository()
      repository.branch('first', { 'first.txt': 'x\n' })
      repository.branch('second', { 'second.txt': 'x\n' })
      const hook = mergeQueue({})
      const base = repository.git(['rev-parse', 'main'])
      await submit(repository, hook, ['first'], { base })
      move(repository, commitOnMain(repository))
      const [answer] = await submit(repository, hook, ['second'])
      expect(isRefusal(answer!)).toBe(false)
      const said = repository.events.flatMap((event) =>
        event.type === 'note' && event.text.includes('without a landing') ? [event] : [],
      )
      expect(said).toHaveLength(1)
      expect(said[0]!.text).toMatch(
        /main was moved without a landing, .*: 1 commit new \([0-9a-f]{8} "By somebody" by (Test <test@|Person <person@)example.com>\)/,
      )
      expect(said[0]!.text.includes('past git')).toBe(way === 'a ref file' || way === 'packed-refs')
    },
  )

  test('stops landing where the person wants that, and then a new start is needed', async () => {
    const repository = landingRepository()
    repository.branch('first', { 'first.txt': 'x\n' })
    const hook = mergeQueue({ moved: 'stop' })
    const base = repository.git(['rev-parse', 'main'])
    const to = repository.commit('By somebody')
    for (const _ of ['once', 'again'])
      await expect(submit(repository, hook, ['first'], { base })).rejects.toMatchObject({
        code: 'moved',
        status: 1,
        message: expect.stringContaining('By somebody'),
      })
    expect(repository.git(['rev-parse', 'main'])).toBe(to)
    const [answer] = await submit(repository, mergeQueue({ moved: 'stop' }), ['first'], { base: to })
    expect(isRefusal(answer!)).toBe(false)
  })

  test('our own landings, by whichever process, are none', async () => {
    const repository = landingRepository()
    for (const name of ['a', 'b', 'c']) repository.branch(name, { [`${name}.txt`]: 'x\n' })
    const base = repository.git(['rev-parse', 'main'])
    const hook = mergeQueue({ moved: 'stop' })
    await submit(repository, hook, ['a'], { base })
    await repository.land('b')
    await submit(repository, hook, ['c'])
    expect(repository.events.filter((event) => event.type === 'note')).toEqual([])
  })

  test('back to where it was says what is gone', async () => {
    const repository = landingRepository()
    const from = repository.commit('One more')
    repository.git(['reset', '-q', '--hard', 'HEAD~1'])
    const move = await foreignMove(repository.root, 'main', from, repository.git(['rev-parse', 'main']))
    expect(moveWords(move!)).toMatch(/: 1 commit gone\.$/)
  })

  test('is said once in a swarm, whose change lands all the same', async () => {
    const loop = level2('until [ -e $HOME/did ]; do touch $HOME/began; sleep 0.02; done; echo 1 > made.txt')
    const { home, git } = loop.repository
    const running = loop.start()
    await until(() => existsSync(path.join(home, 'began')), 'the agent')
    git(['-c', 'user.name=Eve', 'commit', '-q', '--allow-empty', '-m', 'Unseen'])
    loop.repository.write('../home/did', '')
    const ended = await running.ended
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(ended.stdout).toContain('"Unseen" by')
    expect(loop.events('landing.landed')).toHaveLength(1)
    expect(loop.events('note').filter((event) => event.text.includes('without a landing'))).toHaveLength(1)
  })
})

/** A swarm with a remote, whose agent does `line` after its commit. */
function withRemote(
  line: string,
  config: Record<string, unknown> = { merge: { push: true } },
  iterations = 1,
): TestLoop {
  const loop = level2(
    `echo $OOMPA_ITERATION > made-$OOMPA_ITERATION.txt; git add -A; git commit -qm "work $OOMPA_ITERATION"; ${line}`,
    { config, iterations },
  )
  const { git, home } = loop.repository
  git(['init', '-q', '--bare', '-b', 'main', path.join(home, 'origin.git')])
  git(['init', '-q', '--bare', '-b', 'main', path.join(home, 'evil.git')])
  git(['remote', 'add', 'origin', path.join(home, 'origin.git')])
  git(['push', '-q', '-u', 'origin', 'main'])
  return loop
}

const remoteLog = (loop: TestLoop, name: string) =>
  spawnSync('git', ['--git-dir', path.join(loop.repository.home, name), 'log', '--format=%s', 'main'], {
    encoding: 'utf8',
  }).stdout

describe('a push to the remote’s target by an agent', () => {
  test.each([
    ['by its name, past the guard', 'git push -q --no-verify origin HEAD:main'],
    ['by its address, which leaves no trace here', 'git push -q --no-verify $HOME/origin.git HEAD:main'],
  ])('%s is noticed: nothing of it is taken in, landing stops, and what undoes it is said', async (_how, line) => {
    const loop = withRemote(line, { merge: { push: true } }, 2)
    const before = loop.repository.git(['rev-parse', 'main'])
    const ended = await loop.run()
    expect(ended.status, ended.stdout + ended.stderr).toBe(1)
    expect(ended.stdout).toContain('origin/main has 1 commit of')
    const undo = /git push --force-with-lease=\S+ origin \S+:refs\/heads\/main/.exec(ended.stdout)?.[0]
    expect(loop.repository.git(['rev-parse', 'main'])).toBe(before)
    loop.repository.git(['-c', `alias.undo=!${undo}`, 'undo'])
    expect(remoteLog(loop, 'origin.git')).toBe('Start\n')
  })

  test('is not to be taken for what a person pushes, of what landed or of their own', async () => {
    const loop = withRemote(
      'until [ -e $HOME/did$OOMPA_ITERATION ]; do touch $HOME/began$OOMPA_ITERATION; sleep 0.02; done',
      {},
      2,
    )
    const { git, home, write } = loop.repository
    const running = loop.start()
    for (const iteration of [1, 2]) {
      await until(() => existsSync(path.join(home, `began${iteration}`)), 'the agent')
      git(['commit', '-q', '--allow-empty', '-m', `Mine ${iteration}`])
      git(['push', '-q', 'origin', 'main'])
      write(`../home/did${iteration}`, '')
    }
    const ended = await running.ended
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(loop.events('landing.landed')).toHaveLength(2)
  })
})

describe('where we push to, and who commits', () => {
  test('keys that differ are named, in their order', () => {
    expect(changedKeys(['a\n1', 'b\n1', 'b\n2'], ['b\n1', 'b\n2', 'a\n1'])).toEqual([])
    expect(changedKeys(['a\n1', 'b\n1'], ['a\n1', 'a\n2', 'c'])).toEqual(['a', 'b', 'c'])
  })

  test.each([
    ['url.x.insteadOf', 'origin'],
    ['remote.origin.pushurl', 'x'],
    ['remote.origin.receivepack', 'x'],
    ['core.sshCommand', 'x'],
    ['credential.helper', 'x'],
    ['http.proxy', 'x'],
  ])('%s is read at the start: a remote that would be another place is not talked to', async (key, value) => {
    const repository = landingRepository()
    repository.git(['remote', 'add', 'origin', '/nowhere'])
    await rememberDestination(repository.root, 'origin')
    repository.git(['config', 'remote.fork.url', 'x'])
    expect(await movedDestination(repository.root, 'origin')).toBeUndefined()
    repository.git(['config', key, value])
    expect(await movedDestination(repository.root, 'origin')).toContain('since the start')
  })

  test('nothing of ours asks a remote that is another place by now: tasks, tickets, offers, work that goes on', async () => {
    const repository = landingRepository()
    const base = path.dirname(repository.root)
    for (const name of ['origin', 'evil']) repository.git(['init', '-q', '--bare', path.join(base, name)])
    repository.git(['remote', 'add', 'origin', path.join(base, 'origin')])
    const { root } = repository
    const store = gitTasks({}, root)
    await store.add({ id: 'true', summary: 'One' })
    await rememberDestination(root, 'origin')
    repository.git(['config', `url.${path.join(base, 'evil')}.insteadOf`, path.join(base, 'origin')])
    const away = { code: 'store-away', message: expect.stringContaining('since the start') }
    await expect(store.list()).rejects.toMatchObject(away)
    await expect(store.add({ summary: 'Two' })).rejects.toMatchObject(away)
    const tickets = remoteTickets({ root, remote: 'origin', refused: () => {} })
    await expect(
      tickets.lane({ target: 'main', swarm: '0123abcd', host: 'alder', leaseMs: 60_000 }),
    ).rejects.toMatchObject(away)
    const offersIn = (at: string) => {
      const { signal } = new AbortController()
      const context = { root: at, signal, emit: () => {}, run: commandRunner(at), env: { OOMPA_SWARM: '0123abcd' } }
      return openOffers(context, 'main', { push: true })
    }
    const commit = repository.branch('work', { 'b.txt': 'b\n' })
    const offer = { branch: 'work', commit, base: repository.git(['rev-parse', 'main']), worker: 'w1', iteration: 1 }
    const candidate = { ...offer, task: { id: 'true' } }
    expect(await offersIn(root).tell([candidate])).toEqual([])
    // Another clone would take it from where an agent has put it.
    const ref = 'refs/oompa/changes/89abcdef/w1/true'
    repository.git(['push', '-q', path.join(base, 'evil'), `work:${ref}`])
    const clone = path.join(base, 'clone')
    repository.git(['clone', '-q', '--no-local', '--single-branch', '-b', 'main', root, clone])
    repository.git(['remote', 'set-url', 'origin', path.join(base, 'origin')], clone)
    await rememberDestination(clone, 'origin')
    repository.git(['remote', 'set-url', 'origin', path.join(base, 'evil')], clone)
    expect(await offersIn(clone).take([{ ...candidate, swarm: '89abcdef' }], 8)).toEqual([])
    repository.git(['remote', 'set-url', 'origin', path.join(base, 'origin')], clone)
    repository.git(['--git-dir', path.join(base, 'evil'), 'push', '-q', path.join(base, 'origin'), ref])
    expect(await offersIn(clone).take([{ ...candidate, swarm: '89abcdef' }], 8)).toHaveLength(1)
    expect(repository.git(['--git-dir', path.join(base, 'evil'), 'for-each-ref', '--format=%(refname)'])).toBe(ref)
  })

  test('an agent that rewrites addresses past git sends nothing elsewhere; its own git is undone, and the rest is pushed', async () => {
    const rewrite = (how: string) =>
      withRemote(how.replace('EVIL', '$HOME/evil.git').replace('GOOD', '$HOME/origin.git'), {
        merge: { push: true, test: 'true' },
      })
    const byHand = rewrite('printf "[url \\"EVIL\\"]\\n\\tinsteadOf = GOOD\\n" >> $OOMPA_ROOT/.git/config')
    const hand = await byHand.run()
    expect(hand.stdout).toContain('since the start')
    expect(remoteLog(byHand, 'evil.git')).toBe('')
    const byGit = rewrite('[ $OOMPA_WORKER = w2 ] || git config url.EVIL.insteadOf GOOD')
    const ended = await byGit.run(['--workers', '2'])
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(remoteLog(byGit, 'evil.git')).toBe('')
    expect(remoteLog(byGit, 'origin.git')).toContain('work 1')
  })

  test('an identity that an agent sets past git while we land is not that of our commits', async () => {
    const loop = level2(
      'printf "[user]\\n\\tname = Eve\\n[commit]\\n\\tgpgSign = true\\n[gpg]\\n\\tprogram = $HOME/evil\\n" >> $OOMPA_ROOT/.git/config; echo 1 > made.txt',
    )
    for (const name of ['GIT_AUTHOR_NAME', 'GIT_COMMITTER_NAME']) delete loop.env[name]
    loop.repository.git(['config', 'user.name', 'Pat'])
    const ended = await loop.run()
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    const [waiting] = loop.events('approval.waiting')
    expect(loop.repository.git(['log', '-1', '--format=%an %cn', waiting!.commit!])).toBe('Pat Pat')
  })
})

test('what was taken out by us is gone by nobody, also when a value that was taken out before has been collected', async () => {
  const { root, git } = landingRepository()
  const before = git(['rev-parse', 'main'])
  const landing = git(['commit-tree', '-p', 'main', '-m', 'Taken back', 'main^{tree}'])
  const collected = '0123456789'.repeat(4)
  expect(await foreignMove(root, 'main', landing, before)).toMatchObject({ gone: 1 })
  recordWithdrawn(root, collected)
  recordWithdrawn(root, landing)
  expect(await foreignMove(root, 'main', landing, before)).toBeUndefined()
  // A value that the target had, and that nobody can look at any more, is not taken for one that had nothing.
  await expect(foreignMove(root, 'main', collected, before)).rejects.toThrow('bad object')
})
