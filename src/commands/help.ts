// `oompa help`: every command in one screen, or one command's own help; and what `oompa` alone says.

import type { Command } from '../cli/contract.js'
import { find, parse } from '../cli/parse.js'
import { STATUS } from '../errors.js'
import type { commands } from './index.js'

export const command: Command = {
  summary: 'List the commands, or explain one.',
  positionals: [{ name: 'command', describe: 'A command, and its subcommand', array: true, names: 'command' }],
  examples: [['oompa help tasks claim', 'the same as oompa tasks claim --help']],
  async run({ positionals }, root) {
    const answer = await parse(await find(root, [...positionals, '--help']))
    if ('help' in answer) console.log(answer.help)
    return STATUS.done
  },
}

/** The ten verbs that a person needs, in the order in which they need them. */
const VERBS = {
  demo: 'see a swarm work, with scripted agents: no key, no network',
  init: 'write what a first run needs, and overwrite nothing',
  plan: 'make tasks out of spec.md with an agent',
  check: 'whether a run could work here',
  run: 'run the loop: workers × iterations, each in its own worktree',
  add: 'a hook: merge, review, tasks, approve, worktree, agent, event',
  view: 'what a swarm did, or live with --watch',
  approvals: 'the changes that wait for you',
  resume: 'go on where a swarm stopped or crashed',
  salvage: 'the work that did not land, and landing it',
} satisfies Partial<Record<keyof typeof commands, string>>

/** What `oompa` prints without a word. */
export function shortHelp(summary: string): string {
  const lines = Object.entries(VERBS).map(([verb, words]) => `  oompa ${verb.padEnd(10)} ${words}`)
  return [summary, '', ...lines, '', 'oompa help lists all commands, oompa help COMMAND explains one.'].join('\n')
}
