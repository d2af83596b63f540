// A document with tasks on its way with the work: a landing changes it as the target has it, task by task.

import path from 'node:path'
import { fromBytes } from '../../files/bytes.js'
import type { StatusEdits, TreeEdit } from '../../words.js'
import type { AwayTasks, OurTasks, StatusRequest, TaskRequests, TrackedTasks } from '../contract.js'
import { fileStem } from '../decode.js'
import { addedBySwarms, type HistoryEntry, isOfSwarm, readHistory } from '../history.js'
import { readTasksText } from '../one-file.js'
import { alreadyComplete } from '../task-errors.js'
import { decideRequests, type Standing } from '../tracked/requests.js'
import { restorePaths } from '../tracked/restore.js'
import { changedFiles, type Document, isDone, type Written } from './contract.js'
import { documentStore, heldEntry, recordOf } from './document-store.js'
import type { LockedDocument, OpenDocument } from './opened.js'
import { documentAt, edits, grown, history, idsOf, pathOf, pathsOf, withNew } from './versions.js'

export function trackedDocument(open: () => OpenDocument): TrackedTasks {
  return {
    requests: (worktree, base, own) => readRequests(open(), worktree, base, own),
    restore: (worktree, base, adds) => restorePaths(worktree, base, pathsOf(open()), adds),
    statusEdits: (request) => statusEdits(open(), request),
    drain: (into) => drain(open(), into),
    away: async () => away(open()),
    history: async () => history(open()),
    recover: (into) => recover(open(), into),
  }
}

async function readRequests(
  open: OpenDocument,
  worktree: string,
  base: string,
  own: readonly string[],
): Promise<TaskRequests> {
  const { format } = open
  const before = await documentAt(open, base, worktree)
  const texts = format.files.map(
    (file) => [file, readTasksText(worktree, path.join(worktree, pathOf(open, file))).text] as const,
  )
  const after = await format.read(new Map(texts))
  const standings = (doc: Document) =>
    doc.entries.map((entry): Standing => {
      const { task, state, file } = entry
      return { task, state, path: pathOf(open, file), content: format.content(entry) }
    })
  const sign = ({ state, path: file, content }: Standing) => `${file}\n${state}\n${content}`
  const [was, now] = [standings(before), standings(after)]
  const signs = new Set(was.map(sign))
  const unchanged = new Set(now.filter((one) => signs.has(sign(one))).map(({ task }) => task.id))
  const changed = (all: readonly Standing[]) => all.filter(({ task }) => !unchanged.has(task.id))
  const files = changedFiles(format.files, before.texts, after.texts)
  const problems = after.problems.flatMap((problem) =>
    files.includes(problem.path) ? { ...problem, path: pathOf(open, problem.path) } : [],
  )
  const requests = decideRequests({ before: changed(was), after: changed(now), problems }, own)
  for (const { task } of requests.adds) open.asked.add(task.id)
  return requests
}

/** Ids of tasks to which a worker has done something last. */
function oursOf(root: string): Set<string> {
  const last = new Map(readHistory(root).map((entry) => [entry.task, entry]))
  const isPersons = (entry: HistoryEntry) => entry.type === 'reopened' || (entry.type === 'added' && !isOfSwarm(entry))
  return new Set([...last].flatMap(([id, entry]) => (isPersons(entry) ? [] : id)))
}

function statusEdits(open: OpenDocument, request: StatusRequest): StatusEdits {
  const { format } = open
  // The same goes into the commit and onto the disk, however often the merge is tried in between.
  const made = new Map<string, ReadonlyMap<string, Written>>()
  const writtenFor = (doc: Document, mergedCommit: string | undefined) => {
    const written =
      made.get(mergedCommit ?? '') ??
      new Map(
        request.claims.flatMap((claim) => {
          const all = doc.entries.filter(({ task }) => task.id === claim.task.id)
          const entry = all.find(({ state }) => state === 'current') ?? all[0]
          const completion = { ...request.completion, mergedCommit }
          return entry ? [[entry.task.id, format.written(entry, claim, completion)]] : []
        }),
      )
    made.set(mergedCommit ?? '', written)
    return written
  }
  return {
    async edits(mergedCommit, onto = `refs/heads/${request.into}`) {
      const { disk, written } = await open.locked((here) => {
        for (const { task, fence } of request.claims) heldEntry(here, task.id, fence)
        return { disk: here.doc, written: writtenFor(here.doc, mergedCommit) }
      })
      const before = await documentAt(open, onto)
      if (before.texts.size === 0) return []
      const done = before.entries.find((entry) => isDone(entry) && written.has(entry.task.id))
      if (done) throw alreadyComplete(done.task.id, `${request.into} has it in ${pathOf(open, done.file)}`)
      const ids = format.held === undefined ? addedBySwarms(open.root) : new Set(request.added)
      const add = (doc: Document) => withNew(format, doc, disk, (id) => ids.has(id))
      // In the order in which the file on disk gets them.
      const after =
        format.held === undefined
          ? await format.complete(await add(before), written)
          : (await add(await format.read(await format.complete(before, written)))).texts
      return edits(open, before.texts, after)
    },
    async settle({ mergedCommit, commit, nothing }) {
      for (const { task, holder } of request.claims) {
        await open.locked(async (here) => {
          if (!(await settleEntry(here, task.id, writtenFor(here.doc, mergedCommit).get(task.id)))) return
          const { by } = request.completion
          open.say({ type: 'completed', task: task.id, by, swarm: holder.swarm, ...(nothing ? {} : { commit }) })
        })
      }
    },
  }
}

/** Completes a task on disk, wherever it stands by now; whether anything was left to do. */
async function settleEntry(here: LockedDocument, id: string, written: Written): Promise<boolean> {
  const { doc, format, records } = here
  const isOpen = doc.entries.some((entry) => entry.task.id === id && !isDone(entry))
  if (isOpen && written !== undefined) here.write(doc, await format.complete(doc, new Map([[id, written]])), id)
  const isHeld = records.read(fileStem(id)) !== undefined
  records.remove(fileStem(id))
  return isOpen || isHeld
}

type Ids = ReadonlySet<string>

/** Whether all that differs is what workers have done. @param added ids of tasks that their agents added */
async function isOurs({ format, root }: OpenDocument, before: Document, after: Document, added: Ids): Promise<boolean> {
  if (format.isOurs) return format.isOurs(before, after, oursOf(root))
  const texts = await grown(format, before, after, (id) => added.has(id))
  return changedFiles(format.files, texts, after.texts).length === 0
}

/** The document as it is on disk, if all that differs from the target is ours. */
async function drain(open: OpenDocument, into: string): Promise<readonly TreeEdit[]> {
  const [before, disk] = [await documentAt(open, `refs/heads/${into}`), await open.read()]
  const all = edits(open, before.texts, disk.texts)
  // What is held is somebody's: a commit never says so.
  const isHeld = disk.entries.some(({ file }) => file === open.format.held)
  // A complete task that is gone from the disk was taken away by a person, or by a crash: no commit of ours takes it away.
  const there = idsOf(disk.entries)
  const isGone = before.entries.some((entry) => isDone(entry) && !there.has(entry.task.id))
  if (before.texts.size === 0 || all.length === 0 || isHeld || isGone) return []
  return (await isOurs(open, before, disk, addedBySwarms(open.root))) ? all : []
}

function away(open: OpenDocument): AwayTasks {
  const { root, tree, records, format } = open
  const isInside = tree !== '' && !tree.startsWith('..') && !path.isAbsolute(tree)
  return {
    paths: isInside ? pathsOf(open) : [],
    records,
    copyIn: (base) =>
      documentStore(format, {
        root,
        path: () => path.join(base, tree),
        copyOf: tree,
        // Claims are records and nothing in the file: a copy shares them.
        ...(format.held === undefined ? { records } : {}),
      }),
    ours: (into) => oursOnDisk(open, into),
    async isOurs(file, disk, committed) {
      const name = format.files.find((one) => pathOf(open, one) === file) ?? ''
      const [now, was] = [disk, committed].map((bytes) => format.read(new Map([[name, fromBytes(bytes)]])))
      return isOurs(open, await was!, await now!, new Set())
    },
  }
}

/** What workers have done to the tasks: those that are held, those noted or added, those complete in no commit. */
async function oursOnDisk(open: OpenDocument, into: string): Promise<OurTasks> {
  const { format } = open
  if (!format.ours) return { edits: await drain(open, into), claims: [] }
  const [before, disk] = [await documentAt(open, `refs/heads/${into}`), await open.read()]
  const claims = disk.entries.flatMap(({ file, task: { id } }) => {
    const record = file === format.held ? recordOf(open, id) : undefined
    return record ? { key: fileStem(id), record } : []
  })
  const ours = new Set([...oursOf(open.root), ...claims.map(({ record }) => record.id)])
  return { edits: edits(open, before.texts, format.ours(before, disk, ours)), claims }
}

/** After a crash, committed-complete wins over what workers have done. */
async function recover(open: OpenDocument, into: string): Promise<string[]> {
  const { format, records } = open
  const target = await documentAt(open, `refs/heads/${into}`)
  const done = idsOf(target.entries.filter(isDone))
  // In the file of a graph there is nothing of a claim: what is there otherwise is a person's.
  const ours = format.held === undefined ? records.keys() : oursOf(open.root)
  return open.locked(async ({ doc, write }) => {
    const left = doc.entries.filter(({ task: { id }, state }) => {
      const isLeft = format.held === undefined ? ours.has(fileStem(id)) : state !== 'complete' && ours.has(id)
      return isLeft && done.has(id)
    })
    write(doc, left.length > 0 ? await format.recovered(doc, left, target) : undefined)
    for (const { task } of left) records.remove(fileStem(task.id))
    return left.map(({ task }) => task.id)
  })
}
