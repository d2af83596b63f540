import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Ended, oompa, oompaBin } from '../support/oompa.js'
import { itWith } from '../support/optional.js'
import { cleanEnvironment, temporaryFolder } from '../support/repository.js'

const VERSES = ['refrain', 'verse-1', 'verse-2', 'verse-3']

interface Demo extends Ended {
  readonly root: string
  git(...args: string[]): string
}

async function demo(level: number): Promise<Demo> {
  const home = temporaryFolder()
  const env = cleanEnvironment(home, { TMPDIR: home })
  const ended = await oompa(['demo', '--level', String(level)], { cwd: home, env })
  const root = /^Repository: (.+)$/m.exec(ended.stdout)?.[1]
  if (!root) throw new Error(`${ended.stdout}\n${ended.stderr}`)
  onTestFinished(() => rmSync(path.dirname(root), { recursive: true, force: true }))
  return { ...ended, root, git: (...args) => execFileSync('git', args, { cwd: root, env, encoding: 'utf8' }).trim() }
}

/** Processes that work below a folder. */
function processesIn(folder: string): string[] {
  if (!existsSync('/proc')) return []
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && `${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${folder}/`)
    } catch {
      return false
    }
  })
}

/** Runs the demo's own test on every value that main ever had. */
function everyCommitPasses({ root, git }: Demo): void {
  const scratch = path.join(path.dirname(root), 'scratch')
  git('worktree', 'add', '--quiet', '--detach', scratch, 'main')
  for (const commit of git('rev-list', '--first-parent', 'main').split('\n')) {
    execFileSync('git', ['checkout', '--quiet', commit], { cwd: scratch })
    execFileSync('sh', ['test.sh'], { cwd: scratch })
  }
  git('worktree', 'remove', scratch)
}

function nothingIsLeft({ root, git }: Demo): void {
  expect(processesIn(root)).toEqual([])
  expect(git('status', '--porcelain')).toBe('')
}

test('level 1: every iteration has its commit, on a branch and in a worktree of its own', async () => {
  const ran = await demo(1)
  expect(ran.status, ran.stderr).toBe(0)
  const branches = [1, 2, 3].flatMap((worker) => [1, 2].map((iteration) => `oompa/w${worker}-i${iteration}`))
  expect(ran.git('branch', '--list', 'oompa/*', '--format=%(refname:short)').split('\n').sort()).toEqual(branches)
  for (const branch of branches) {
    expect(ran.git('rev-list', '--count', `main..${branch}`)).toBe('1')
    expect(existsSync(path.join(ran.root, `.${branch.slice('oompa/'.length)}`))).toBe(true)
  }
  expect(ran.git('rev-list', '--count', 'main')).toBe('1')
  nothingIsLeft(ran)
})

for (const level of [2, 3]) {
  test(`level ${level}: every task has landed, and was green all the way`, async () => {
    const ran = await demo(level)
    expect(ran.status, ran.stderr).toBe(0)
    expect(ran.git('ls-tree', '--name-only', 'main', 'verses/').split('\n').sort()).toEqual(
      VERSES.map((verse) => `verses/${verse}.txt`),
    )
    expect(
      readdirSync(path.join(ran.root, 'tasks/complete'))
        .filter((name) => name.endsWith('.edn'))
        .sort(),
    ).toEqual(VERSES.map((verse) => `${verse}.edn`))
    expect(readdirSync(path.join(ran.root, 'tasks/pending')).filter((name) => name.endsWith('.edn'))).toEqual([])
    for (const verse of VERSES) {
      const task = readFileSync(path.join(ran.root, 'tasks/complete', `${verse}.edn`), 'utf8')
      const merged = /:merged-commit "([0-9a-f]{40})"/.exec(task)?.[1]
      expect(merged, task).toBeDefined()
      ran.git('merge-base', '--is-ancestor', merged!, 'main')
    }
    // The gate stays for the next swarm, in the cache folder.
    const worktrees = ran.git('worktree', 'list').split('\n')
    expect(worktrees.filter((line) => line.startsWith(ran.root))).toHaveLength(1)
    expect(ran.git('branch', '--list', 'oompa/*')).toBe('')
    everyCommitPasses(ran)
    nothingIsLeft(ran)
    if (level === 3) {
      expect(ran.stdout).toMatch(/rejected|sent back|rhyme/i)
      for (const verse of VERSES) expect(ran.git('show', `main:verses/${verse}.txt`)).not.toContain('goes home')
    }
  })
}

itWith('tmux')('on a terminal of 80 columns it fits, and ends as well', async () => {
  const home = temporaryFolder()
  const env = cleanEnvironment(home, { TMPDIR: home, TMUX_TMPDIR: home, TERM: 'xterm' })
  const tmux = (...args: string[]) =>
    execFileSync('tmux', ['-L', 'oompa-demo', '-f', '/dev/null', ...args], { encoding: 'utf8', cwd: home, env })
  const program = `env -u CI NO_COLOR=1 '${process.execPath}' '${oompaBin}' demo --level 2; echo "ended with $?"; tmux -L oompa-demo wait-for -S ended; exec sleep 60`
  tmux('new-session', '-d', '-x', '80', '-y', '50', program)
  onTestFinished(() => void tmux('kill-server'))
  tmux('wait-for', 'ended')
  const lines = tmux('capture-pane', '-p', '-S', '-').trimEnd().split('\n')
  expect(lines).toContain('ended with 0')
  expect(lines.join('\n')).toContain('What landed on main')
  // Without -J a line that is wider than the terminal comes as several: none of the table's may.
  expect(lines.filter((line) => /^\s*now\s*$/.test(line))).toEqual([])
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
})
