// `oompa tasks refresh`: the task graph, rebuilt from tickets with front matter.

import { readdirSync } from 'node:fs'
import path from 'node:path'
import { type Command, flag, list, text } from '../../cli/contract.js'
import { storePath } from '../../config/store-paths.js'
import { OompaError, STATUS, usageError } from '../../errors.js'
import { kindOf } from '../../files/kind.js'
import { textOf } from '../../files/own.js'
import { readGraph } from '../../tasks/graph/read.js'
import { refreshedGraph } from '../../tasks/graph/refresh.js'
import { readTickets } from '../../tasks/graph/tickets.js'
import { partsOf } from '../../tasks/index.js'
import { readTasksText, replaceFile, topOf, withLock } from '../../tasks/one-file.js'
import { claimRecords } from '../../tasks/records.js'
import { json, type Opened, openTasks, storesFor } from './open-store.js'
import { plain, printJson, problemLine } from './print.js'

const TICKETS = 'docs/active/tickets'

export const command: Command = {
  summary:
    'Rebuilds the task graph from tickets with front matter. 3: it says the same already, 4: they are not right.',
  options: {
    store: { type: 'string', describe: 'Which graph of `tasks.stores`, where there are several' },
    tickets: { type: 'string', describe: `The folder of the tickets, below the repository (default: ${TICKETS})` },
    json,
  },
  examples: [
    ['oompa tasks refresh', `every .md in ${TICKETS} is a node; statuses and comments of the graph stay`],
    ['oompa tasks refresh --tickets tickets', 'another folder'],
  ],
  async run(args) {
    const opened = await openTasks(args)
    const { root } = opened
    const file = await graphFile(opened, list(args, 'store'))
    if (process.env.OOMPA_SWARM) throw forPersons()
    const files = ticketFiles(root, text(args, 'tickets') ?? TICKETS)
    const elsewhere = await idsElsewhere(opened, file)
    const top = topOf(root, file)
    const { added, changed, others } = await withLock(
      root,
      path.join(claimRecords(root, file).folder, 'lock'),
      async () => {
        const { text: before, wrong } = readTasksText(top, file)
        const graph = await readGraph(before || 'nodes: []\n', file)
        const problems = wrong ? [{ path: file, reason: wrong }] : graph.problems
        const read = await readTickets(files, graph.nodes, elsewhere)
        const all = [...problems, ...read.problems]
        if (all.length > 0) throw notRight(all.map((one) => problemLine(root, one)))
        const now = await refreshedGraph(graph, read.tickets, file)
        if (now.text !== before) replaceFile({ top, path: file }, now.text)
        return { ...now, others: read.others }
      },
    )
    if (flag(args, 'json')) printJson({ added, changed })
    else {
      for (const id of added) console.log(`Added ${plain(id)}.`)
      for (const id of changed) console.log(`Changed ${plain(id)}.`)
    }
    for (const one of others) console.error(`oompa: ${plain(one)} has no front matter, and is no ticket`)
    return added.length + changed.length > 0 ? STATUS.done : STATUS.nothing
  },
}

/** The graph that is meant. @throws OompaError (status 2) if there is none, or several */
async function graphFile(opened: Opened, names: readonly string[]): Promise<string> {
  const { store } = opened
  const named = names.length > 0 && (await storesFor(opened, names))?.map((name) => store.shards!.get(name)!)
  const [graph, other] = (named || partsOf(store)).filter((one) => one.name === 'graph')
  if (other) throw usageError('There are several graphs.', 'oompa tasks refresh --store tasks/web/task-graph.yaml')
  if (graph?.path !== undefined) return graph.path
  throw usageError('Tickets become nodes of a task graph, and there is none.', 'echo "nodes: []" > task-graph.yaml')
}

/** What stands in stores beside the graph. */
async function idsElsewhere({ root, store }: Opened, file: string): Promise<string[]> {
  if (!store.shards) return []
  const { pending, current, complete } = await store.list()
  const own = storePath(path.relative(root, file))
  return [...pending, ...current, ...complete].flatMap((task) => (task.store === own ? [] : task.id))
}

/** Links are not followed: nothing outside the repository is read. */
function ticketFiles(root: string, folder: string): { path: string; text: string }[] {
  const full = path.resolve(root, folder)
  const below = path.relative(root, full)
  if (below.startsWith('..') || path.isAbsolute(below) || kindOf(full) !== 'folder') {
    throw usageError(
      `There is no folder ${folder} in ${root} that could hold tickets.`,
      'oompa tasks refresh --tickets FOLDER',
    )
  }
  const names = readdirSync(full).filter((name) => name.endsWith('.md') && kindOf(path.join(full, name)) === 'file')
  return names.sort().map((name) => ({
    path: path.join(below, name).split(path.sep).join('/'),
    text: textOf(path.join(full, name)) ?? '',
  }))
}

function notRight(lines: readonly string[]): OompaError {
  return new OompaError({
    code: 'tickets',
    message: `Nothing was written:\n${lines.map((line) => `  ${line}`).join('\n')}`,
    mend: 'Mend these files, then: oompa tasks refresh',
    status: STATUS.refused,
  })
}

function forPersons(): OompaError {
  return new OompaError({
    code: 'for-persons',
    message: 'A person refreshes the graph: what tasks there are is not for a worker to change.',
    mend: 'oompa tasks add "What is to be done"',
    status: STATUS.refused,
  })
}
