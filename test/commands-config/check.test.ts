import { chmodSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { judgeGit, nodeFinding, systemFindings } from '../../src/commands/checks/check-machine.js'
import { judgeDisk } from '../../src/commands/checks/check-repository.js'
import { SAMPLE_SPEC } from '../../src/prompts/sample-spec.js'
import { oompa } from '../support/oompa.js'
import { temporaryFolder, testRepository } from '../support/repository.js'

interface Line {
  check: string
  ok: boolean
  warning?: true
  text: string
  mend?: string
}

/** A repository that a run could work in, with an agent of its own. */
function ready() {
  const made = testRepository({ 'prompts/worker.md': 'Goal: x\n', agent: '#!/bin/sh\nexit 0\n' })
  chmodSync(path.join(made.root, 'agent'), 0o755)
  const check = async (...args: string[]) => {
    const { status, stdout, stderr } = await oompa(['check', '--json', ...args], {
      cwd: made.root,
      env: { ...made.env, OOMPA_AGENT: 'command:./agent' },
    })
    expect(stderr).toBe('')
    const lines: Line[] = JSON.parse(stdout)
    return { status, lines, of: (name: string) => lines.filter((line) => line.check === name) }
  }
  return { ...made, check }
}

test('where everything is there, each line is right and the status is 0', async () => {
  const { check, root, env } = ready()
  const { status, lines } = await check()
  expect(lines.filter((line) => !line.ok)).toEqual([])
  expect(status).toBe(0)
  expect(lines.map((line) => line.check)).toEqual(
    expect.arrayContaining([
      'git',
      'Node',
      'repository',
      'disk',
      'worktrees',
      'configuration',
      'hooks',
      'prompt',
      'command:./agent',
    ]),
  )
  const plain = await oompa(['check'], { cwd: root, env: { ...env, OOMPA_AGENT: 'command:./agent' } })
  expect(plain.stdout).toMatch(/^✓ git +\d+\.\d+/m)
})

test('a missing agent is said with how to install it', async () => {
  const { root, env, commit } = testRepository({ 'prompts/worker.md': 'x\n' })
  commit('x')
  const { status, stdout } = await oompa(['check', '--agent', 'command:./nowhere'], { cwd: root, env })
  expect(status).toBe(1)
  expect(stdout).toMatch(/^✗ command:\.\/nowhere/m)
  const unknown = await oompa(['check', '--agent', 'cluade'], { cwd: root, env })
  expect(unknown.status).toBe(1)
  expect(unknown.stdout).toMatch(/^✗ cluade .*There is no agent called/m)
})

test('a broken configuration is one line with its place, and the rest is still looked at', async () => {
  const { check, write } = ready()
  write('oompa.json', '{"wrokers": 1}')
  const { status, of, lines } = await check()
  expect(status).toBe(1)
  expect(of('configuration')).toMatchObject([{ ok: false, text: expect.stringContaining('did you mean `workers`') }])
  expect(lines.length).toBeGreaterThan(5)
})

test('a prompt that is missing, and a hook that cannot be loaded, are said', async () => {
  const { check, write } = ready()
  write('oompa.json', '{"workers":[{"prompt":"nowhere.md"},{}]}')
  write('hooks/review.ts', 'export default (\n')
  const { status, of } = await check()
  expect(status).toBe(1)
  expect(of('prompt')).toMatchObject([{ ok: false, text: expect.stringContaining('nowhere.md') }, { ok: true }])
  expect(of('hooks')).toMatchObject([{ ok: false, text: expect.stringContaining('review.ts') }])
})

test('a file whose name is nearly that of a hook is said, with the level that it costs: status 1', async () => {
  const { check, write, root, env } = ready()
  write('hooks/merge.mjs', 'export default async () => ({ commit: "" })\n')
  write('hooks/reveiw.ts', 'export default async () => ({ approved: true })\n')
  const { status, of } = await check()
  expect(status).toBe(1)
  expect(of('hooks').find((line) => line.warning)).toEqual({
    check: 'hooks',
    ok: false,
    warning: true,
    text: 'hooks/reveiw.ts is not the name of a hook, and is not loaded. Did you mean hooks/review.ts? A run here is of level 2 without it, and not of level 3.',
    mend: 'mv hooks/reveiw.ts hooks/review.ts',
  })
  const plain = await oompa(['check'], { cwd: root, env: { ...env, OOMPA_AGENT: 'command:./agent' } })
  expect(plain.stdout).toMatch(/^! hooks +hooks\/reveiw\.ts is not the name of a hook/m)
})

test('one hook that cannot be loaded hides neither the next, nor the level, nor the agent that a third one asks', async () => {
  const { check, write } = ready()
  write('hooks/event.mjs', 'throw new Error("at once")\n')
  write('hooks/merge.mjs', 'export default 3\n')
  write(
    'hooks/review.mjs',
    "import { reviewer } from 'oompa-loompas'\nexport default reviewer({ agent: 'command:./reads' })\n",
  )
  write('prompts/reviewer.md', 'Read it.\n')
  const { status, of } = await check()
  expect(status).toBe(1)
  expect(of('hooks').map((line) => [line.ok, /hooks\/\w+\.mjs/.exec(line.text)?.[0]])).toEqual([
    [false, 'hooks/event.mjs'],
    [false, 'hooks/merge.mjs'],
  ])
  expect(of('configuration')[0]!.text).toContain('level 3')
  expect(of('command:./reads')).toMatchObject([{ ok: false }])
})

test('tasks with a problem, and what agents work from and do not see, are worth a look, and stop nothing', async () => {
  const { check, write, git } = ready()
  write('tasks/pending/a.edn', '{:id "a" :summ')
  write('prompts/worker.md', 'Goal: match docs/plan.md\n')
  git(['commit', '-qam', 'Prompt'])
  write('docs/plan.md', 'The plan.\n')
  write('spec.md', SAMPLE_SPEC)
  const { status, of } = await check()
  expect(status).toBe(0)
  expect(of('tasks')).toMatchObject([
    { ok: true, warning: true, text: '0 pending, 0 current, 0 complete; 1 problem', mend: 'oompa tasks lint' },
  ])
  expect(of('committed')).toMatchObject([
    { warning: true, text: expect.stringContaining('still the sample') },
    {
      warning: true,
      text: 'docs/plan.md, spec.md are not committed as they stand here: agents work from what is committed, and do not see them.',
      mend: 'git add -A -- docs/plan.md spec.md && git commit -m Spec -- docs/plan.md spec.md',
    },
  ])
})

test('worktrees of an earlier run are named, and stop nothing', async () => {
  const { check, git } = ready()
  git(['worktree', 'add', '-q', '.w1-i1', '-b', 'oompa/w1-i1'])
  const { status, of } = await check()
  expect(status).toBe(0)
  expect(of('worktrees')).toMatchObject([
    { text: expect.stringContaining('1 of earlier runs'), mend: 'oompa cleanup --dry-run' },
  ])
})

test('a setting that does nothing at this level is said', async () => {
  const { check, write } = ready()
  write('oompa.json', '{"reviewer":"codex"}')
  expect((await check()).of('configuration')[0]!.text).toContain('does nothing at level 1')
})

test('no repository, or one without a commit, is said with the command that mends it', async () => {
  const { root, env, git } = testRepository()
  git(['checkout', '-q', '--orphan', 'empty'])
  const empty = await oompa(['check'], { cwd: root, env })
  expect(empty.status).toBe(1)
  expect(empty.stdout).toContain('git commit -m "Start"')
  const nowhere = temporaryFolder()
  const { status, stdout } = await oompa(['check'], { cwd: nowhere, env })
  expect(status).toBe(1)
  expect(stdout).toMatch(/^✓ git/m)
  expect(stdout).toMatch(/^✗ repository .*is not inside a git repository/m)
})

describe('judgements', () => {
  test.each([
    ['git version 2.38.0', true],
    ['git version 2.39.5 (Apple Git-154)', true],
    ['git version 3.0.0', true],
    ['git version 2.37.1', false],
    ['git version 1.99.1', false],
  ])('%s', (printed, ok) => {
    expect(judgeGit(printed).ok).toBe(ok)
  })

  test('Node from 20.19 on', () => {
    expect([nodeFinding('20.18.1').ok, nodeFinding('20.19.0').ok, nodeFinding('24.0.0').ok]).toEqual([
      false,
      true,
      true,
    ])
  })

  test('Windows is sent to WSL', () => {
    expect(systemFindings('linux')).toEqual([])
    expect(systemFindings('win32')).toMatchObject([{ ok: false, mend: expect.stringContaining('wsl') }])
  })

  test('the disk has to have room for one worktree, and should have for all', () => {
    const gigabyte = 2 ** 30
    expect(judgeDisk(100 * gigabyte, gigabyte, 3)).toMatchObject({ ok: true })
    expect(judgeDisk(3 * gigabyte, gigabyte, 3)).toMatchObject({ ok: true, mend: 'oompa cleanup' })
    expect(judgeDisk(gigabyte, gigabyte, 3)).toMatchObject({ ok: false })
  })
})
