// What a key shows in place of the table: a worker's output, the changes that wait for a person, the keys. Pure.

import type { SwarmState } from '../events/state.js'
import type { Colours } from './colour.js'
import { escapeText } from './escape.js'
import { cut } from './width.js'

export type Panel = { readonly kind: 'logs'; readonly worker: string } | { readonly kind: 'approvals' | 'help' }

export interface PanelOptions {
  readonly columns: number
  readonly rows: number
  readonly colours: Colours
  /** What the worker of the panel has printed, escaped. */
  readonly printed: readonly string[]
}

/** The keys, each with what it does. */
const KEYS: readonly (readonly [string, string])[] = [
  ['q', 'stop gently: iterations in progress end, no further one begins'],
  ['l', 'what the agents of a worker printed; again for the next worker'],
  ['a', 'the changes that wait for you'],
  ['?', 'this help'],
  ['Esc', 'back to the table'],
  ['Ctrl-C', 'end the agents now and keep their work; a second time, at once'],
  ['Ctrl-Z', 'leave it for a while: fg brings it back'],
]

/**
 * The panel after a key, from the one that is shown: the same key closes it, `l` goes on to the next worker. Undefined
 * is the table.
 */
export function panelAfter(key: string, shown: Panel | undefined, workers: readonly string[]): Panel | undefined {
  switch (key) {
    case 'l': {
      const next = shown?.kind === 'logs' ? workers.indexOf(shown.worker) + 1 : 0
      const worker = workers[next]
      return worker === undefined ? undefined : { kind: 'logs', worker }
    }
    case 'a':
      return shown?.kind === 'approvals' ? undefined : { kind: 'approvals' }
    case '?':
    case 'h':
      return shown?.kind === 'help' ? undefined : { kind: 'help' }
    case '\x1b':
      return undefined
    default:
      return shown
  }
}

/** The lines of a panel: no more than there is room for, none wider than the screen. */
export function panelLines(panel: Panel, state: SwarmState, options: PanelOptions): string[] {
  const { columns, rows, colours } = options
  const [title, lines, foot] = contentOf(panel, state, options)
  // The latest of what was printed counts, of a list its beginning.
  const room = Math.max(0, rows - 2)
  const shown = panel.kind === 'logs' ? lines.slice(-room) : lines.slice(0, room)
  const quiet = (line: string) => colours.dim(cut(line, columns))
  return [quiet(title), ...(room > 0 ? shown.map((line) => cut(line, columns)) : []), quiet(foot)].slice(0, rows)
}

function contentOf(
  panel: Panel,
  state: SwarmState,
  { printed }: PanelOptions,
): readonly [title: string, lines: readonly string[], foot: string] {
  switch (panel.kind) {
    case 'logs': {
      const name = escapeText(panel.worker)
      const iteration = state.workers.get(panel.worker)?.iteration ?? 0
      const lines = printed.length > 0 ? printed : ['(nothing was printed yet)']
      return [`${name}, iteration ${iteration}: oompa logs ${name} -f`, lines, 'l next worker  Esc back']
    }
    case 'approvals': {
      const lines = state.approvals.flatMap((one) => [
        `oompa approve ${escapeText(one.id)}`,
        `  ${one.reasons.map(escapeText).join('; ')}`,
      ])
      const many = state.approvals.length
      const title =
        many === 0 ? 'No change waits for you.' : `${many} ${many === 1 ? 'change waits' : 'changes wait'} for you.`
      return [title, lines, `${many === 0 ? '' : 'In another terminal: oompa approvals  '}Esc back`]
    }
    case 'help':
      return ['Keys', KEYS.map(([key, words]) => `${key.padEnd(6)}  ${words}`), 'Esc back']
  }
}
