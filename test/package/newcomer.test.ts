// A newcomer goes through the README and the first steps of the docs in a terminal of 80 × 24: each command as it is
// written, no line that the terminal has to wrap, and each command under "Next:" is run and does what is said of it.

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { packageRoot } from '../support/oompa.js'
import { itWith } from '../support/optional.js'
import { prompt, type Said } from '../support/prompt.js'
import { cleanEnvironment, type TestRepository, testRepository } from '../support/repository.js'
import { linesOf } from './documents.js'
import { pack, registry } from './install.js'

/** Says what Claude Code says: one verse for each piece of work, a plan of one task, and yes to each change. */
const CLAUDE = String.raw`#!/usr/bin/env bash
case "$1" in
  --version) echo '2.1.197 (Claude Code)'; exit;;
  auth) echo '{"loggedIn": true}'; exit;;
esac
input=$(cat)
case "$input" in
  *'VERDICT: APPROVED'*)
    said='VERDICT: APPROVED'
    [ ! -e "$HOME/no" ] || said='There is no chorus.\n\nVERDICT: CHANGES NEEDED';;
  *'You make a plan'*) said='[{\"id\": \"chorus\", \"summary\": \"Write the chorus\"}]';;
  *'the one word: ready'*) said='ready';;
  *)
    while [ -e "$HOME/hold" ]; do sleep 0.1; done
    said='I wrote a verse.'
    cd "$OOMPA_WORKTREE"
    echo "$OOMPA_TASK" > "verse-$(date +%s%N).txt"
    git add -A && git commit -qm 'A verse';;
esac
case " $* " in
  *' stream-json '*)
    echo '{"type":"system","subtype":"init","session_id":"s"}'
    echo '{"type":"result","subtype":"success","is_error":false,"result":"'"$said"'","session_id":"s","total_cost_usd":0.01}';;
  *) echo -e "$said";;
esac
`

/** A newcomer in a repository, with `claude` on the PATH and soon `oompa`. */
interface Newcomer {
  /** The one that they are in. */
  readonly repository: TestRepository
  /** Runs a line, which must end with one of these, 0 unless given, and print nothing that is wider than the screen. */
  does(line: string, ...statuses: number[]): Promise<Said>
  /** As `does`, then each command that stands under its "Next:": it must work, and print something. */
  follows(line: string, ...statuses: number[]): Promise<Said>
  /** As `does`, with Ctrl-C as soon as the screen shows this. */
  interrupts(line: string, at: RegExp): Promise<Said>
  /** Makes claude wait in its work, or say no as a reviewer, while this is on. */
  claude(word: 'hold' | 'no', on: boolean): void
  /** To another repository of theirs. */
  moves(files: Readonly<Record<string, string>>): Promise<void>
}

/** The commands of a "Next:". */
function nextOf({ lines }: Said): string[] {
  const at = lines.findIndex((line) => /^Next\b.*:$/.test(line))
  if (at < 0) return []
  const end = lines.findIndex((line, index) => index > at && !line.startsWith('  '))
  return lines
    .slice(at + 1, end < 0 ? undefined : end)
    .flatMap((line) => /^ {2}([^# ].*?)(?: {2,}.*)?$/.exec(line)?.[1] ?? [])
}

async function newcomer(files: Readonly<Record<string, string>>): Promise<Newcomer> {
  let repository = testRepository(files)
  const { home } = repository
  const prefix = path.join(home, 'prefix')
  repository.write('../home/bin/claude', CLAUDE, 0o755)
  repository.write('../home/bin/editor', '#!/bin/sh\necho "A song." > "$1"\n', 0o755)
  // Of agents there is `claude` alone, and the real ones that a machine may have are not theirs.
  const others = ['oompa', 'claude', 'codex', 'gemini', 'opencode']
  const folders = (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter((folder) => !others.some((one) => existsSync(path.join(folder, one))))
  const env = {
    ...cleanEnvironment(home, registry()),
    PATH: [path.join(home, 'bin'), path.join(prefix, 'bin'), ...folders].join(path.delimiter),
    npm_config_prefix: prefix,
    TMPDIR: home,
    EDITOR: 'editor',
    PAGER: 'cat',
    NO_COLOR: '1',
    WORKERS: '2',
    ITERATIONS: '1',
  }
  const shell = await prompt((line) => repository.write('../home/line', line), { cwd: repository.root, env })
  const runs = async (line: string, statuses: readonly number[], meanwhile?: (screen: string) => void) => {
    const said = await shell.run(line, meanwhile)
    const all = `$ ${line}\n${said.lines.join('\n')}\n[${said.status}]`
    expect(statuses.length === 0 ? [0] : statuses, all).toContain(said.status)
    // What git, npm and their like print is theirs.
    if (line.includes('oompa'))
      expect
        .soft(
          said.wrapped.filter((one) => !one.startsWith('npm ')),
          all,
        )
        .toEqual([])
    // The table is gone with its swarm, and has left nothing.
    if (/oompa (run|resume)|_loompas/.test(line)) expect.soft(all).not.toMatch(/^worker {2}iter/m)
    return said
  }
  return {
    get repository() {
      return repository
    },
    async moves(others) {
      repository = testRepository(others, 'second', home)
      await runs(`cd ${repository.root}`, [])
    },
    does: (line, ...statuses) => runs(line, statuses),
    async follows(line, ...statuses) {
      const said = await runs(line, statuses)
      for (const command of nextOf(said)) expect((await runs(command, [])).lines.join(''), command).not.toBe('')
      return said
    },
    async interrupts(line, at) {
      let pressed = false
      return runs(line, [130], (screen) => {
        if (pressed || !at.test(screen)) return
        pressed = true
        shell.press('C-c')
      })
    },
    claude: (word, on) =>
      on ? writeFileSync(path.join(home, word), '') : rmSync(path.join(home, word), { force: true }),
  }
}

/** The README's four lines, what they advise, and what a person looks at first. */
async function firstRun(person: Newcomer): Promise<void> {
  expect((await person.does('oompa')).lines.length).toBeLessThanOrEqual(20)
  const [init = '', edit = '', commit = '', run = ''] = linesOf('README.md', 'oompa init')
  const advised = nextOf(await person.does(init))
  expect(advised).toHaveLength(5)
  // The sample is nobody's spec, and agents do not see what is not committed: each is said, with the command.
  const early = (await person.does('oompa check')).lines.join('\n')
  expect(early).toMatch(/^! committed +spec\.md is still the sample/m)
  expect(early).toMatch(/→ git add -A -- spec\.md tasks && git commit/)
  await person.does(edit)
  await person.does(commit)
  expect((await person.does('oompa check')).lines.join('\n')).not.toMatch(/^[!✗]/m)
  expect(nextOf(await person.follows(run))).toEqual(['oompa worktrees'])
  for (const look of ['oompa list', 'oompa view', 'oompa status', 'oompa approvals', 'oompa help run', 'oompa help'])
    await person.does(look)
}

/** The README's four files, a plan, and a swarm with all of them. */
async function fourFiles(person: Newcomer): Promise<void> {
  for (const line of linesOf('README.md', 'oompa add merge')) await person.follows(line)
  expect((await person.does('oompa plan --yes')).lines.join('\n')).toContain('wrote 1 task')
  await person.does('oompa tasks')
  const ran = await person.follows('oompa run')
  expect(ran.lines.join('\n')).toMatch(/#1 {2}landed {2}chorus/)
  expect(person.repository.git(['status', '--porcelain'])).toBe('')
}

/** A refusal and a Ctrl-C: what comes next is said, and is right. */
async function otherEnds(person: Newcomer): Promise<void> {
  await person.does('oompa tasks add "Write the bridge"')
  person.claude('no', true)
  const [salvage] = nextOf(await person.follows('oompa run', 1))
  expect(salvage).toMatch(/^oompa salvage .* --dry-run$/)
  person.claude('no', false)
  await person.follows('oompa salvage')
  person.claude('hold', true)
  const [resume = ''] = nextOf(await person.interrupts('oompa run', /[12] of 2 at work/))
  person.claude('hold', false)
  expect(resume).toMatch(/^oompa resume /)
  await person.follows(resume)
  for (const look of ['oompa list', 'oompa view', 'oompa worktrees', 'oompa cleanup']) await person.does(look)
  await person.does('oompa salvage', 0, 3)
}

/** The first steps of docs/living.md: leave it running, look, end it, come back to it. */
async function living(person: Newcomer): Promise<void> {
  const steps = (first: string) => linesOf('docs/living.md', first)
  person.claude('hold', true)
  for (const line of steps('oompa run --detach')) await person.does(line)
  const [status = '', watch = ''] = steps('oompa status')
  await person.does(status)
  for (const line of steps('oompa stop')) await person.does(line)
  person.claude('hold', false)
  // Until the swarm has ended.
  await person.does(watch)
  for (const first of ['oompa list', 'oompa salvage', 'oompa salvage --land', 'oompa cleanup --dry-run'])
    for (const line of steps(first)) await person.does(line, 0, 3)
}

/** A fresh clone of this repository, with what npm would fetch. */
function cloned(folder: string): string {
  const clone = path.join(folder, 'oompa-loompas')
  execFileSync('git', ['clone', '--quiet', packageRoot, clone])
  const modules = path.join(packageRoot, 'node_modules')
  cpSync(modules, path.join(clone, 'node_modules'), { recursive: true, verbatimSymlinks: true })
  return clone
}

const PYTHON = { 'main.py': 'print(1)\n' }
const NODE = {
  'package.json': JSON.stringify({ name: 'song', version: '1.0.0', scripts: { test: 'node --test' } }),
  'song.test.mjs': "import 'node:test'\n",
}

/** By the lines of the README, as whoever clones it does. */
async function fromClone(person: Newcomer): Promise<void> {
  const { root, home } = person.repository
  await person.does(`cd ${cloned(home)}`)
  for (const line of linesOf('README.md', 'npm install &&')) await person.follows(line)
  // It is built.
  await person.does('export npm_config_ignore_scripts=true')
  for (const line of linesOf('README.md', 'npm install --global .')) await person.does(line)
  await person.does(`cd ${root}`)
}

async function fromPacked(person: Newcomer): Promise<void> {
  const packed = pack()
  onTestFinished(() => packed.remove())
  await person.does(`npm install --global ${packed.tarball}`)
}

describe('a newcomer, at 80 × 24', () => {
  itWith('tmux')('from a fresh clone, in a Python repository and in a Node one', { timeout: 1_800_000 }, async () => {
    const person = await newcomer(PYTHON)
    await fromClone(person)
    await firstRun(person)
    await fourFiles(person)
    await person.moves(NODE)
    await firstRun(person)
    await fourFiles(person)
  })

  itWith('tmux')('from the packed file, in a Node repository and in a Python one', { timeout: 1_800_000 }, async () => {
    const person = await newcomer(NODE)
    await fromPacked(person)
    await firstRun(person)
    await fourFiles(person)
    await otherEnds(person)
    await living(person)
    await person.moves(PYTHON)
    await firstRun(person)
    await fourFiles(person)
  })
})
