// Layouts of repositories that people have: what is a checkout of the target, what a sparse checkout leaves out, which
// remote is meant, and what is said where nothing can be done.

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkoutsOf } from '../../src/git/checkouts.js'
import { coneOf } from '../../src/git/sparse.js'
import { chooseRemote } from '../../src/git/upstream.js'
import { commitLeftovers } from '../../src/merge/commit.js'
import { prepareConflict } from '../../src/merge/conflict.js'
import { resolveTarget } from '../../src/merge/target.js'
import { keepWorktree } from '../../src/recovery/keep.js'
import { isRefusal, type Landing, type Refusal } from '../../src/words.js'
import { landingRepository } from '../merge/support.js'
import { oompa, start } from '../support/oompa.js'
import { repositoryAt, testRepository } from '../support/repository.js'

async function lands(answer: Promise<Landing | Refusal>): Promise<void> {
  const landing = await answer
  expect(isRefusal(landing) ? landing.feedback : 'landed').toBe('landed')
}

describe('the remote that a branch is kept together with', () => {
  const one = [['remote.upstream.url', 'u']] as const
  const two = [...one, ['remote.fork.url', 'f']] as const
  test.each([
    ['its upstream’s', [...two, ['branch.main.remote', 'fork']], 'main', 'fork'],
    [
      'the last of what configuration says',
      [...two, ['branch.a.b.remote', 'fork'], ['branch.a.b.remote', 'upstream']],
      'a.b',
      'upstream',
    ],
    ['the only one', one, 'main', 'upstream'],
    [
      'the only one, also where the upstream is a local branch',
      [...one, ['branch.main.remote', '.']],
      'main',
      'upstream',
    ],
    [
      'the only one, also where the upstream is an address',
      [...one, ['branch.main.remote', 'https://e/x']],
      'main',
      'upstream',
    ],
    ['that of another branch is not its own', [...two, ['branch.other.remote', 'fork']], 'main', 'origin'],
    ['checkout.defaultRemote', [...two, ['checkout.defaultremote', 'fork']], undefined, 'fork'],
    ['origin where nothing is said', [], undefined, 'origin'],
  ] as const)('%s', (_, entries, branch, remote) => {
    expect(chooseRemote(entries, branch)).toBe(remote)
  })

  function withUpstream() {
    const repository = landingRepository()
    const bare = path.join(repository.root, '..', 'bare.git')
    repository.git(['branch', '-m', 'main', 'trunk'])
    repository.git(['clone', '-q', '--bare', repository.root, bare])
    repository.git(['remote', 'add', 'upstream', bare])
    repository.git(['fetch', '-q', 'upstream'])
    return { repository, bare }
  }

  test('is pushed to', async () => {
    const { repository, bare } = withUpstream()
    repository.git(['remote', 'add', 'elsewhere', path.join(repository.root, '..', 'nowhere.git')])
    repository.git(['branch', '-q', '--set-upstream-to=upstream/trunk', 'trunk'])
    repository.branch('work', { 'a.txt': 'a\n' }, 'trunk')
    await lands(repository.land('work', { push: true }))
    expect(repository.git(['rev-parse', 'trunk'], bare)).toBe(repository.git(['rev-parse', 'trunk']))
  })

  test('has the default branch that is the target on a detached HEAD', async () => {
    const { repository } = withUpstream()
    repository.git(['remote', 'set-head', 'upstream', '--auto'])
    repository.git(['checkout', '-q', '--detach'])
    expect(await resolveTarget(repository.root)).toBe('trunk')
  })
})

describe('a sparse checkout', () => {
  test('of a cone leaves out what git says it does', () => {
    const isOut = coneOf('/*\n!/*/\n/a/\n!/a/*/\n/a/b/\n/c d/\n/w\\*ld/\n')
    const files = ['top', 'a/x', 'a/b/x', 'a/b/c/x', 'a/other/x', 'c d/x', 'w*ld/x', 'wild/x', 'd/x', 'ab/x']
    expect(files.filter((file) => isOut?.(file))).toEqual(['a/other/x', 'wild/x', 'd/x', 'ab/x'])
    for (const other of ['/in/\n', '/*\n!/*/\n*.md\n', '/*\n!/*/\n/a*/\n', '']) expect(coneOf(other)).toBeUndefined()
  })

  test.each(['--no-sparse-index', '--sparse-index'])(
    'of the person’s stays as it is when a landing brings files outside of it (%s)',
    async (index) => {
      const repository = landingRepository({ 'in/a.txt': 'a\n', 'out/b.txt': 'b\n', 'in/deep/c.txt': 'c\n' })
      repository.branch('work', {
        'in/new.txt': 'new\n',
        'out/new.txt': 'new\n',
        'else/new.txt': 'new\n',
        'out/b.txt': 'theirs\n',
        'top.txt': 'top\n',
      })
      repository.git(['sparse-checkout', 'set', '--cone', index, 'in'])
      repository.write('else/mine.txt', 'mine\n')
      await lands(repository.land('work'))
      expect(repository.git(['status', '--porcelain', '--untracked-files=all'])).toBe('?? else/mine.txt')
      for (const file of ['in/new.txt', 'top.txt']) expect(existsSync(path.join(repository.root, file))).toBe(true)
      for (const file of ['out', 'else/new.txt']) expect(existsSync(path.join(repository.root, file))).toBe(false)
      expect(repository.git(['ls-files', '-t', 'out', 'else'])).toBe('S else/new.txt\nS out/b.txt\nS out/new.txt')
      repository.git(['sparse-checkout', 'disable'])
      expect(readFileSync(path.join(repository.root, 'out/new.txt'), 'utf8')).toBe('new\n')
      expect(repository.git(['status', '--porcelain', '--untracked-files=all'])).toBe('?? else/mine.txt')
    },
  )

  test('keeps nothing of an agent’s leftovers back: new, changed, removed, conflicting, kept', async () => {
    const repository = landingRepository({ 'in/a.txt': 'a\n', 'out/b.txt': 'b\n', 'out/c.txt': 'c\n' })
    repository.git(['sparse-checkout', 'set', '--cone', 'in'])
    const worktree = path.join(repository.root, '.w1-i1')
    repository.git(['worktree', 'add', '-q', '-b', 'oompa/w1-i1', worktree])
    const agent = repositoryAt(worktree, repository.home)
    agent.write('out/b.txt', 'changed\n')
    agent.write('out/new.txt', 'new\n')
    agent.write('in/a.txt', 'changed\n')
    agent.write('out/c.txt', 'c\n')
    const { left } = await commitLeftovers({ path: worktree }, { message: 'Work' })
    expect(left).toEqual([])
    expect(agent.git(['show', '--format=', '--name-status', 'HEAD'])).toBe('M\tin/a.txt\nM\tout/b.txt\nA\tout/new.txt')
    expect(agent.git(['status', '--porcelain'])).toBe('')

    repository.branch('other', { 'out/b.txt': 'theirs\n' })
    const prepared = await prepareConflict(
      repository.root,
      { path: worktree, branch: 'oompa/w1-i1' },
      { into: 'other' },
    )
    expect(prepared.paths).toEqual(['out/b.txt'])
    expect(readFileSync(path.join(worktree, 'out/b.txt'), 'utf8')).toMatch(/<<<<<<<.*changed.*theirs.*>>>>>>>/s)
    // As an agent's own merge leaves it.
    rmSync(path.join(worktree, 'out'), { recursive: true })
    expect((await commitLeftovers({ path: worktree }, { message: 'x' })).unresolved).toEqual(['out/b.txt'])
    const kept = await keepWorktree(
      repository.root,
      { path: worktree, branch: 'oompa/w1-i1' },
      { message: 'Kept', ref: 'refs/oompa/kept/00000000/w1-1', base: 'main' },
    )
    expect(kept.refs).toEqual(['refs/oompa/kept/00000000/w1-1'])
    expect(repository.git(['show', 'refs/oompa/kept/00000000/w1-1:out/b.txt'])).toContain('<<<<<<<')
    expect(agent.git(['status', '--porcelain'])).toBe('')
  })
})

/** A bare clone with a worktree for each branch, its git directory under this name. */
function bareLayout(layout: string) {
  const name = layout.split(' ')[0]!
  const source = landingRepository({ 'README.md': 'hello\n', 'deep/er/file': 'x\n' })
  const project = path.join(path.dirname(source.root), 'project')
  mkdirSync(project)
  source.git(['clone', '-q', '--bare', source.root, path.join(project, name)])
  if (name !== '.git') writeFileSync(path.join(project, '.git'), `gitdir: ./${name}\n`)
  const git = (args: string[], cwd = project) => source.git(args, cwd)
  if (layout.endsWith('worktreeConfig')) {
    git(['config', 'extensions.worktreeConfig', 'true'])
    git(['config', '--unset', 'core.bare'])
    git(['config', '--worktree', 'core.bare', 'true'])
  }
  git(['worktree', 'add', '-q', 'main', 'main'])
  git(['worktree', 'add', '-q', 'feature', '-b', 'feature'])
  for (const [key, value] of Object.entries({ 'user.name': 'Person', 'user.email': 'person@example.com' })) {
    git(['config', key, value])
  }
  return { name, source, project, git, main: path.join(project, 'main'), feature: path.join(project, 'feature') }
}

describe.each(['.bare', '.git', '.git with worktreeConfig'])(
  'a bare clone in %s with a worktree for each branch',
  (layout) => {
    test('has each worktree once among the checkouts, each with its own git directory', () => {
      const { name, project, main, feature } = bareLayout(layout)
      const own = (worktree: string) => path.join(project, name, 'worktrees', worktree)
      for (const root of [main, feature]) {
        expect(checkoutsOf(root, 'main')).toEqual([{ path: main, own: own('main') }])
        expect(checkoutsOf(root, 'feature')).toEqual([{ path: feature, own: own('feature') }])
      }
    })

    test('lands by `oompa merge` in any of them, and never makes an index in the bare one', async () => {
      const { name, source, project, git, main, feature } = bareLayout(layout)
      for (const [worktree, target] of [
        [main, 'main'],
        [feature, 'feature'],
      ] as const) {
        const work = path.join(project, `work-${target}`)
        git(['worktree', 'add', '-q', work, '-b', `work-${target}`, target])
        repositoryAt(work, source.home).commit('Work', { 'README.md': `${target}\n`, [`${target}.txt`]: 'new\n' })
        const ended = await oompa(['merge', `work-${target}`, '--test', `test -e ${target}.txt`], {
          cwd: path.join(worktree, 'deep/er'),
          env: source.env,
        })
        expect(ended.status, ended.stderr).toBe(0)
        expect(readFileSync(path.join(worktree, 'README.md'), 'utf8')).toBe(`${target}\n`)
        expect(git(['status', '--porcelain'], worktree)).toBe('')
        expect(git(['rev-parse', `${target}^2`])).toBe(git(['rev-parse', `work-${target}`]))
      }
      // A landing on a branch that another worktree is on moves that worktree.
      const ended = await oompa(['merge', 'work-main', '--into', 'feature'], { cwd: main, env: source.env })
      expect(ended.stderr).toContain('README.md')
      expect(ended.status).toBe(4)
      expect(existsSync(path.join(project, name, 'index'))).toBe(false)
    })

    test('says, from outside of a worktree, which to go to', async () => {
      const { name, source, project, git } = bareLayout(layout)
      const said = async (cwd: string) => (await oompa(['status'], { cwd, env: source.env })).stderr
      expect(await said(project)).toContain('→ cd main\n')
      expect(await said(path.join(project, name))).toContain('→ cd ../main\n')
      git(['worktree', 'remove', 'main'])
      expect(await said(project)).toContain('→ cd feature\n')
      git(['worktree', 'remove', 'feature'])
      const mend = /→ (git -C .*)\n/.exec(await said(project))?.[1]
      expect(mend).toBe(`git -C ${project}/${name} worktree add ${project}/main main && cd ${project}/main`)
      const made = await start('/bin/sh', ['-c', `${mend} >&2 && pwd`], { cwd: '/', env: source.env }).ended
      expect(made.stdout).toMatch(new RegExp(`${project}/main\n$`))
    })
  },
)

test('a bare repository that is shared is to be cloned', async () => {
  const repository = testRepository()
  const bare = path.join(path.dirname(repository.root), 'shared.git')
  repository.git(['clone', '-q', '--bare', repository.root, bare])
  const ended = await oompa(['status'], { cwd: bare, env: repository.env })
  expect(ended.stderr).toContain(`→ git clone ${bare} ../checkout`)
  expect(ended.status).toBe(2)
})

describe('where nothing can be done', () => {
  test.each([['status'], ['merge', 'main'], ['run']])(
    'another user’s repository: `oompa %s` says how to trust it',
    async (...args) => {
      const repository = testRepository({ 'prompts/worker.md': 'x\n' })
      const env = { ...repository.env, GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' }
      const ended = await oompa(args, { cwd: repository.root, env })
      expect(ended.stderr).toContain('belongs to another user')
      expect(ended.stderr).toContain(`→ git config --global --add safe.directory ${repository.root}`)
      expect(ended.stderr).not.toContain('git init')
      expect(ended.status).toBe(2)
    },
  )

  test('a checkout in which something has set core.bare is not taken for a bare repository', async () => {
    const repository = testRepository()
    repository.git(['config', 'core.bare', 'true'])
    const ended = await oompa(['status'], { cwd: repository.root, env: repository.env })
    expect(ended.stderr).toContain('core.bare says that it is a bare repository')
    const mend = /→ (.*)\n/.exec(ended.stderr)?.[1] ?? ''
    await start('/bin/sh', ['-c', mend], { cwd: '/', env: repository.env }).ended
    expect((await oompa(['worktrees'], { cwd: repository.root, env: repository.env })).status).toBe(0)
  })

  test('a configuration that git cannot read is not taken for no repository', async () => {
    const repository = testRepository()
    writeFileSync(path.join(repository.root, '.git/config'), '[core\n')
    const ended = await oompa(['status'], { cwd: repository.root, env: repository.env })
    expect(ended.stderr).toContain('bad config line 1')
    expect(ended.stderr).not.toContain('git init')
    expect(ended.status).toBe(2)
  })

  test('a folder whose name is not UTF-8 is named as the reason', async () => {
    const repository = testRepository()
    const script = `cd .. && mv repo "$(printf 'r\\351po')" && cd "$(printf 'r\\351po')" && '${process.execPath}' '${path.resolve('bin/oompa')}' status`
    const ended = await start('/bin/sh', ['-c', script], { cwd: repository.root, env: repository.env }).ended
    expect(ended.stderr).toContain('has a name that is not UTF-8')
    expect(ended.status).toBe(2)
  })

  test('a worktree whose repository was moved is to be repaired, and works then', async () => {
    const repository = testRepository()
    const feature = path.join(path.dirname(repository.root), 'feature')
    const inside = path.join(repository.root, '.w1-i1')
    repository.git(['worktree', 'add', '-q', feature, '-b', 'feature'])
    repository.git(['worktree', 'add', '-q', inside, '-b', 'oompa/w1-i1'])
    const moved = `${repository.root} 2`
    renameSync(repository.root, moved)
    const { env } = repository
    const says = async (cwd: string) => {
      const ended = await oompa(['status'], { cwd, env })
      expect(ended.status).toBe(2)
      expect(ended.stderr).toContain('whose repository was moved')
      return /→ (.*)\n/.exec(ended.stderr)?.[1] ?? ''
    }
    expect(await says(feature)).toBe(`git -C WHERE-IT-IS-NOW worktree repair ${feature}`)
    const mend = await says(path.join(moved, '.w1-i1'))
    expect(mend).toBe(`git -C '${moved}' worktree repair '${moved}/.w1-i1'`)
    expect((await start('/bin/sh', ['-c', mend], { cwd: '/', env }).ended).status).toBe(0)
    expect((await oompa(['worktrees'], { cwd: path.join(moved, '.w1-i1'), env })).status).toBe(0)
  })
})
