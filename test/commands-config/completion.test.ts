import { spawnSync } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { complete } from '../../src/cli/next-words.js'
import { names } from '../../src/commands/completion.js'
import { commands, root } from '../../src/commands/index.js'
import { openLog } from '../../src/events/log.js'
import { oompa, oompaBin } from '../support/oompa.js'
import { itWith } from '../support/optional.js'
import { temporaryFolder, testRepository } from '../support/repository.js'

const candidates = (before: string[], current: string) => complete(root, before, current, names)

function repository() {
  const made = testRepository()
  made.write('tasks/pending/login-form.edn', '{:id "login-form" :summary "x"}')
  made.write('tasks/current/logout.json', '{}')
  made.write('tasks/complete/.gitkeep', '')
  const log = openLog(made.root, '3f2a0b1c')
  log.emit({
    type: 'swarm.started',
    pid: process.pid,
    processStart: '',
    host: 'here',
    level: 1,
    workers: [
      { worker: 'w1', agent: 'claude', iterations: 1 },
      { worker: 'w2', agent: 'codex', iterations: 1 },
    ],
    iterations: 1,
    version: '1.0.0',
  })
  log.close()
  const complete = async (...words: string[]) => {
    const current = words.pop() ?? ''
    const { stdout } = await oompa(['completion', `--complete=${current}`, '--', ...words], {
      cwd: made.root,
      env: made.env,
    })
    return stdout.split('\n').filter((line) => line !== '')
  }
  return { ...made, complete }
}

test('commands, subcommands and options come from their own tables', async () => {
  expect(await candidates([], '')).toEqual(expect.arrayContaining(Object.keys(commands)))
  expect(await candidates([], 'ini')).toEqual(['init'])
  expect(await candidates(['worktree'], '')).toEqual(['new', 'list', 'remove'])
  expect(await candidates(['worktree', 'new'], '--n')).toEqual(['--no-setup'])
  expect(await candidates(['worktree', 'new', '--no-setup'], '--n')).toEqual([])
  expect(await candidates(['help'], 'he')).toEqual(['help'])
  expect(await candidates(['completion'], '')).toEqual(['bash', 'zsh', 'fish'])
  expect(await candidates(['merge', 'x', '--strategy'], 're')).toEqual(['rebase'])
  expect(await candidates(['run', '--harness'], 'cl')).toEqual(['claude'])
  expect(await candidates(['run'], '--har')).toEqual([])
})

test('an unknown command, and a place for a file, complete to nothing', async () => {
  expect(await candidates(['nothing'], '')).toEqual([])
  expect(await candidates(['init'], '')).toEqual([])
})

test.each(['/bin/zsh', '/usr/bin/fish'])('candidates are words alone where SHELL is %s', async (shell) => {
  vi.stubEnv('SHELL', shell)
  try {
    expect(await candidates(['merge', 'x'], '--s')).toEqual(['--strategy'])
  } finally {
    vi.unstubAllEnvs()
  }
})

test('swarms, branches and worktrees complete by name', async () => {
  const { complete, git } = repository()
  git(['branch', 'feature/a'])
  git(['branch', 'feature/$(touch)'])
  git(['worktree', 'add', '-q', '../repo-login', '-b', 'feature/login'])
  expect(await complete('info', '')).toEqual(['3f2a0b1c'])
  expect(await complete('worktree', 'new', '--from', 'fea')).toEqual(['feature/a', 'feature/login'])
  expect(await complete('worktree', 'remove', '')).toEqual(['login'])
  expect(await complete('merge', '--into', 'main', '--push', 'fea')).toEqual(['feature/a', 'feature/login'])
  expect(await complete('merge', 'feature/a', 'fea')).toEqual([])
})

test('workers and tasks complete by name', async () => {
  const { root } = repository()
  const before = process.cwd()
  process.chdir(root)
  try {
    expect(await names('worker')).toEqual(['w1', 'w2'])
    expect(await names('pending')).toEqual(['login-form'])
    expect(await names('task')).toEqual(['login-form', 'logout'])
  } finally {
    process.chdir(before)
  }
})

test('outside of a repository there are no names, and no error', async () => {
  const cwd = temporaryFolder()
  const ended = await oompa(['completion', '--complete=', '--', 'info'], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd },
  })
  expect(ended).toMatchObject({ status: 0, stdout: '', stderr: '' })
})

test('a shell that we do not know is status 2', async () => {
  const cwd = temporaryFolder()
  expect(await oompa(['completion', 'tcsh'], { cwd, env: process.env })).toMatchObject({ status: 2 })
  expect(await oompa(['completion'], { cwd, env: process.env })).toMatchObject({ status: 2 })
})

describe('the scripts', () => {
  itWith('bash')('bash completes with ours', () => {
    const { root, env } = repository()
    const bin = temporaryFolder()
    symlinkSync(oompaBin, path.join(bin, 'oompa'))
    const script = `
      source <(oompa completion bash)
      COMP_WORDS=(oompa info 3f); COMP_CWORD=2; _oompa; printf '%s\\n' "\${COMPREPLY[@]}"
      COMP_WORDS=(oompa worktree ""); COMP_CWORD=2; _oompa; printf '%s\\n' "\${COMPREPLY[@]}"
      complete -p oompa
    `
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], {
      cwd: root,
      env: { ...env, PATH: `${bin}:${process.env.PATH}` },
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n')).toEqual([
      '3f2a0b1c',
      'new',
      'list',
      'remove',
      'complete -o bashdefault -o default -F _oompa oompa',
    ])
  })

  for (const shell of ['zsh', 'fish']) {
    test(`that of ${shell} asks us for the candidates`, async () => {
      const ended = await oompa(['completion', shell], { cwd: temporaryFolder(), env: process.env })
      expect(ended.status).toBe(0)
      expect(ended.stdout).toContain('oompa completion --complete=')
    })

    itWith(shell)(`${shell} can read its own`, async () => {
      const cwd = temporaryFolder()
      const { stdout } = await oompa(['completion', shell], { cwd, env: process.env })
      writeFileSync(path.join(cwd, 'script'), stdout)
      expect(spawnSync(shell, ['-n', 'script'], { cwd, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
    })
  }
})
