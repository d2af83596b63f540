// `oompa tasks graph`: what depends on what, as text, mermaid or dot.

import { type Command, flag, text } from '../../cli/contract.js'
import { STATUS } from '../../errors.js'
import { drawGraph } from '../../tasks/draw.js'
import { json, openTasks } from './open.js'
import { printJson } from './print.js'

export const command: Command = {
  summary: 'Draws the dependencies, with cycles and missing prerequisites.',
  options: {
    format: { type: 'string', choices: ['text', 'mermaid', 'dot'], describe: 'How it is drawn (default: text)' },
    json,
  },
  examples: [
    ['oompa tasks graph', 'a tree in text'],
    ['oompa tasks graph --format mermaid', 'for a README'],
    ['oompa tasks graph --format dot | dot -Tsvg >tasks.svg', 'a picture'],
  ],
  async run(args) {
    const { store } = await openTasks(args)
    const listing = await store.list()
    if (flag(args, 'json')) {
      const { graphOf } = await import('../../tasks/draw.js')
      printJson(graphOf(listing))
    } else console.log(drawGraph(listing, text(args, 'format') ?? 'text'))
    return STATUS.done
  },
}
