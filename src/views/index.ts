// Chooses the view: JSON if asked for, a live table on a terminal, plain lines elsewhere.

import type { SwarmState } from '../events/state.js'
import { coloursFor } from './colour.js'
import type { Controls, Screen, View } from './contract.js'
import { plainView } from './plain.js'
import { terminalView } from './terminal.js'

export type { View } from './contract.js'

export interface ViewOptions {
  /** Print the events and nothing else. */
  json?: boolean
  /** Plain lines, on a terminal too. */
  plain?: boolean
  /** What is known already, of a swarm that is joined while it runs: it is not said again. The view changes it. */
  state?: SwarmState
  /** What keys do, where there is a terminal to press them on. */
  controls?: Controls
  /** Where to print; standard output unless given. */
  stdout?: Screen
  /** `NO_COLOR`, `FORCE_COLOR`, `CI` and `TERM` are read from it; our own environment unless given. */
  env?: NodeJS.ProcessEnv
}

/**
 * Opens the view that fits. It never ends the program: a reader that has gone away (`| head`) makes it silent, and the
 * swarm goes on.
 */
export function openView(options: ViewOptions = {}): View {
  const { stdout = process.stdout, env = process.env } = options
  let gone = false
  stdout.on('error', () => {
    gone = true
  })
  const print = (line: string) => {
    if (!gone) stdout.write(`${line}\n`)
  }
  return endingOnce(keepingUp(chosen(options, stdout, env, print), stdout))
}

function chosen(options: ViewOptions, stdout: Screen, env: NodeJS.ProcessEnv, print: (line: string) => void): View {
  if (options.json) return jsonView(print)
  const colours = coloursFor(stdout, env)
  // Nobody stands in the demo's repository: there its commands would do something else, or nothing.
  const next = env.OOMPA_DEMO === undefined
  if (!options.plain && isLive(stdout, env)) return terminalView(stdout, colours, print, { ...options, next })
  return plainView(print, colours, options.state, next)
}

/** A view that is ended by several who may be the last prints one summary. */
function endingOnce(view: View): View {
  let ended = false
  return {
    ...view,
    end(run) {
      if (!ended) view.end(run)
      ended = true
    },
  }
}

/** What may wait in memory for a reader that is slower than the agents: the rest is in the log. */
const MOST_WAITING = 4 * 2 ** 20

/** Leaves agents' output out of the view while the reader is behind, and says so: our memory stays flat. */
function keepingUp(view: View, stdout: Screen): View {
  const left = new Map<string, number>()
  const catchUp = (worker: string) => {
    const missing = left.get(worker)
    left.delete(worker)
    if (missing)
      view.output(worker, `\n… ${missing} characters are left out here: they are in the log (oompa logs ${worker})\n`)
  }
  return {
    ...view,
    output(worker, text) {
      if ((stdout.writableLength ?? 0) > MOST_WAITING) {
        left.set(worker, (left.get(worker) ?? 0) + text.length)
        return
      }
      catchUp(worker)
      view.output(worker, text)
    },
    end(run) {
      for (const worker of [...left.keys()]) catchUp(worker)
      view.end(run)
    },
  }
}

/** Whether a table can be drawn again and again. */
function isLive(stdout: Screen, env: NodeJS.ProcessEnv): boolean {
  const ci = env.CI !== undefined && env.CI !== '' && env.CI !== '0' && env.CI !== 'false'
  return stdout.isTTY === true && !ci && env.TERM !== 'dumb'
}

// The events as they are, one JSON object a line: for programs.

/** A view that prints every event and nothing else. */
function jsonView(print: (line: string) => void): View {
  return {
    event: (event) => print(JSON.stringify(event)),
    output() {},
    end() {},
  }
}
