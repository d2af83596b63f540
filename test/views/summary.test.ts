import { expect, test } from 'vitest'
import { apply, emptyState, fold } from '../../src/events/fold.js'
import { summaryLines } from '../../src/views/summary.js'
import { at, COMMIT, SWARM, sampleEvents, started } from '../events/sample.js'

test('the summary says what each worker did, where its work is, and what to do next', () => {
  const state = fold([...sampleEvents(), at(75, { type: 'swarm.stopped', reason: 'all iterations done', status: 0 })])
  expect(summaryLines(state)).toEqual([
    `Swarm ${SWARM} ended: all iterations done  1m15s  $0.25`,
    '2 iterations: 1 landed, 1 refused  50 % succeeded  11s to merge',
    '',
    'w1  claude:opus  1 iteration  $0.25',
    '  #1  landed  t-1  a1b2c3d4',
    '',
    'w2  codex:o3  1 iteration',
    `  #1  refused  2 commits  at refs/oompa/kept/${SWARM}/w2-1 – conflict`,
    '  refused to its agents: Bash(rm -rf /)',
    '',
    'Next:',
    `  oompa salvage ${SWARM} --dry-run          # see the work that did not land`,
    '  git log --oneline --first-parent -1 main  # see what landed',
  ])
  // Beside each other they are wider than this screen, and a command is never broken.
  expect(summaryLines(state, { columns: 60 }).slice(-4)).toEqual([
    '  # see the work that did not land',
    `  oompa salvage ${SWARM} --dry-run`,
    '  # see what landed',
    '  git log --oneline --first-parent -1 main',
  ])
  expect(summaryLines(state, { next: false })).not.toContain('Next:')
})

test('at level 1 the summary names branch, worktree and the command that lists them', () => {
  const state = fold([
    at(0, started({ level: 1, workers: [{ worker: 'w1', agent: 'claude', iterations: 3 }] })),
    at(1, { type: 'iteration.started', worker: 'w1', iteration: 1, worktree: '.w1-i1', branch: 'oompa/w1-i1' }),
    at(2, { type: 'iteration.ended', worker: 'w1', iteration: 1, outcome: 'done' }),
    at(3, { type: 'iteration.started', worker: 'w1', iteration: 2, worktree: '.w1-i2', branch: 'oompa/w1-i2' }),
    at(4, {
      type: 'iteration.ended',
      worker: 'w1',
      iteration: 2,
      outcome: 'failed',
      reason: 'status 1\nmore',
    }),
    at(5, { type: 'iteration.started', worker: 'w1', iteration: 3, worktree: '.w1-i3', branch: 'oompa/w1-i3' }),
    at(6, { type: 'iteration.ended', worker: 'w1', iteration: 3, outcome: 'nothing' }),
    at(7, { type: 'swarm.stopped', reason: 'done', status: 0 }),
  ])
  const lines = summaryLines(state)
  expect(lines).toContain('  #1  done  on oompa/w1-i1  in .w1-i1')
  expect(lines).toContain('  #2  failed  on oompa/w1-i2  in .w1-i2 – status 1 …')
  expect(lines).toContain('  #3  made no change')
  expect(lines.slice(lines.indexOf('Next:') + 1)).toEqual([
    '  oompa worktrees  # see which worktrees hold work that has not landed',
  ])
})

test('a crashed swarm is called crashed, and resume comes first', () => {
  const lines = summaryLines(fold(sampleEvents()), { run: 'crashed' })
  expect(lines[0]).toBe(`Swarm ${SWARM} crashed: its process is gone and wrote no end  20s  $0.25`)
  expect(lines[lines.indexOf('Next:') + 1]).toMatch(new RegExp(`^  oompa resume ${SWARM} +# go on where it crashed$`))
})

test('waiting approvals and warnings are named', () => {
  const state = fold(sampleEvents())
  apply(state, at(21, { type: 'approval.waiting', id: 'ap-1', branch: 'oompa/w2-i1', reasons: ['hooks/ changed'] }))
  for (let i = 0; i < 7; i++) apply(state, at(22, { type: 'hook.failed', hook: 'hooks/event', reason: `r${i}\n2` }))
  const lines = summaryLines(state)
  expect(lines).toContain('  ap-1 oompa/w2-i1: hooks/ changed')
  expect(lines).toContain(`  … 2 earlier: oompa view ${SWARM} --json`)
  expect(lines).toContain('  hooks/event failed: r6 …')
  expect(lines.join('\n')).toContain('oompa approvals')
})

test('a long night stays readable', () => {
  const state = fold([at(0, started())])
  for (let i = 1; i <= 500; i++) {
    apply(state, at(i, { type: 'iteration.started', worker: 'w1', iteration: i }))
    apply(state, at(i, { type: 'iteration.ended', worker: 'w1', iteration: i, outcome: 'failed', reason: 'status 1' }))
  }
  const lines = summaryLines(state)
  expect(lines.length).toBeLessThan(40)
  expect(lines).toContain(`  … 480 earlier: oompa view ${SWARM} --json`)
})

test('a swarm that never started has no summary', () => {
  expect(summaryLines(emptyState(SWARM))).toEqual([])
})

test('names and reasons are escaped', () => {
  const state = fold([
    at(0, started({ workers: [{ worker: 'w1', agent: 'x\x1b[2J', iterations: 1 }], into: 'm\x07' })),
    at(1, { type: 'landing.landed', worker: 'w1', branch: 'b', into: 'm\x07', commit: COMMIT, task: '\x1b[1mt' }),
    at(2, { type: 'swarm.stopped', reason: '\x1b[1mx', status: 0 }),
  ])
  expect(summaryLines(state).join('\n')).not.toMatch(/[\x00-\x09\x0b-\x1f]/)
})

test('at level 1, where nobody has counted the commits, it says how to see them', () => {
  const state = fold([
    at(0, started({ level: 1 })),
    at(1, { type: 'iteration.started', worker: 'w1', iteration: 1, worktree: '.w1-i1', branch: 'oompa/w1-i1' }),
    at(2, { type: 'iteration.ended', worker: 'w1', iteration: 1, outcome: 'done', branch: 'oompa/w1-i1' }),
  ])
  const lines = summaryLines(state)
  expect(lines).toContain('  #1  done  on oompa/w1-i1  in .w1-i1')
  expect(lines.at(-1)).toBe('  oompa worktrees  # see which worktrees hold work that has not landed')
})

test('work of an earlier run that was kept is named, and not as an iteration of this one', () => {
  const ref = 'refs/oompa/kept/aaaa0001/w1-1'
  const state = fold([
    at(0, started()),
    at(1, { type: 'work.kept', worker: 'w1', iteration: 1, ref, reason: 'an earlier run left it in .w1-i1' }),
    at(2, { type: 'iteration.ended', worker: 'w1', iteration: 1, outcome: 'done', commits: 0 }),
  ])
  const lines = summaryLines(state)
  expect(lines).toContain('  #1  done  no commits')
  expect(lines).toContain(`  ${ref} – an earlier run left it in .w1-i1`)
})

test('an iteration that landed is told even if no landing stands in the log', () => {
  const state = fold([
    at(0, started()),
    at(1, { type: 'iteration.ended', worker: 'w1', iteration: 1, outcome: 'landed', branch: 'b', commits: 1 }),
  ])
  expect(summaryLines(state)).toContain('  #1  landed  1 commit  on b')
})
