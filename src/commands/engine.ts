// `oompa engine`: the server that the tasks stand on, made ready and looked at.

import { type Args, type Command, flag, type OptionSpec, text } from '../cli/contract.js'
import { OompaError, STATUS } from '../errors.js'
import { findRoot } from '../tasks/root.js'
import type { EngineStatus, TaskEngine } from '../tasks/task-engine.js'
import { count } from '../views/format.js'
import { json, storeOf } from './tasks/open-store.js'

const url: OptionSpec = {
  type: 'string',
  describe: 'The same database by another role, such as its owner (the URL of hooks/tasks)',
}

/** More than this, and a person wonders at the times in the logs of two machines; claims go by the server's clock. */
export const MOST_AHEAD_MS = 5000

const status: Command = {
  summary: 'Say what server the tasks stand on, the version of their schema, and what is in it.',
  options: { url, json },
  examples: [['oompa engine status', 'the server, its schema, its tasks']],
  async run(args) {
    const engine = await engineFor(args)
    const found = await engine.status()
    if (flag(args, 'json')) console.log(JSON.stringify(found, null, 2))
    else for (const line of statusLines(found)) console.log(line)
    return found.version === found.ownVersion ? STATUS.done : STATUS.failed
  },
}

const migrate: Command = {
  summary: 'Bring the schema of the tasks up to the version of this oompa, and let a role work with it.',
  options: {
    url,
    grant: { type: 'string', describe: 'A role that may do what a worker does from now on, and nothing else' },
    json,
  },
  examples: [
    ['oompa engine migrate', 'after an update of oompa on all machines'],
    [
      'oompa engine migrate --url postgres://owner@db/work --grant worker',
      'by the owner, for a role that owns nothing',
    ],
  ],
  async run(args) {
    const engine = await engineFor(args)
    const grant = text(args, 'grant')
    const made = await engine.migrate(grant === undefined ? {} : { grant })
    if (flag(args, 'json')) {
      console.log(JSON.stringify({ made, ...(grant === undefined ? {} : { granted: grant }) }, null, 2))
      return STATUS.done
    }
    console.log(made.length > 0 ? `The schema has version ${made.at(-1)} now.` : 'The schema is up to date.')
    if (grant !== undefined) console.log(`${grant} may do what a worker does.`)
    return STATUS.done
  },
}

export const command: Command = {
  summary: 'The server that the tasks stand on, where hooks/tasks has one: its status, and its schema.',
  options: { url, json },
  examples: [
    ['oompa engine status', 'the server, its schema, its tasks'],
    ['oompa engine migrate', 'bring its schema up to this oompa'],
  ],
  subcommands: {
    status: { summary: 'The server, its schema, its tasks', load: async () => ({ command: status }) },
    migrate: { summary: 'Bring its schema up to this oompa', load: async () => ({ command: migrate }) },
  },
  run: (args, root) => status.run(args, root),
}

async function engineFor(args: Args): Promise<TaskEngine> {
  const engine = await engineOf(await findRoot())
  const other = text(args, 'url')
  return other === undefined ? engine : engine.at(other)
}

/** @throws OompaError `no-engine` (status 2) where the tasks are in no server */
export async function engineOf(root: string): Promise<TaskEngine> {
  const store = await storeOf(root)
  const { engine } = store
  if (!engine) {
    throw new OompaError({
      code: 'no-engine',
      message: `The tasks of this repository are in no server, but in ${store.path ?? store.name}.`,
      mend: 'oompa add tasks --postgres, or where another machine has done that: git pull',
      status: STATUS.usage,
    })
  }
  return engine
}

function statusLines(found: EngineStatus): string[] {
  const { server, engine, schema, version, ownVersion, tasks, clockAheadMs = 0 } = found
  const is = version === undefined ? 'not made yet' : `version ${version}`
  const fits = version === ownVersion ? '' : `; this oompa works with ${ownVersion}: oompa engine migrate`
  const off = Math.round(Math.abs(clockAheadMs) / 1000)
  return [
    `server:  ${server} (${engine})`,
    `schema:  ${schema}, ${is}${fits}`,
    ...(tasks
      ? [
          `tasks:   ${tasks.pending} pending (${tasks.ready} ready), ${tasks.current} current, ${tasks.complete} complete`,
        ]
      : []),
    ...(Math.abs(clockAheadMs) > MOST_AHEAD_MS
      ? [
          `clock:   this machine is ${count(off, 'second')} ${clockAheadMs > 0 ? 'ahead' : 'behind'}; leases go by the server's`,
        ]
      : []),
  ]
}
