// A screen for tests: keeps what was written.

import type { Screen } from '../../src/views/contract.js'

export interface TestScreen extends Screen {
  columns: number
  rows: number
  text(): string
  lines(): string[]
  /** Calls the listeners of an event. */
  say(event: 'resize' | 'error'): void
  listeners(event: 'resize' | 'error'): number
}

/** A screen of 80 × 24 that is a terminal if told so. */
export function testScreen(isTTY = false): TestScreen {
  let text = ''
  const listeners = { resize: new Set<() => void>(), error: new Set<() => void>() }
  return {
    isTTY,
    columns: 80,
    rows: 24,
    write: (more) => {
      text += more
    },
    on: (event, listener) => listeners[event].add(listener),
    off: (event, listener) => listeners[event].delete(listener),
    text: () => text,
    lines: () => text.split('\n'),
    say: (event) => {
      for (const listener of listeners[event]) listener()
    },
    listeners: (event) => listeners[event].size,
  }
}
