import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { expect, onTestFinished, vi } from 'vitest'
import { packageRoot } from '../support/oompa.js'
import { itWith } from '../support/optional.js'
import { temporaryFolder } from '../support/repository.js'

const test = itWith('tmux')

interface Pane {
  /** What the terminal shows, without the empty lines below. */
  lines(): string[]
  resize(columns: number, rows: number): void
  type(keys: string): void
}

function pane(columns: number, rows: number, env: Record<string, string> = {}): Pane {
  const folder = temporaryFolder('oompa-tmux-')
  const tmux = (...args: string[]) =>
    execFileSync('tmux', ['-L', 'oompa-test', '-f', '/dev/null', ...args], {
      encoding: 'utf8',
      cwd: packageRoot,
      env: { PATH: process.env.PATH, TMUX_TMPDIR: folder, LANG: 'C.UTF-8', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  const feed = path.join('test', 'views', 'feed.mjs')
  const program = `exec env -u CI NO_COLOR=1 '${process.execPath}' ${feed}; exec sleep 100`
  tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), `sh -c "${program.replace('exec env', 'env')}"`)
  onTestFinished(() => {
    tmux('kill-server')
  })
  return {
    lines: () => tmux('capture-pane', '-p').trimEnd().split('\n'),
    resize: (width, height) => void tmux('resize-window', '-x', String(width), '-y', String(height)),
    type(keys) {
      tmux('send-keys', '-l', keys)
      tmux('send-keys', 'Enter')
    },
  }
}

const patience = { timeout: 120_000, interval: 100 }
const tables = (lines: readonly string[]) => lines.filter((line) => /(^| )now( |$)/.test(line)).length

test('on a terminal of 80 columns the table stands once, below the printed lines', async () => {
  const terminal = pane(80, 24)
  await vi.waitFor(() => expect(terminal.lines().join('\n')).toMatch(/printed line 3/), patience)
  const lines = terminal.lines()
  expect(tables(lines)).toBe(1)
  expect(lines.slice(-5)).toEqual([
    expect.stringMatching(/^worker {2}iter {2}task {2}now +time +cost$/),
    expect.stringMatching(/^w1 {6}1\/5 {3}t-1 {3}Bash: npm run step-\d+ +0:0\d +–$/),
    expect.stringMatching(/^w2 {6}1\/5 {3}t-2 {3}Edit 日本語\/ファイル.ts and a very .*… +0:0\d +–$/),
    expect.stringMatching(/^w3 {6}1\/5 {3}t-3 {3}tests: npm test +0:0\d +\$0.42$/),
    expect.stringMatching(/^swarm 3f2a91bc {2}0:0\d {2}\$0.42 {2}3 of 3 at work$/),
  ])
  // Right-aligned columns line up, also in the line with wide characters.
  const ends = lines.slice(-5, -1).map((line) => [...line].reduce((sum, c) => sum + (c > '\u2fff' ? 2 : 1), 0))
  expect(new Set(ends).size).toBe(1)
})

test('on resize, narrower and wider, no remains are left', async () => {
  const terminal = pane(80, 24)
  await vi.waitFor(() => expect(terminal.lines().join('\n')).toMatch(/printed line 1/), patience)
  terminal.resize(40, 24)
  await vi.waitFor(() => expect(terminal.lines().join('\n')).toMatch(/printed line 3/), patience)
  const narrow = terminal.lines()
  expect(tables(narrow)).toBe(1)
  expect(narrow.slice(-4, -1)).toEqual([
    expect.stringMatching(/^w1 1\/5 Bash: npm run step.* 0:\d\d +–$/),
    expect.stringMatching(/^w2 1\/5 Edit 日本語\/ファイル.* 0:\d\d +–$/),
    expect.stringMatching(/^w3 1\/5 tests: npm test +0:\d\d \$0.42$/),
  ])
  terminal.resize(100, 12)
  await vi.waitFor(() => expect(terminal.lines().join('\n')).toMatch(/printed line 6/), patience)
  const wide = terminal.lines()
  expect(tables(wide)).toBe(1)
  expect(wide.length).toBeLessThanOrEqual(12)
})

test('sixty workers fit on a small screen, and the summary comes whole at the end', async () => {
  const terminal = pane(80, 12, { FEED_WORKERS: '60' })
  await vi.waitFor(() => expect(terminal.lines().join('\n')).toMatch(/… and \d+ more/), patience)
  expect(terminal.lines().length).toBeLessThanOrEqual(12)
  terminal.type('end')
  await vi.waitFor(() => expect(terminal.lines().join('\n')).toMatch(/w60 {2}claude:opus {2}1 iteration/), patience)
  expect(tables(terminal.lines())).toBe(0)
})
