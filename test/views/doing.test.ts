import { expect, test } from 'vitest'
import { apply, fold } from '../../src/events/fold.js'
import { coloursFor } from '../../src/views/colour.js'
import { fitted, nowWords } from '../../src/views/doing.js'
import { type Panel, panelAfter, panelLines } from '../../src/views/panels.js'
import { screenLines } from '../../src/views/tell.js'
import { folded } from '../../src/views/width.js'
import { at, started } from '../events/sample.js'

const time = (seconds: number) => Date.parse(at(seconds, started()).at)

function working(text: string, worktree = '.w1-i1') {
  const where = { worker: 'w1', iteration: 1 }
  const state = fold([
    at(0, started()),
    at(1, { type: 'iteration.started', ...where, worktree }),
    at(2, { type: 'agent.started', ...where, agent: 'claude', attempt: 1, role: 'author' }),
    at(3, { type: 'agent.activity', ...where, text }),
  ])
  return { state, words: (seconds = 4) => nowWords(state.workers.get('w1')!, state, time(seconds)) }
}

test('paths are relative to the worktree, which is itself a dot', () => {
  expect(working('Edit: /home/me/repo/.w1-i1/src/a.ts').words()).toBe('Edit: src/a.ts')
  expect(working('Bash: cd /home/me/repo/.w1-i1 && cat "/home/me/repo/.w1-i1/b"').words()).toBe('Bash: cd . && cat "b"')
  expect(working('Read: /home/me/.cache/oompa/r-1/reviews/w1-1-0a1b2c3d/src/a.ts').words()).toBe('Read: src/a.ts')
  expect(working('Read: /etc/hosts').words()).toBe('Read: /etc/hosts')
})

test('a path that is too long loses its beginning, other words their end', () => {
  expect(fitted('Edit: src/a/deep/folder/file.ts', 20)).toBe('Edit: …older/file.ts')
  expect(fitted('in review: Read: src/a/deep/folder/file.ts', 30)).toBe('in review: Read: …lder/file.ts')
  expect(fitted('Bash: npm test -- src/file.ts and more', 20)).toBe('Bash: npm test -- s…')
  expect(fitted('Edit: src/a.ts', 20)).toBe('Edit: src/a.ts')
})

test('silence is shown after two minutes, while an agent works, and ends with what it says', () => {
  const { state, words } = working('Bash: npm test')
  expect(words(3 + 119)).toBe('Bash: npm test')
  expect(words(3 + 120)).toBe('silent for 2m: Bash: npm test')
  expect(words(3 + 3700)).toBe('silent for 1h: Bash: npm test')
  apply(state, at(3700, { type: 'agent.activity', worker: 'w1', text: 'Bash: npm test' }))
  expect(words(3701)).toBe('Bash: npm test')
  apply(state, at(3702, { type: 'landing.testing', worker: 'w1', branch: 'b', command: 'npm test' }))
  expect(words(9000)).toBe('tests: npm test')
})

test('a review says so, and who makes its checkout', () => {
  const { state, words } = working('x')
  apply(
    state,
    at(5, { type: 'agent.ended', worker: 'w1', agent: 'claude', role: 'author', attempt: 1, status: 0, durationMs: 1 }),
  )
  apply(state, at(5, { type: 'agent.activity', worker: 'w1', text: "makes the reviewer's checkout" }))
  expect(words()).toBe("makes the reviewer's checkout")
  apply(state, at(6, { type: 'agent.started', worker: 'w1', agent: 'codex', attempt: 1, role: 'reviewer' }))
  expect(words(6)).toBe('in review')
  apply(state, at(7, { type: 'agent.activity', worker: 'w1', text: 'reviewer: Read: a.ts' }))
  expect(words(7)).toBe('in review: Read: a.ts')
})

test('keys open panels and close them; l goes from worker to worker', () => {
  const press = (keys: string) => {
    let panel: Panel | undefined
    for (const key of keys) panel = panelAfter(key, panel, ['w1', 'w2'])
    return panel
  }
  expect(press('l')).toEqual({ kind: 'logs', worker: 'w1' })
  expect(press('ll')).toEqual({ kind: 'logs', worker: 'w2' })
  expect(press('lll')).toBeUndefined()
  expect(press('a')).toEqual({ kind: 'approvals' })
  expect(press('?x')).toEqual({ kind: 'help' })
  for (const keys of ['aa', '??', 'l\x1b', 'a\x1b', 'x']) expect(press(keys)).toBeUndefined()
})

test('a panel fits the screen: of output the end is shown, of approvals each with its command', () => {
  const { state } = working('x')
  apply(
    state,
    at(9, { type: 'approval.waiting', worker: 'w1', id: 'w1-1-abc', branch: 'b', reasons: ['it touches hooks/'] }),
  )
  const printed = Array.from({ length: 50 }, (_, i) => `line ${i} ${'x'.repeat(100)}`)
  for (const kind of ['logs', 'approvals', 'help'] as const) {
    for (const rows of [1, 2, 5, 22]) {
      const lines = panelLines(kind === 'logs' ? { kind, worker: 'w1' } : { kind }, state, {
        columns: 40,
        rows,
        colours: coloursFor({}, {}),
        printed,
      })
      expect(lines.length).toBeLessThanOrEqual(rows)
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40)
    }
  }
  const options = { columns: 80, rows: 22, colours: coloursFor({}, {}), printed }
  expect(panelLines({ kind: 'logs', worker: 'w1' }, state, options).at(-2)).toMatch(/^line 49/)
  expect(panelLines({ kind: 'approvals' }, state, options)).toEqual([
    '1 change waits for you.',
    'oompa approve w1-1-abc',
    '  it touches hooks/',
    'In another terminal: oompa approvals  Esc back',
  ])
})

test('a long line is folded at spaces, and a word that is too long stays whole', () => {
  expect(folded('one two three', 8)).toEqual(['one two', '  three'])
  expect(folded(`at ${'x'.repeat(20)} y`, 10)).toEqual(['at', `  ${'x'.repeat(20)}`, '  y'])
  expect(folded('short', 10)).toEqual(['short'])
  // Neither the indentation nor what is to be copied is lost.
  expect(folded('  one two three', 10)).toEqual(['  one two', '    three'])
  expect(folded('say `a b c` or `d e`', 10)).toEqual(['say', '  `a b c`', '  or `d e`'])
})

test('of a way out the sentence is folded, and the command stays whole', () => {
  const command = `git commit -m "${'x'.repeat(30)}"`
  expect(screenLines(`oompa: no\n  → ${command}`, 30)).toEqual(['oompa: no', `  → ${command}`])
  expect(screenLines(`Next:\n  ${command}`, 30)).toEqual(['Next:', `  ${command}`])
  expect(screenLines('  → Install a newer Node, and then try again', 30)).toEqual([
    '  → Install a newer Node, and',
    '      then try again',
  ])
  expect(screenLines(`  → Put it aside first, or edit it: ${command}`, 30)).toEqual([
    '  → Put it aside first, or',
    '      edit it:',
    `      ${command}`,
  ])
})
