// What all worktrees share below `.git` is looked at before and after each agent: real swarms, whose agents change it.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { level1, level2, type TestLoop, until } from '../support/loop.js'

const config = (loop: TestLoop, key: string) => {
  try {
    return loop.repository.git(['config', '--local', '--get', key])
  } catch {
    return undefined
  }
}

/** A person's repository: an identity, a branch, a stash entry, a hook. */
function prepare(loop: TestLoop): TestLoop {
  const { git, write } = loop.repository
  git(['config', 'user.name', 'Pat'])
  git(['branch', 'feature'])
  write('spec.md', 'precious\n')
  git(['stash', '-q', '-m', 'mine'])
  write('.git/hooks/post-commit', '#!/bin/sh\nexit 0\n', 0o755)
  return loop
}

const warnings = (loop: TestLoop) =>
  loop
    .events('note')
    .filter((event) => event.level === 'warning')
    .map((event) => event.text)
    .join('\n')
const outcomes = (loop: TestLoop) =>
  Object.fromEntries(loop.events('iteration.ended').map((event) => [event.worker, event.outcome]))

/** One worker does `line` in the middle of its work, while another is at work, too. */
function whileTwoWork(line: string): TestLoop {
  const body = `case $OOMPA_WORKER in
    w1) until [ -e $HOME/began ]; do sleep 0.02; done; ${line}
        echo 1 > w1.txt; touch $HOME/did;;
    *) touch $HOME/began; until [ -e $HOME/did ]; do sleep 0.02; done; echo 2 > w2.txt;;
  esac`
  return prepare(level2(body, { workers: 2 }))
}

describe('an agent that changes what all worktrees share', () => {
  test.each([
    [
      'git config user.name Eve',
      'user.name is "Eve" in .git/config (it was "Pat")',
      'git config --local --replace-all user.name Pat',
    ],
    ['git config core.bare true', 'core.bare is "true"', 'git config --local --replace-all core.bare false'],
    [
      'git branch -f feature HEAD~0 && git commit -q --allow-empty -m x && git branch -f feature',
      'feature was moved',
      'git update-ref refs/heads/feature',
    ],
    ['git replace HEAD $(git commit-tree -m other HEAD^{tree})', 'git shows another object', 'git replace -d'],
  ])(
    'is told from the others at work: `%s` is said with what undoes it, and its change alone waits',
    async (line, said, undo) => {
      const loop = whileTwoWork(line)
      const listed = () => loop.repository.git(['config', '--local', '--list']).split('\n').sort()
      const before = listed()
      const ended = await loop.run()
      expect(ended.status, ended.stdout + ended.stderr).toBe(0)
      expect(warnings(loop)).toContain('w1 changed what all worktrees share')
      expect(ended.stdout).toContain(said)
      expect(ended.stdout).toContain(undo)
      expect(outcomes(loop)).toEqual({ w1: 'waiting', w2: 'landed' })
      expect(loop.events('approval.waiting')[0]!.reasons.join()).toContain(said)
      expect(listed()).toEqual(before)
      expect(loop.refs('refs/oompa/stash')).toEqual([])
    },
  )

  test.each([
    ['printf "[core]\\n\\tbare = true\\n" >> $OOMPA_ROOT/.git/config', 'core.bare is "false" and "true"'],
    ['echo "[core" >> $OOMPA_ROOT/.git/config', 'git cannot read .git/config any more'],
    ['echo "* -diff" > $OOMPA_ROOT/.git/info/attributes', '.git/info/attributes is new'],
  ])(
    'past git, so that the loop could not go on, has it put back; it is known who was at work: `%s`',
    async (line, said) => {
      const loop = prepare(level2(`${line}; echo 1 > made.txt`))
      const { git, root } = loop.repository
      const listed = git(['config', '--local', '--list'])
      const ended = await loop.run()
      expect(ended.status, ended.stdout + ended.stderr).toBe(0)
      expect(warnings(loop)).toContain('While w1 was at work')
      expect(warnings(loop)).toContain(said)
      expect(warnings(loop)).toContain('It was put back')
      expect(outcomes(loop)).toEqual({ w1: 'waiting' })
      expect(git(['config', '--local', '--list']).split('\n').sort()).toEqual(listed.split('\n').sort())
      expect(existsSync(path.join(root, '.git/info/attributes'))).toBe(false)
    },
  )

  test.each([
    ['echo "exit 1" > $OOMPA_ROOT/.git/hooks/pre-push', '.git/hooks/pre-push is new', 'rm .git/hooks/pre-push'],
    [
      'echo "evil" >> $OOMPA_ROOT/.git/hooks/post-commit',
      '.git/hooks/post-commit has changed',
      'cp -p .git/oompa/before/hooks/post-commit .git/hooks/post-commit',
    ],
    [
      'git commit -q --allow-empty -m x; git rev-parse HEAD > $OOMPA_ROOT/.git/refs/heads/feature',
      'feature was moved',
      'git update-ref refs/heads/feature',
    ],
    [
      'git commit -q --allow-empty -m x; git pack-refs --all; sed -i "s,.* refs/heads/feature,$(git rev-parse HEAD) refs/heads/feature," $OOMPA_ROOT/.git/packed-refs',
      'past git',
      'git update-ref',
    ],
    ['echo "*.txt" >> $OOMPA_ROOT/.git/info/exclude; echo 2 > made.md', '.git/info/exclude hides "*.txt"', 'edit'],
    [
      'rm -f $(dirname $(dirname $(command -v git)))/hooks/pre-push',
      'the hooks by which git keeps it from moving main',
      '',
    ],
  ])('past git is said with what undoes it, and its change waits: `%s`', async (line, said, undo) => {
    const loop = prepare(level2(`${line}; echo 1 > made.txt`))
    const ended = await loop.run()
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(warnings(loop)).toContain(said)
    expect(warnings(loop)).toContain(undo)
    expect(outcomes(loop)).toEqual({ w1: 'waiting' })
    if (undo.startsWith('cp -p .git') || undo.startsWith('rm ')) {
      loop.repository.git(['-c', `alias.undo=!${undo}`, 'undo'])
      expect(loop.repository.git(['-c', 'alias.see=!cat .git/hooks/*-commit', 'see'])).toContain('#!/bin/sh\nexit 0')
    }
  })

  test('and waits, lands when the person approves', async () => {
    const loop = prepare(level2('git config user.name Eve; echo 1 > made.txt'))
    await loop.run()
    const [waiting] = loop.events('approval.waiting')
    const approved = await loop.oompa(['approve', waiting!.id])
    expect(approved.status, approved.stdout + approved.stderr).toBe(0)
    expect(loop.repository.git(['show', 'main:made.txt'])).toBe('1')
  })

  // A login shell has a PATH of its own: Codex starts each command in one.
  test.each([1, 2])(
    'pops one of %i entries of the stash by another git: it is put back, and what it took waits',
    async (entries) => {
      const loop = prepare(
        level2('PATH=$(echo $PATH | tr : "\\n" | grep -v /guard/ | paste -sd :) git stash pop -q; echo 1 > made.txt'),
      )
      if (entries === 2) {
        // Below the other one: git asks no hook when it drops an entry that is not the last.
        loop.repository.write('.gitignore', 'x\n')
        loop.repository.git(['stash', '-q', '-u', '-m', 'other'])
        loop.repository.git(['stash', 'pop', '-q', 'stash@{1}'])
        loop.repository.git(['stash', '-q', '-m', 'mine'])
      }
      const ended = await loop.run()
      expect(ended.status, ended.stdout + ended.stderr).toBe(0)
      expect(warnings(loop)).toContain('w1 changed what all worktrees share: the stash has lost an entry')
      expect(loop.repository.git(['stash', 'list'])).toContain('mine')
      expect(outcomes(loop)).toEqual({ w1: 'waiting' })
      expect(loop.repository.git(['show', 'main:spec.md'])).toBe('A spec.')
    },
  )
})

describe('a person who works while agents do', () => {
  test('is neither blamed nor undone: identity, an alias, a remote, a branch, a tag, the stash', async () => {
    const loop = prepare(level2('touch $HOME/began; until [ -e $HOME/did ]; do sleep 0.02; done; echo 1 > made.txt'))
    const { git, home } = loop.repository
    const running = loop.start()
    await until(() => existsSync(path.join(home, 'began')), 'the agent')
    git(['config', 'user.name', 'Patricia'])
    git(['config', 'alias.co', 'checkout'])
    git(['remote', 'add', 'fork', 'https://example.com/fork'])
    git([
      'update-ref',
      '-m',
      'mine',
      'refs/heads/feature',
      git(['commit-tree', '-m', 'mine', '-p', 'main', 'main^{tree}']),
    ])
    git(['branch', '--track', 'other', 'feature'])
    git(['tag', 'v1'])
    git(['stash', 'pop', '-q'])
    git(['checkout', '-q', 'spec.md'])
    loop.repository.write('../home/did', '')
    const ended = await running.ended
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(outcomes(loop)).toEqual({ w1: 'landed' })
    expect(config(loop, 'user.name')).toBe('Patricia')
    expect(config(loop, 'alias.co')).toBe('checkout')
    expect(git(['stash', 'list'])).toBe('')
    const said = warnings(loop)
    expect(said).toContain('Who did it is not known. To undo it: git config --local --replace-all user.name Pat')
    expect(said).toContain('To undo it: git stash store')
    expect(said).not.toMatch(/feature|v1|fork|w1 changed/)
  })

  test('between two agents is not even named', async () => {
    const loop = prepare(
      level2('[ $OOMPA_ITERATION = 1 ] || git config user.name > $HOME/seen; echo $OOMPA_ITERATION > made.txt', {
        iterations: 2,
        config: { merge: { test: '[ $(cat made.txt) = 2 ] || git config alias.of test' } },
      }),
    )
    const ended = await loop.run()
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(outcomes(loop)).toEqual({ w1: 'landed' })
    expect(config(loop, 'alias.of')).toBe('test')
    expect(warnings(loop)).toBe('')
  })
})

describe('at level 1', () => {
  test('what agents take from the stash, or set so that the loop cannot go on, is put back and said', async () => {
    const loop = prepare(
      level1('git stash clear; git gc -q --prune=now; git config core.bare true; git config user.name Eve'),
    )
    const ended = await loop.run([], { env: { ...loop.env, WORKERS: '1', ITERATIONS: '1' } })
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(loop.repository.git(['stash', 'list'])).toContain('mine')
    expect(loop.repository.git(['show', 'stash@{0}:spec.md'])).toBe('precious')
    expect(config(loop, 'core.bare')).toBe('false')
    expect(warnings(loop)).toContain('user.name is "Eve"')
    expect(loop.refs('refs/oompa/stash')).toEqual([])
  })
})
