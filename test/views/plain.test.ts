import { expect, test } from 'vitest'
import type { OompaEvent } from '../../src/events/contract.js'
import { openView } from '../../src/views/index.js'
import { at, SWARM, sampleEvents, started } from '../events/sample.js'
import { testScreen } from './screen.js'

function shown(events: readonly OompaEvent[], env: NodeJS.ProcessEnv = {}): string[] {
  const screen = testScreen()
  const view = openView({ stdout: screen, env })
  for (const event of events) view.event(event)
  return screen.lines()
}

test('each event that is worth a line is a line with its worker in front', () => {
  expect(shown(sampleEvents())).toEqual([
    `swarm ${SWARM} started: 2 workers × 2 iterations, level 3, lands on main`,
    '[w1] iteration 1 in .w1-i1',
    '[w2] iteration 1 in .w2-i1',
    '[w1] took t-1',
    '[w1] claude:opus works',
    '[w1] Edit src/a.ts',
    '[w1] said:',
    '[w1]   Done with a.',
    '[w1] claude:opus ended after 3s, $0.25',
    '[w1] codex:o3 reviews',
    '[w1] rejected by codex:o3, round 1',
    '[w1]   Name it.',
    '[w1]   Twice.',
    '[w1] approved by codex:o3, round 2',
    '[w1] tests: npm test',
    '[w1] landed a1b2c3d4 on main',
    '[w1] completed t-1',
    '[w1] iteration 1 landed, 1 commit on oompa/w1-i1',
    '[w2] codex:o3 works',
    '[w2] codex:o3 ended after 1s. Refused to it: Bash(rm -rf /)',
    '[w2] did not land: conflict',
    '[w2]   a.txt',
    `[w2] work kept at refs/oompa/kept/${SWARM}/w2-1: conflict`,
    `[w2] iteration 1 refused, 2 commits at refs/oompa/kept/${SWARM}/w2-1: conflict`,
    '',
  ])
})

test('text of agents cannot reach the terminal unescaped', () => {
  const text = shown([
    at(0, { type: 'agent.activity', worker: 'w1', text: '\x1b[2J\x1b]0;x\x07gone\nsecond \u202e' }),
    at(1, { type: 'iteration.ended', worker: 'w1', iteration: 1, outcome: 'failed', reason: '\x1b[1mbold\x07' }),
  ]).join('\n')
  expect(text).toBe('[w1] gone second \\u{202e}\n[w1] iteration 1 failed: bold\\x07\n')
})

test('at level 1 the output of the agents stands there, line by line, and is not said twice', () => {
  const screen = testScreen()
  const view = openView({ stdout: screen, env: {} })
  view.event(at(0, started({ level: 1 })))
  view.output('w1', 'one\ntw')
  view.output('w2', 'other\n')
  view.output('w1', 'o\nend \x1b[31mred\x1b[0m')
  view.event(at(1, { type: 'agent.activity', worker: 'w1', text: 'two' }))
  view.event(
    at(2, {
      type: 'agent.ended',
      worker: 'w1',
      agent: 'claude',
      role: 'author',
      attempt: 1,
      status: 0,
      durationMs: 9e4,
    }),
  )
  expect(screen.lines().slice(1)).toEqual([
    '[w1] one',
    '[w2] other',
    '[w1] two',
    '[w1] end red',
    '[w1] claude ended after 1m30s',
    '',
  ])
})

test('output without a line end is printed in parts and not kept', () => {
  const screen = testScreen()
  const view = openView({ stdout: screen, env: {} })
  for (let i = 0; i < 100; i++) view.output('w1', 'x'.repeat(1000))
  expect(screen.text().length).toBeGreaterThan(90_000)
})

test('an event of another version, or with missing fields, never ends the view', () => {
  const screen = testScreen()
  const view = openView({ stdout: screen, env: {} })
  const line = '{"at":"2027","swarm":"3f2a91bc","type":"approval.waiting"}'
  const strange: OompaEvent[] = [JSON.parse(line), JSON.parse(line.replace('approval.waiting', 'swarm.dreamed'))]
  for (const event of strange) view.event(event)
  view.end()
  expect(screen.text()).toBe('')
})

test('a reader that has gone away makes the view silent', () => {
  const screen = testScreen()
  const view = openView({ stdout: screen, env: {} })
  screen.say('error')
  for (const event of sampleEvents()) view.event(event)
  view.end()
  expect(screen.text()).toBe('')
})

test('there is no colour in a pipe, nor with NO_COLOR; FORCE_COLOR brings it', () => {
  expect(shown(sampleEvents()).join('')).not.toContain('\x1b')
  expect(shown(sampleEvents(), { FORCE_COLOR: '1', NO_COLOR: '1' }).join('')).not.toContain('\x1b')
  expect(shown(sampleEvents(), { FORCE_COLOR: '1' }).join('')).toContain('\x1b[32m')
})

test('in continuous integration, and on a dumb terminal, a terminal gets plain lines', () => {
  for (const env of [{ CI: 'true' }, { TERM: 'dumb' }]) {
    const screen = testScreen(true)
    const view = openView({ stdout: screen, env: { ...env, NO_COLOR: '1' } })
    for (const event of sampleEvents()) view.event(event)
    view.end()
    expect(screen.text()).toContain('[w1] took t-1\n')
    expect(screen.text()).not.toContain('\x1b')
  }
})

test('--json prints the events as they are, and nothing else', () => {
  const screen = testScreen(true)
  const view = openView({ stdout: screen, env: {}, json: true })
  for (const event of sampleEvents()) view.event(event)
  view.output('w1', 'noise')
  view.end()
  const lines = screen.lines().filter(Boolean)
  expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(sampleEvents())))
})
