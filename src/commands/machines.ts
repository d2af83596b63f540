// `oompa machines` and `oompa drain`: who works on the tasks of a server, and an end for one of them.

import { type Command, flag } from '../cli/contract.js'
import { OompaError, STATUS } from '../errors.js'
import { thisMachine } from '../processes/owner.js'
import { findRoot } from '../tasks/root.js'
import type { MachineState } from '../tasks/task-engine.js'
import { columnLines, screenColumns } from '../views/columns.js'
import { age } from '../views/format.js'
import { engineOf } from './engine.js'
import { json } from './tasks/open-store.js'

/** After so long without a sign of life a machine is said to be silent. */
const SILENT_MS = 30_000
const HEADER = ['Machine', 'Swarm', 'State', 'Seen', 'Workers', 'Load', 'Labels', 'Agents', 'Work']

export const command: Command = {
  summary: 'List the machines that work on the tasks of a server: their sign of life, load and work.',
  options: { json },
  examples: [['oompa machines', 'who is at work, and on what']],
  async run(args) {
    const machines = await (await engineOf(await findRoot())).machines.list()
    if (flag(args, 'json')) console.log(JSON.stringify(machines.map(factsOf), null, 2))
    else if (machines.length === 0) console.log('No machine is at work. See: oompa join URL')
    else for (const line of columnLines(HEADER, machines.map(cells), screenColumns())) console.log(line)
    return machines.length === 0 ? STATUS.nothing : STATUS.done
  },
}

export const drain: Command = {
  summary: 'Have a machine finish what it does and begin nothing more; this one unless another is named.',
  positionals: [{ name: 'machine', describe: 'Its name, as `oompa machines` has it' }],
  options: { json },
  examples: [
    ['oompa drain', 'this machine'],
    ['oompa drain alder', 'another one, from anywhere'],
  ],
  async run(args) {
    const [host = thisMachine.host] = args.positionals
    const there = await (await engineOf(await findRoot())).machines.drain(host, true)
    if (!there) {
      throw new OompaError({
        code: 'unknown-machine',
        message: `No machine \`${host}\` is at work.`,
        mend: 'oompa machines',
        status: STATUS.nothing,
      })
    }
    console.log(
      flag(args, 'json') ? JSON.stringify({ machine: host, drained: true }) : `${host} ends when its iterations have.`,
    )
    return STATUS.done
  },
}

const stateOf = ({ silentMs, drained }: MachineState): string =>
  silentMs > SILENT_MS ? 'silent' : drained ? 'drained' : 'working'

function factsOf(machine: MachineState): Record<string, unknown> {
  const { host, swarm, joinedAt, silentMs, drained, facts, work } = machine
  return { machine: host, swarm, state: stateOf(machine), joinedAt, silentMs, drained, ...facts, work }
}

function cells(machine: MachineState): unknown[] {
  const { host, swarm, silentMs, facts, work } = machine
  return [
    host,
    swarm,
    stateOf(machine),
    age(silentMs),
    facts.workers,
    `${facts.load}/${facts.cores}`,
    facts.labels.join(',') || '-',
    facts.agents.join(' '),
    work.map(({ worker, task }) => `${worker}:${task}`).join(' ') || '-',
  ]
}
