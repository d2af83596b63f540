// A task graph on its way with the work: its file changes only by completions, so a landing writes just those.

import path from 'node:path'
import { fromBytes, toBytes } from '../../files/bytes.js'
import type { TreeEdit } from '../../words.js'
import type { StatusRequest, TrackedTasks } from '../contract.js'
import { fileStem } from '../decode.js'
import { alreadyComplete } from '../errors.js'
import { addNode, setNodes } from '../graph/edit.js'
import { type Graph, type GraphNode, type GraphStatus, readGraph } from '../graph/read.js'
import { completedFields, fileOf, graphOf, heldNode, type OpenGraph } from '../graph/store.js'
import { addedBySwarms } from '../history.js'
import { readTasksText, replaceFile } from '../one-file.js'
import { textHistory } from './diverged.js'
import { decideRequests, type Standing } from './requests.js'
import { restorePaths } from './restore.js'
import { fileAt } from './tree.js'

type Locked = <T>(work: (graph: Graph) => T | Promise<T>) => Promise<T>

export function trackedGraph(open: () => OpenGraph, locked: Locked): TrackedTasks {
  const name = () => open().copyOf ?? path.relative(open().root, open().file).split(path.sep).join('/')
  return {
    async requests(worktree, base, own) {
      const before = await graphAt(worktree, base, name())
      const after = await readGraph(readTasksText(worktree, path.join(worktree, name())).text, name())
      const was = new Map(standings(before, name()).map((one) => [one.task.id, one]))
      const now = new Map(standings(after, name()).map((one) => [one.task.id, one]))
      const isSame = (id: string) =>
        was.get(id)?.content === now.get(id)?.content && was.get(id)?.state === now.get(id)?.state
      const changed = (all: ReadonlyMap<string, Standing>) => [...all.values()].filter((one) => !isSame(one.task.id))
      const problems = before?.text === after.text ? [] : after.problems
      const requests = decideRequests({ before: changed(was), after: changed(now), problems }, own)
      for (const { task } of requests.adds) open().asked.add(task.id)
      return requests
    },
    restore: (worktree, base) => restorePaths(worktree, base, [name()]),
    statusEdits: (request) => ({
      edits: (mergedCommit, onto = `refs/heads/${request.into}`) =>
        graphEdits(open(), locked, name(), request, mergedCommit, onto),
      settle: ({ mergedCommit, commit, nothing }) =>
        locked(async (graph) => {
          settleNodes(open(), graph, request, mergedCommit)
          for (const { task, holder } of request.claims) {
            open().records.remove(fileStem(task.id))
            open().say({
              type: 'completed',
              task: task.id,
              by: request.completion.by,
              swarm: holder.swarm,
              commit: nothing ? undefined : commit,
            })
          }
        }),
    }),
    drain: async (into) => drainGraph(open(), name(), into),
    async away() {
      const own = name()
      const { root, records } = open()
      return {
        paths: own.startsWith('..') || path.isAbsolute(own) ? [] : [own],
        records,
        // Claims are records and nothing in the file: a copy shares them.
        copyIn: (base) => graphOf(path.join(base, own), root, { copyOf: own, records }),
        ours: async (into) => ({ edits: await drainGraph(open(), own, into), claims: [] }),
        async isOurs(_, disk, committed) {
          const [one, other] = await Promise.all([disk, committed].map((bytes) => readGraph(fromBytes(bytes), own)))
          return completedAlike(other!, one!) === one!.text
        },
      }
    },
    history: async () =>
      textHistory<Graph | undefined>({
        paths: [name()],
        read: (commit) => graphAt(open().root, commit, name()),
        complete: (graph) =>
          new Set(graph?.nodes.flatMap(({ task, status }) => (status === 'complete' ? task.id : []))),
        moved: (from, to, onto) => movedGraph(from, to, onto, name()),
        edits: (graph) => (graph ? [{ path: name(), content: toBytes(graph.text) }] : []),
      }),
    async recover(into) {
      const target = await graphAt(open().root, `refs/heads/${into}`, name())
      const done = new Set(target?.nodes.flatMap((node) => (node.status === 'complete' ? node.task.id : [])))
      return locked(async (graph) => {
        const left = graph.nodes.filter((node) => done.has(node.task.id) && open().records.read(fileStem(node.task.id)))
        const byId = new Map(target?.nodes.map((node) => [node.task.id, node]))
        const changes = left.flatMap(({ task, status }) => {
          open().records.remove(fileStem(task.id))
          const there = byId.get(task.id)
          return status === 'complete' || !there ? [] : [[task.id, completionOf(there)] as const]
        })
        if (changes.length > 0) replaceFile(fileOf(open()), setNodes(graph, new Map(changes)))
        return left.map((node) => node.task.id)
      })
    },
  }
}

async function graphAt(root: string, commit: string, name: string): Promise<Graph | undefined> {
  const bytes = await fileAt(root, commit, name)
  return bytes && readGraph(fromBytes(bytes), name)
}

const STATE: Readonly<Record<GraphStatus, Standing['state']>> = {
  pending: 'pending',
  ready: 'pending',
  blocked: 'pending',
  'in-progress': 'current',
  complete: 'complete',
}

function standings(graph: Graph | undefined, name: string): Standing[] {
  return (graph?.nodes ?? []).map((node) => ({
    task: node.task,
    state: STATE[node.status],
    path: name,
    content: JSON.stringify(node.task),
  }))
}

async function graphEdits(
  open: OpenGraph,
  locked: Locked,
  name: string,
  request: StatusRequest,
  mergedCommit: string | undefined,
  onto: string,
): Promise<readonly TreeEdit[]> {
  const disk = await locked((graph) => {
    for (const claim of request.claims) heldNode(open, graph, claim.task.id, claim.fence)
    return graph
  })
  const before = await graphAt(open.root, onto, name)
  if (!before) return []
  const states = new Map(before.nodes.map((node) => [node.task.id, node.status]))
  for (const { task } of request.claims) {
    if (states.get(task.id) === 'complete') throw alreadyComplete(task.id, `${request.into} has it in ${name}`)
  }
  const whole = await withAdded(open, before, disk, name)
  const text = setNodes(whole, completions(request, mergedCommit))
  return text === before.text ? [] : [{ path: name, content: toBytes(text) }]
}

/**
 * The graph with what agents have added to the file on disk, all of it and in its order: the file and the commit are then
 * the same, and nothing is left to be committed.
 */
async function withAdded(open: OpenGraph, graph: Graph, disk: Graph, name: string): Promise<Graph> {
  const ours = addedBySwarms(open.root)
  const there = new Set(graph.nodes.map((node) => node.task.id))
  let now = graph
  for (const { task } of disk.nodes) {
    if (!ours.has(task.id) || there.has(task.id)) continue
    now = await readGraph(await addNode(now, task, name), name)
  }
  return now
}

/** What the claims of a landing write into their nodes. */
function completions(request: StatusRequest, mergedCommit: string | undefined) {
  const completion = { ...request.completion, mergedCommit }
  return new Map(request.claims.map((claim) => [claim.task.id, completedFields(claim, completion)]))
}

function settleNodes(open: OpenGraph, graph: Graph, request: StatusRequest, mergedCommit: string | undefined): void {
  const changes = completions(request, mergedCommit)
  for (const node of graph.nodes) if (node.status === 'complete') changes.delete(node.task.id)
  const text = setNodes(graph, changes)
  if (text !== graph.text) replaceFile(fileOf(open), text)
}

/** The file as it is on disk, if all that differs from the target are completions as we write them. */
async function drainGraph(open: OpenGraph, name: string, into: string): Promise<readonly TreeEdit[]> {
  const target = await graphAt(open.root, `refs/heads/${into}`, name)
  const disk = await readGraph(readTasksText(open.top, open.file).text, name)
  if (!target || target.text === disk.text) return []
  const text = completedAlike(await withAdded(open, target, disk, name), disk)
  return text === disk.text ? [{ path: name, content: toBytes(disk.text) }] : []
}

/** `onto` with the nodes that `to` has complete or added since `from`; undefined if it has more than that. */
async function movedGraph(
  from: Graph | undefined,
  to: Graph | undefined,
  onto: Graph | undefined,
  name: string,
): Promise<Graph | undefined> {
  if (!from || !to || !onto) return undefined
  const there = new Set(from.nodes.map((node) => node.task.id))
  const added = to.nodes.filter((node) => !there.has(node.task.id))
  const move = async (graph: Graph) => {
    const known = new Set(graph.nodes.map((node) => node.task.id))
    let now = graph
    for (const { task } of added) if (!known.has(task.id)) now = await readGraph(await addNode(now, task, name), name)
    return readGraph(completedAlike(now, to), name)
  }
  return (await move(from)).text === to.text ? move(onto) : undefined
}

/** The text of `graph` with the nodes complete that are complete in `like`, as completion writes it. */
function completedAlike(graph: Graph, like: Graph): string {
  const states = new Map(graph.nodes.map((node) => [node.task.id, node.status]))
  const changes = like.nodes.flatMap((node) => {
    const before = states.get(node.task.id)
    const isNew = node.status === 'complete' && before !== undefined && before !== 'complete'
    return isNew ? [[node.task.id, completionOf(node)] as const] : []
  })
  return setNodes(graph, new Map(changes))
}

/** What completion wrote into a node, as `completedGraph` writes it. */
function completionOf(node: GraphNode): Record<string, string | undefined> {
  const said = (key: string) => {
    const value = node.task.extra[key]
    return typeof value === 'string' ? value : undefined
  }
  return {
    status: 'complete',
    claimed_at: said('claimed_at'),
    claimed_by: said('claimed_by'),
    completed_at: said('completed_at'),
    'merged-commit': said('merged-commit'),
  }
}
