import { expect, test } from 'vitest'
import { fold } from '../../src/events/fold.js'
import type { Run } from '../../src/events/runs.js'
import { historyLines } from '../../src/views/history-table.js'
import { widthOf } from '../../src/views/width.js'
import { at, SWARM, sampleEvents, started } from '../events/sample.js'

const now = Date.parse(at(3600, started()).at)
const run = (state: Run['state'], extra: Partial<Run> = {}): Run => ({
  swarm: SWARM,
  state,
  startedAt: at(0, started()).at,
  size: 0,
  ...extra,
})

test('of each swarm: id, how long ago, what it came to, its cost, why it ended; in 80 columns', () => {
  const ended = fold([
    ...sampleEvents(),
    at(60, { type: 'swarm.stopped', reason: `the budget is used up, ${'and more words '.repeat(9)}`, status: 5 }),
  ])
  const lines = historyLines(
    [
      { run: run('stopped', { stoppedAt: at(60, started()).at }), state: ended },
      { run: run('running'), state: fold([at(0, started())]) },
      { run: run('crashed'), state: fold(sampleEvents()) },
    ],
    now,
    80,
  )
  expect(lines).toEqual([
    'swarm     ago  came to              cost   why it ended',
    expect.stringMatching(/^3f2a91bc {2}59m {2}1 landed, 1 refused {2}\$0\.25 {2}the budget is used up, .*…$/),
    '3f2a91bc  1h   nothing yet          –      is running',
    '3f2a91bc  59m  1 landed, 1 refused  $0.25  crashed: oompa resume 3f2a91bc',
  ])
  expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(80)
})
