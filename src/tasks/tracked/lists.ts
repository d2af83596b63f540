// Markdown lists on their way with the work. A landing changes the lists as the target has them, item by item.

import path from 'node:path'
import { fromBytes, toBytes } from '../../files/bytes.js'
import type { StatusEdits, TreeEdit } from '../../words.js'
import type { Claim, Completion, OurTasks, StatusRequest, TrackedTasks } from '../contract.js'
import { fileStem } from '../decode.js'
import { alreadyComplete, notYours } from '../errors.js'
import { type HistoryEntry, isOfSwarm, readHistory } from '../history.js'
import { LISTS, type ListName, type Lists, moveItem } from '../lists/files.js'
import { type Item, readItems, withItem, withoutItem, withoutItems } from '../lists/markdown.js'
import { completedBlock, heldItem, itemsOf, listsOf, type OpenLists } from '../lists/store.js'
import { readTasksText, replaceFile } from '../one-file.js'
import { textHistory } from './diverged.js'
import { decideRequests, type Standing } from './requests.js'
import { restorePaths } from './restore.js'
import { fileAt, treeFiles } from './tree.js'

type Locked = <T>(work: (lists: Lists) => T) => Promise<T>
type Texts = Record<ListName, string>

export function trackedLists(open: () => OpenLists, locked: Locked): TrackedTasks {
  const folderOf = () => open().copyOf ?? path.relative(open().root, open().folder).split(path.sep).join('/')
  const files = () => LISTS.map((name) => `${folderOf()}/${name}.md`)
  return {
    async requests(worktree, base, own) {
      const before = await textsAt(worktree, base, folderOf())
      const after = textsOn(worktree, path.join(worktree, folderOf()))
      const was = standings(before, folderOf())
      const now = standings(after, folderOf())
      const same = new Set(was.map((one) => `${one.path}\n${one.content}`))
      const problems = LISTS.flatMap((name) =>
        before[name] === after[name]
          ? []
          : readItems(after[name]).problems.map((problem) => ({ path: `${folderOf()}/${name}.md`, ...problem })),
      )
      const isSame = (one: Standing) => same.has(`${one.path}\n${one.content}`)
      const unchanged = new Set(now.filter(isSame).map((one) => one.task.id))
      const changed = (all: readonly Standing[]) => all.filter((one) => !unchanged.has(one.task.id))
      const requests = decideRequests({ before: changed(was), after: changed(now), problems }, own)
      for (const { task } of requests.adds) open().asked.add(task.id)
      return requests
    },
    restore: (worktree, base, adds) => restorePaths(worktree, base, files(), adds),
    statusEdits: (request) => listEdits(open, locked, folderOf, request),
    drain: async (into) => drainLists(open(), into, folderOf()),
    async away() {
      const folder = folderOf()
      const isInside = folder !== '' && !folder.startsWith('..') && !path.isAbsolute(folder)
      return {
        paths: isInside ? files() : [],
        records: open().records,
        copyIn: (base) => listsOf(path.join(base, folder), open().root, folder),
        ours: (into) => oursInLists(open(), into, folder),
        isOurs: async (_, disk, committed) => isOnlyOurs(oursOf(open()), fromBytes(committed), fromBytes(disk)),
      }
    },
    history: async () =>
      textHistory<Texts>({
        paths: files(),
        read: (commit) => textsAt(open().root, commit, folderOf()),
        complete: ({ complete }) => new Set(readItems(complete).items.map(({ task }) => task.id)),
        moved: async (from, to, onto) => movedLists(from, to, onto),
        edits: (texts) => LISTS.map((one) => ({ path: `${folderOf()}/${one}.md`, content: toBytes(texts[one]) })),
      }),
    async recover(into) {
      const done = new Set(
        readItems((await textsAt(open().root, `refs/heads/${into}`, folderOf())).complete).items.map(
          (item) => item.task.id,
        ),
      )
      const ours = oursOf(open())
      return locked((lists) =>
        (['in_progress', 'pending'] as const).flatMap((name) => {
          const items = itemsOf(lists, name).flatMap(({ item }) => {
            const { id } = item.task
            return done.has(id) && ours.has(id) ? item : []
          })
          if (items.length > 0) replaceFile(lists[name], withoutItems(lists[name].text, items))
          for (const { task } of items) open().records.remove(fileStem(task.id))
          return items.map(({ task }) => task.id)
        }),
      )
    },
  }
}

/** Ids of tasks that a worker has done something to. */
function oursOf(open: OpenLists): Set<string> {
  const last = new Map(readHistory(open.root).map((entry) => [entry.task, entry]))
  return new Set([...last].flatMap(([id, entry]) => (isPersons(entry) ? [] : [id])))
}

function isPersons(entry: HistoryEntry): boolean {
  return entry.type === 'reopened' || (entry.type === 'added' && !isOfSwarm(entry))
}

async function textsAt(root: string, commit: string, folder: string): Promise<Texts> {
  const [pending, inProgress, complete] = await Promise.all(
    LISTS.map(async (name) => fromBytes((await fileAt(root, commit, `${folder}/${name}.md`)) ?? Buffer.alloc(0))),
  )
  return { pending: pending!, in_progress: inProgress!, complete: complete! }
}

function textsOn(top: string, folder: string): Texts {
  const read = (name: ListName) => readTasksText(top, path.join(folder, `${name}.md`)).text
  return { pending: read('pending'), in_progress: read('in_progress'), complete: read('complete') }
}

const STATE = { pending: 'pending', in_progress: 'current', complete: 'complete' } as const

function standings(texts: Texts, folder: string): Standing[] {
  return LISTS.flatMap((name) =>
    readItems(texts[name]).items.map((item) => ({
      task: item.task,
      state: item.checked ? ('complete' as const) : STATE[name],
      path: `${folder}/${name}.md`,
      content: item.block,
    })),
  )
}

/** The texts with one task complete. */
function withComplete(texts: Texts, id: string, block: string): Texts {
  const next = { ...texts }
  for (const name of ['pending', 'in_progress'] as const) {
    const item = readItems(next[name]).items.find((one) => one.task.id === id)
    if (item) next[name] = withoutItem(next[name], item)
  }
  return { ...next, complete: withItem(next.complete, block) }
}

/** `onto` with the items that `to` has complete or added since `from`; undefined if it has more than that. */
function movedLists(from: Texts, to: Texts, onto: Texts): Texts | undefined {
  const known = (texts: Texts) =>
    new Set(LISTS.flatMap((name) => readItems(texts[name]).items.map(({ task }) => task.id)))
  const move = (texts: Texts): Texts => {
    const there = known(texts)
    let now = texts
    for (const { task, block } of readItems(to.pending).items) {
      if (!there.has(task.id) && !known(from).has(task.id)) now = { ...now, pending: withItem(now.pending, block) }
    }
    const done = new Set(readItems(now.complete).items.map(({ task }) => task.id))
    for (const { task, block } of readItems(to.complete).items) {
      if (!done.has(task.id)) now = withComplete(now, task.id, block)
    }
    return now
  }
  const again = move(from)
  return LISTS.every((name) => again[name].trim() === to[name].trim()) ? move(onto) : undefined
}

function listEdits(open: () => OpenLists, locked: Locked, folderOf: () => string, request: StatusRequest): StatusEdits {
  const blocks = new Map<string, Map<string, string>>()
  const blocksFor = (lists: Lists, mergedCommit: string | undefined, lenient: boolean) => {
    const known = blocks.get(mergedCommit ?? '')
    if (known) return known
    const completion = { ...request.completion, mergedCommit }
    const made = new Map(
      request.claims.map((claim) => [claim.task.id, blockOf(open(), lists, claim, completion, lenient)]),
    )
    blocks.set(mergedCommit ?? '', made)
    return made
  }
  return {
    async edits(mergedCommit, onto = `refs/heads/${request.into}`) {
      const made = await locked((lists) => {
        for (const claim of request.claims) heldItem(open(), lists, claim.task.id, claim.fence)
        return blocksFor(lists, mergedCommit, false)
      })
      const folder = folderOf()
      if (
        (
          await treeFiles(
            open().root,
            onto,
            LISTS.map((name) => `${folder}/${name}.md`),
          )
        ).size === 0
      )
        return []
      const before = await textsAt(open().root, onto, folder)
      let after = before
      for (const [id, block] of made) {
        if (readItems(before.complete).items.some((item) => item.task.id === id)) {
          throw alreadyComplete(id, `${request.into} has it in ${folder}/complete.md`)
        }
        after = withComplete(after, id, block)
      }
      const added = await locked((lists) => addedBlocks(lists, after, request.added ?? []))
      for (const block of added) after = { ...after, pending: withItem(after.pending, block) }
      return changes(before, after, folder)
    },
    settle: (landing) =>
      locked((lists) => {
        const made = blocksFor(lists, landing.mergedCommit, true)
        for (const claim of request.claims)
          settleItem(open(), claim, made.get(claim.task.id)!, request, landing.nothing ? undefined : landing.commit)
      }),
  }
}

function blockOf(open: OpenLists, lists: Lists, claim: Claim, completion: Completion, lenient: boolean): string {
  const { id } = claim.task
  const found = LISTS.flatMap((name) => lists[name].items).find((item) => item.task.id === id)
  if (found && lenient) return completedBlock(found, completion)
  if (!found) throw notYours(id, 'it is not in the lists any more')
  return completedBlock(heldItem(open, lists, id, claim.fence), completion)
}

/** Moves the item on disk, wherever it stands by now. */
function settleItem(
  open: OpenLists,
  claim: Claim,
  block: string,
  request: StatusRequest,
  commit: string | undefined,
): void {
  const { id } = claim.task
  const lists = readAll(open)
  const from = (['in_progress', 'pending'] as const).find((name) =>
    lists[name].items.some((item) => item.task.id === id),
  )
  const isDone = lists.complete.items.some((item) => item.task.id === id)
  if (from) {
    const item = lists[from].items.find((one) => one.task.id === id)!
    if (isDone) replaceFile(lists[from], withoutItem(lists[from].text, item))
    else moveItem(open.records.folder, lists, item, { id, from, to: 'complete' }, block)
  }
  open.records.remove(fileStem(id))
  if (from) {
    const { swarm } = claim.holder
    open.say({
      type: 'completed',
      task: id,
      by: request.completion.by,
      ...(swarm ? { swarm } : {}),
      ...(commit ? { commit } : {}),
    })
  }
}

function readAll(open: OpenLists): Lists {
  const texts = textsOn(open.top, open.folder)
  const list = (name: ListName) => ({
    top: open.top,
    path: path.join(open.folder, `${name}.md`),
    text: texts[name],
    ...readItems(texts[name]),
  })
  return { pending: list('pending'), in_progress: list('in_progress'), complete: list('complete') }
}

function addedBlocks(lists: Lists, after: Texts, ids: readonly string[]): string[] {
  const there = new Set(LISTS.flatMap((name) => readItems(after[name]).items.map((item) => item.task.id)))
  const wanted = new Set(ids.filter((id) => !there.has(id)))
  return [...lists.pending.items, ...lists.in_progress.items].flatMap((item) =>
    wanted.has(item.task.id) ? item.block : [],
  )
}

function changes(before: Texts, after: Texts, folder: string): TreeEdit[] {
  return LISTS.flatMap((name) =>
    before[name] === after[name] ? [] : { path: `${folder}/${name}.md`, content: toBytes(after[name]) },
  )
}

/** What workers have done to the items: those in progress, those noted or added, those complete in no commit. */
async function oursInLists(open: OpenLists, into: string, folder: string): Promise<OurTasks> {
  const before = await textsAt(open.root, `refs/heads/${into}`, folder)
  const disk = textsOn(open.top, open.folder)
  const ours = oursOf(open)
  const find = (texts: Texts, name: ListName, id: string) =>
    readItems(texts[name]).items.find((item) => item.task.id === id)
  const claims: OurTasks['claims'][number][] = []
  let after = before
  const moved = (id: string, to: ListName, block: string) => {
    for (const name of ['pending', 'in_progress'] as const) {
      const item = find(after, name, id)
      if (item) after = { ...after, [name]: withoutItem(after[name], item) }
    }
    after = { ...after, [to]: withItem(after[to], block) }
  }
  for (const name of LISTS) {
    for (const item of readItems(disk[name]).items) {
      const { id } = item.task
      const record = name === 'in_progress' ? open.records.read(fileStem(id)) : undefined
      if (record) claims.push({ key: fileStem(id), record })
      if (find(before, 'complete', id) || !(record || ours.has(id))) continue
      const committed = find(before, name, id)
      if (committed?.block !== item.block) moved(id, name, item.block)
    }
  }
  return { edits: changes(before, after, folder), claims }
}

/** Whether two texts of a list differ in nothing but items of workers. */
function isOnlyOurs(ours: ReadonlySet<string>, one: string, other: string): boolean {
  const rest = (text: string) => {
    const { items } = readItems(text)
    const bare = items.reduceRight<string>((out, item) => withoutItem(out, item), text).trim()
    return JSON.stringify([bare, items.filter((item) => !ours.has(item.task.id)).map(blockText)])
  }
  return rest(one) === rest(other)
}

/** The lists as they are on disk, if all that differs from the target are items that workers have moved or noted. */
async function drainLists(open: OpenLists, into: string, folder: string): Promise<readonly TreeEdit[]> {
  const target = `refs/heads/${into}`
  if (
    (
      await treeFiles(
        open.root,
        target,
        LISTS.map((name) => `${folder}/${name}.md`),
      )
    ).size === 0
  )
    return []
  const before = await textsAt(open.root, target, folder)
  const after = textsOn(open.top, open.folder)
  const ours = oursOf(open)
  const rest = (text: string) => withoutItems(text, readItems(text).items).trim()
  const others = (texts: Texts) =>
    LISTS.map((name) =>
      readItems(texts[name])
        .items.filter((item) => !ours.has(item.task.id))
        .map(blockText),
    )
  const isOurs =
    LISTS.every((name) => rest(before[name]) === rest(after[name])) &&
    JSON.stringify(others(before)) === JSON.stringify(others(after))
  // What is still in progress is somebody's: a commit never says so.
  return isOurs && readItems(after.in_progress).items.length === 0 ? changes(before, after, folder) : []
}

function blockText(item: Item): string {
  return item.block.trimEnd()
}
