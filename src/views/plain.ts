// Lines with the worker's name in front: for pipes, files and continuous integration.

import { apply, emptyState } from '../events/fold.js'
import { type Colours, toned } from './colour.js'
import type { View } from './contract.js'
import { type Said, say } from './say.js'
import { summaryLines } from './summary.js'
import { outputLines } from './whole-lines.js'

/** A view that prints one line for each event that is worth one, then the summary. */
export function plainView(print: (line: string) => void, colours: Colours, state = emptyState(''), next = true): View {
  const output = outputLines((worker, line) => print(`[${worker}] ${line}`))
  return {
    event(event) {
      apply(state, event)
      if (event.type === 'agent.ended' && event.worker) output.flush(event.worker)
      // At level 1 the agent's own output stands here; what it is doing would say it twice.
      if (state.level === 1 && (event.type === 'agent.activity' || event.type === 'agent.message')) return
      const said = sayAnyway(event)
      for (const line of said ? prefixed(said) : []) print(toned(colours, said?.tone ?? 'plain', line))
    },
    output: output.take,
    end(run) {
      output.flush()
      const lines = summaryLines(state, { colours, run, next })
      for (const line of lines.length ? ['', ...lines] : []) print(line)
    },
  }
}

/** As `say`; an event of another version whose fields are missing says nothing. */
export function sayAnyway(event: Parameters<typeof say>[0]): Said | undefined {
  try {
    return say(event)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

/** The lines of what was said, each with its worker in front. */
export function prefixed(said: Said): string[] {
  return said.lines.map((line) => (said.worker ? `[${said.worker}] ${line}` : line))
}
