// The live view: a table of what every worker is doing, kept up to date below the lines of what has happened.

import { Writable } from 'node:stream'
import { apply, emptyState } from '../events/fold.js'
import type { SwarmState } from '../events/state.js'
import { type Colours, toned } from './colour.js'
import type { Controls, Screen, View } from './contract.js'
import type { Keys } from './keys.js'
import type { Panel } from './panels.js'
import { prefixed, sayAnyway } from './plain.js'
import type { Said } from './say.js'
import { summaryLines } from './summary.js'
import { tableLines } from './table.js'
import { outputLines } from './whole-lines.js'
import { folded, shownWidth } from './width.js'

/** Events come faster than anybody reads, and a frame of 60 workers takes some milliseconds. */
const FRAME_MS = 200
/** For the clocks of the table. */
const SECOND_MS = 1000

// A frame is written with the terminal's own wrapping off: a character that it takes for wider than we do then cannot
// turn one line into two, which would leave remains at the next frame.
const WRAP_OFF = '\x1b[?7l'
const WRAP_ON = '\x1b[?7h'
const ERASE_AND_UP = '\x1b[2K\x1b[1A'

interface Frame {
  draw(lines: readonly string[], columns: number): void
  clear(columns: number): void
}

interface TerminalOptions {
  /** What is known already; the view changes it. */
  readonly state?: SwarmState
  /** What keys do; without them there are none. */
  readonly controls?: Controls
  /** As that of the summary. */
  readonly next?: boolean
}

/** A view that draws a table and keeps it up to date. The cursor is never hidden: nothing is left to be mended. */
export function terminalView(
  screen: Screen,
  colours: Colours,
  print: (line: string) => void,
  { state = emptyState(''), controls, next = true }: TerminalOptions = {},
): View {
  const waiting: { readonly line: string; readonly tone: Said['tone'] }[] = []
  let frame: Frame | undefined
  let keys: Keys | undefined
  let panels: typeof import('./panels.js') | undefined
  let panel: Panel | undefined
  let printed: readonly string[] = []
  let away = false
  let soon: NodeJS.Timeout | undefined
  let ended = false

  const draw = () => {
    clearTimeout(soon)
    soon = undefined
    if (ended || away || !frame) return
    const { columns, rows } = sizeOf(screen)
    if (waiting.length) {
      frame.clear(columns)
      for (const { line, tone } of waiting.splice(0))
        for (const part of folded(line, columns)) print(toned(colours, tone, part))
    }
    // One line is left free below, one above, for the latest of what has happened.
    const room = { columns: columns - 1, rows: rows - 2, colours }
    const lines =
      panel && panels
        ? panels.panelLines(panel, state, { ...room, printed })
        : tableLines(state, { ...room, now: Date.now(), keys: keys !== undefined })
    if (state.startedAt !== undefined) frame.draw(lines, columns)
  }
  const drawSoon = () => {
    soon ??= setTimeout(draw, FRAME_MS).unref()
  }
  const output = outputLines((name, line) => {
    const worker = state.workers.get(name)
    if (!worker || line.trim() === '') return
    worker.doing = line
    worker.seenAt = new Date().toISOString()
    drawSoon()
  })
  /** Reads what the worker of the panel has printed, and draws. */
  const look = () => {
    draw()
    const shown = panel
    if (shown?.kind !== 'logs') return
    controls
      ?.printed(shown.worker, state.workers.get(shown.worker)?.iteration ?? 0)
      .catch(() => [])
      .then((lines) => {
        if (panel !== shown) return
        printed = lines
        drawSoon()
      })
  }
  const press = (key: string) => {
    if (key === 'q') return state.stopping === undefined ? controls?.stop() : undefined
    const next = panels?.panelAfter(key, panel, [...state.workers.keys()])
    if (next?.kind === 'logs') printed = []
    panel = next
    look()
  }
  const everySecond = setInterval(look, SECOND_MS).unref()
  screen.on('resize', draw)
  void openFrame(screen).then((opened) => {
    frame = opened
    draw()
  })
  if (controls && process.stdin.isTTY) {
    void Promise.all([import('./keys.js'), import('./panels.js')]).then(([{ openKeys }, loaded]) => {
      if (ended) return
      panels = loaded
      keys = openKeys(process.stdin, {
        key: press,
        away() {
          frame?.clear(sizeOf(screen).columns)
          away = true
        },
        back() {
          away = false
          draw()
        },
      })
    })
  }

  return {
    event(event) {
      apply(state, event)
      const said = sayAnyway(event)
      if (said && isNews(event.type, said)) {
        for (const line of prefixed(said)) waiting.push({ line, tone: said.tone })
      }
      drawSoon()
    },
    output: output.take,
    end(run) {
      clearInterval(everySecond)
      clearTimeout(soon)
      keys?.close()
      screen.off('resize', draw)
      frame?.clear(sizeOf(screen).columns)
      ended = true
      const { columns } = sizeOf(screen)
      for (const { line, tone } of waiting) for (const part of folded(line, columns)) print(toned(colours, tone, part))
      const lines = summaryLines(state, { colours, run, columns, next })
      for (const line of lines.length ? ['', ...lines] : []) print(line)
    },
  }
}

/** What is worth a line of its own above the table, which shows the rest. */
function isNews(type: string, said: Said): boolean {
  if (said.tone === 'good' || said.tone === 'bad') return type !== 'task.completed'
  return ['swarm.started', 'iteration.ended', 'approval.waiting', 'task.released', 'note'].includes(type)
}

/** Columns and rows; a terminal that says 0 × 0 (some serial lines, `script`, containers) is taken for 80 × 24. */
function sizeOf(screen: Screen): { columns: number; rows: number } {
  return { columns: screen.columns || 80, rows: screen.rows || 24 }
}

/** Loads log-update, which nothing but a terminal needs. */
async function openFrame(screen: Screen): Promise<Frame> {
  const { createLogUpdate } = await import('log-update')
  let written = ''
  // log-update writes into this; one write for a frame, so that a terminal never shows half of it.
  const stream = new Writable({
    write(text, _encoding, done) {
      written += String(text)
      done()
    },
  })
  Object.defineProperties(stream, {
    columns: { get: () => sizeOf(screen).columns },
    rows: { get: () => sizeOf(screen).rows },
    isTTY: { value: true },
  })
  const update = createLogUpdate(stream, { showCursor: true })
  let shown: { lines: readonly string[]; columns: number } | undefined

  const flush = () => {
    if (written) screen.write(`${WRAP_OFF}${written}${WRAP_ON}`)
    written = ''
  }
  /** A narrower terminal has folded the lines of the last frame: its extra rows are erased first. */
  const unfold = (columns: number) => {
    if (!shown || columns >= shown.columns) return
    const extra = shown.lines.reduce((sum, line) => sum + Math.max(0, Math.ceil(shownWidth(line) / columns) - 1), 0)
    written += ERASE_AND_UP.repeat(extra)
  }
  return {
    draw(lines, columns) {
      if (shown && shown.columns !== columns) {
        unfold(columns)
        update.clear()
      }
      update(lines.join('\n'))
      shown = { lines, columns }
      flush()
    },
    clear(columns) {
      unfold(columns)
      update.clear()
      shown = undefined
      flush()
    },
  }
}
