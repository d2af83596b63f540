import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { startedHere, stopped, writeEvents } from '../events/folder.js'
import { at, COMMIT, sampleEvents } from '../events/sample.js'
import { oompa } from '../support/oompa.js'
import { type TestRepository, testRepository } from '../support/repository.js'

const A = 'aaaa0001'
const HOSTILE = '<script>alert(1)</script> | `a` ``b @somebody #1 [x](http://evil.example) \u001b[31m\u202e'

/** A swarm that has ended, and landed the repository's own commit. */
function ended(repository: TestRepository): void {
  const commit = repository.git(['rev-parse', 'HEAD'])
  const events = sampleEvents()
    .slice(1)
    .map((event) => ({ ...event, swarm: A, ...(event.commit === COMMIT ? { commit } : {}) }))
  const first = { ...startedHere(0, A), argv: ['run', '--workers', '2'], budgetUsd: 5 }
  writeEvents(repository.root, A, [
    first,
    ...events,
    at(
      30,
      { type: 'approval.waiting', worker: 'w1', iteration: 1, id: 'w1-1-1a2b3c4', reasons: [HOSTILE], branch: 'b' },
      A,
    ),
    at(31, { type: 'note', text: HOSTILE, level: 'warning' }, A),
    stopped(3600, A, 5),
  ])
}

test('the report says what landed, by whom, at what cost, how much succeeded, and where the rest is', async () => {
  const repository = testRepository()
  ended(repository)
  const { status, stdout } = await oompa(['report', 'aaaa'], { cwd: repository.root, env: repository.env })
  expect(status).toBe(0)
  const commit = repository.git(['rev-parse', 'HEAD']).slice(0, 8)
  for (const words of [
    `# Swarm ${A}`,
    '- asked for: `oompa run --workers 2`',
    '- success rate: 50 % of what was decided',
    '- time to merge: 11s (half took less)',
    '- cost: $0.25 of $5.00',
    `| \`${commit}\` | \`Start\` | \`t-1\` | \`w1 #1, claude:opus\` | 11s |`,
    '| `w2 #1` | refused |  | `refs/oompa/kept/3f2a91bc/w2-1` | `conflict` | – |',
    '| `claude:opus` | author | 1 | 0 | $0.25 | 10 | 5 |',
    '| `codex:o3` | author | 1 | 0 | not said | – | – |',
    '| `conflict` | 1 |',
    '| `w1-1-1a2b3c4` |',
    '| `oompa approvals` | see what waits for you |',
  ]) {
    expect(stdout).toContain(words)
  }
  // Each row has as many cells as its head, whatever stands in them.
  const rows = stdout.split('\n').filter((line) => line.startsWith('|'))
  expect(rows.every((line) => line.endsWith(' |'))).toBe(true)
  expect(stdout).not.toMatch(/[\u001b\u202e]/)
  const note = stdout.split('\n').find((line) => line.includes('script'))
  expect(note).toMatch(/```/)
})

test('as HTML it is one file that loads nothing, in which text of agents is text', async () => {
  const repository = testRepository()
  ended(repository)
  const file = path.join(repository.home, 'report.html')
  const { status } = await oompa(['report', '-o', file], { cwd: repository.root, env: repository.env })
  expect(status).toBe(0)
  const html = readFileSync(file, 'utf8')
  expect(html).toContain("default-src 'none'")
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  expect(html).not.toMatch(/<script|<img|<a |src=|href=|@import|url\(/)
  const json = await oompa(['report', '--json'], { cwd: repository.root, env: repository.env })
  expect(JSON.parse(json.stdout)).toMatchObject({ swarm: A, figures: { successRate: 0.5 } })
  const wrong = await oompa(['report', '-o', '/nowhere/x.md'], { cwd: repository.root, env: repository.env })
  expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringContaining('cannot be written')])
})
