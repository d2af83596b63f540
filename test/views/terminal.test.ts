import { expect, test, vi } from 'vitest'
import { openView } from '../../src/views/index.js'
import { at, sampleEvents, started } from '../events/sample.js'
import { testScreen } from './screen.js'

const env = { TERM: 'xterm', NO_COLOR: '1' }

test('a terminal gets a table below the lines of what happened, and at the end the summary', async () => {
  const screen = testScreen(true)
  const view = openView({ stdout: screen, env })
  for (const event of sampleEvents()) view.event(event)
  await vi.waitFor(() => expect(screen.text()).toContain('worker  iter'), 5000)
  expect(screen.text()).toContain('[w1] landed a1b2c3d4 on main\n')
  expect(screen.text()).not.toContain('[w1] Edit src/a.ts')
  view.end()
  expect(screen.text()).toContain('\n2 iterations: 1 landed, 1 refused  50 % succeeded')
  expect(screen.text()).toContain('oompa salvage')
  expect(screen.listeners('resize')).toBe(0)
})

test('a terminal that says 0 × 0 gets the table all the same', async () => {
  const screen = testScreen(true)
  screen.columns = 0
  screen.rows = 0
  const view = openView({ stdout: screen, env })
  view.event(at(0, started()))
  await vi.waitFor(() => expect(screen.text()).toContain('worker  iter'), 5000)
  view.end()
})

test('a view that ends before the table was drawn prints what happened, and the summary', () => {
  const screen = testScreen(true)
  const view = openView({ stdout: screen, env })
  for (const event of sampleEvents()) view.event(event)
  view.end()
  expect(screen.text()).toContain('[w1] landed a1b2c3d4 on main\n')
  expect(screen.text()).toContain('Next:')
})

test('the cursor is never hidden, so that nothing has to be mended after a crash', async () => {
  const screen = testScreen(true)
  const view = openView({ stdout: screen, env })
  view.event(at(0, started()))
  await vi.waitFor(() => expect(screen.text()).toContain('worker  iter'), 5000)
  expect(screen.text()).not.toContain('\x1b[?25l')
  expect(screen.text().lastIndexOf('\x1b[?7h')).toBeGreaterThan(screen.text().lastIndexOf('\x1b[?7l'))
  view.end()
})

test('at level 1 the latest line of an agent is what it does now', async () => {
  const screen = testScreen(true)
  const view = openView({ stdout: screen, env })
  view.event(at(0, started({ level: 1 })))
  view.event(at(1, { type: 'agent.started', worker: 'w1', iteration: 1, agent: 'claude', attempt: 1, role: 'author' }))
  view.output('w1', 'first\nsecond \x1b[2J line\n\n')
  await vi.waitFor(() => expect(screen.text()).toMatch(/w1 .*second {2}line/), 5000)
  view.end()
})
