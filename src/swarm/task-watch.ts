// Looks at the tasks before and after each agent, as src/swarm/watch-shared.ts looks at what git shares: a task of
// somebody else that an agent has moved, removed or called complete is put back, and said.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../errors.js'
import type { Emit } from '../events/contract.js'
import { gitFolders } from '../git/folders.js'
import type { TaskPlace, TaskProblem, TaskSnapshot, TaskSnapshots, TaskStore } from '../tasks/contract.js'
import { historySize, readHistory } from '../tasks/history.js'
import type { Iteration, SharedWatch } from './contract.js'
import {
  type Damage,
  damageWords,
  findDamage,
  folderWords,
  type GitMove,
  type LaneAtWork,
  type TurnFacts,
} from './task-damage.js'

export interface TaskWatchOptions {
  readonly root: string
  readonly swarm: string
  readonly level: 1 | 2 | 3
  /** The target, from level 2 on. */
  readonly into?: string
  readonly loopClaims: boolean
  /** The tasks, where there are any. */
  store(): Promise<TaskStore | undefined>
  commitOf(name: string): Promise<string | undefined>
  readonly emit: Emit
}

/** How things stood at the last look. What is read first comes first: what happens in between counts twice, and not never. */
interface Look {
  /** What HEAD and the target are, where they are anything. */
  readonly commits: readonly (string | undefined)[]
  readonly history: number
  readonly snapshot: TaskSnapshot
}

/** A store moves a file, then says so; git moves the files, then HEAD: so long we wait before we call it damage. */
const PAUSE_MS = 100
/** and as long as somebody's git is at work, but no longer than this. */
const GIT_MS = 3000

/**
 * Adds the look at the tasks to `watch`.
 * @param stores `tasks.stores`: each is looked at by itself
 */
export function watchTasks(
  watch: SharedWatch,
  stores: readonly string[] | undefined,
  options: TaskWatchOptions,
): SharedWatch {
  return (stores ?? [undefined]).reduce((inner, shard) => watchStore(inner, shard, options), watch)
}

function watchStore(watch: SharedWatch, shard: string | undefined, options: TaskWatchOptions): SharedWatch {
  const { root, emit } = options
  /** Iterations whose agents are at work, and how many each has; those whose agent has ended and was not looked at yet. */
  const active = new Map<Iteration, number>()
  const ended = new Set<Iteration>()
  let known: Look | undefined
  /** Tasks that could not be put back: said once, and tried at each look. */
  const failed = new Set<string>()

  let last: Promise<void> = Promise.resolve()
  const inTurn = (act: () => Promise<void>): Promise<void> => {
    last = last.then(act).catch((error: unknown) => {
      emit({ type: 'note', level: 'warning', text: `Comparing the tasks: ${messageOf(error)}` })
    })
    return last
  }

  /** What it takes to look at the tasks; undefined where they are not files of their own. */
  async function snapshotsNow(): Promise<TaskSnapshots | undefined> {
    const store = await options.store()
    return (shard === undefined ? store : store?.shards?.get(shard))?.snapshots
  }

  async function look(snapshots: TaskSnapshots): Promise<Look> {
    const commits = await commitsNow()
    const history = historySize(root)
    return { commits, history, snapshot: await snapshots.take(known?.snapshot) }
  }

  function commitsNow(): Promise<(string | undefined)[]> {
    const { into } = options
    // While the checkout is elsewhere, the tasks are those of the target.
    return Promise.all(['HEAD', ...(into === undefined ? [] : [`refs/heads/${into}`])].map(options.commitOf))
  }

  async function refresh(): Promise<void> {
    const snapshots = await snapshotsNow()
    known = undefined
    if (snapshots) known = await look(snapshots)
  }

  async function compare(): Promise<void> {
    const snapshots = await snapshotsNow()
    if (!snapshots || !known) return refresh()
    const first = await look(snapshots)
    if (first.snapshot.where !== known.snapshot.where || !(await isDamaged(known, first))) {
      known = first
      return
    }
    await settled()
    const cleared = await clearFolders(snapshots, known, await look(snapshots))
    const second = await look(snapshots)
    const found = await damage(known, second)
    const done = await putAllBack(snapshots, found)
    report(done, cleared)
    const left = found.filter((one) => failed.has(one.to.id))
    const now = await look(snapshots)
    const tasks = new Map([...now.snapshot.tasks, ...left.map((one): [string, TaskPlace] => [one.to.id, one.to])])
    known = { ...now, snapshot: { ...now.snapshot, tasks } }
  }

  async function isDamaged(before: Look, after: Look): Promise<boolean> {
    return freshlyWrong(before, after).length > 0 || (await damage(before, after)).length > 0
  }

  async function damage(before: Look, after: Look): Promise<Damage[]> {
    const facts = factsNow(before, after)
    const found = findDamage(before.snapshot, after.snapshot, facts)
    const { tree } = after.snapshot
    if (found.length === 0 || tree === undefined) return found
    const moves = await gitMoves(before.commits, await commitsNow(), tree)
    return moves.length === 0 ? found : findDamage(before.snapshot, after.snapshot, { ...facts, moves })
  }

  async function gitMoves(before: Look['commits'], now: Look['commits'], tree: string): Promise<GitMove[]> {
    const { treeFiles } = await import('../tasks/tracked/task-tree.js')
    const moves = before.map(async (from, index) => {
      const to = now[index]
      if (!from || !to || from === to) return []
      const [old, fresh] = await Promise.all([treeFiles(root, from, [tree]), treeFiles(root, to, [tree])])
      return [{ before: old, after: fresh }]
    })
    return (await Promise.all(moves)).flat()
  }

  function factsNow(before: Look, after: Look): TurnFacts {
    const isRead = historySize(root) >= before.history
    const workers = new Set([...active.keys()].map(({ worker }) => worker))
    const lanes = new Map<string, LaneAtWork>()
    for (const one of active.keys()) {
      const isEnding = ended.has(one) || workers.size === 1
      if (isEnding || !lanes.has(one.worker)) lanes.set(one.worker, isEnding ? 'ending' : 'working')
    }
    return {
      swarm: options.swarm,
      level: options.level,
      loopClaims: options.loopClaims,
      lanes,
      waiting: new Set([...active.keys()].flatMap(({ start }) => [...(start?.fences ?? [])])),
      ...(isRead
        ? { history: readHistory(root, before.history).filter(({ task }) => isHere(task, before, after)) }
        : {}),
    }
  }

  /** The history is that of all stores: a task that was never seen in one of several is another's. */
  function isHere(task: string, before: Look, after: Look): boolean {
    return shard === undefined || before.snapshot.tasks.has(task) || after.snapshot.tasks.has(task)
  }

  /** Somebody's git moves one file after the other. */
  async function settled(): Promise<void> {
    await sleep(PAUSE_MS)
    const lock = path.join(gitFolders(root).own, 'index.lock')
    for (const until = performance.now() + GIT_MS; existsSync(lock) && performance.now() < until; ) {
      await sleep(PAUSE_MS)
    }
  }

  async function clearFolders(snapshots: TaskSnapshots, before: Look, after: Look): Promise<Cleared[]> {
    const cleared: Cleared[] = []
    for (const wrong of freshlyWrong(before, after)) {
      cleared.push({ folder: wrong.path, thing: thingOf(wrong), aside: await snapshots.clear(wrong) })
    }
    return cleared
  }

  async function putAllBack(snapshots: TaskSnapshots, found: readonly Damage[]): Promise<[Damage, string?][]> {
    const done: [Damage, string?][] = []
    for (const one of found) {
      const { id } = one.to
      try {
        if (one.kind === 'lost') done.push([one])
        else if (one.kind === 'spoiled') done.push([one, await snapshots.keep(one.to)])
        else {
          const answer = await snapshots.putBack(one.to, one.now)
          if (answer) done.push([one, answer.kept])
        }
        failed.delete(id)
      } catch (error) {
        if (!failed.has(id)) warn(`Task ${id} was ${one.kind} and could not be put back: ${messageOf(error)}`)
        failed.add(id)
      }
    }
    return done
  }

  function report(done: readonly [Damage, string?][], cleared: readonly Cleared[]): void {
    const who = [...new Set([...active.keys()].map(({ worker }) => worker))]
    const said = new Set<Damage>()
    for (const { folder, thing, aside } of cleared) {
      const back = done.filter(([{ kind, to }]) => kind === 'removed' && isIn(folder, to))
      for (const [one] of back) said.add(one)
      warn(folderWords(who, path.relative(root, folder), { thing, aside, tasks: back.length }))
    }
    const rest = done.filter(([one]) => !said.has(one))
    for (const { text, task } of damageWords(who, rest)) warn(text, task)
  }

  function isIn(folder: string, { state }: TaskPlace): boolean {
    const where = known?.snapshot.where ?? folder
    return folder === where || folder === path.join(where, state)
  }

  function warn(text: string, task?: string): void {
    const [only, other] = active.keys()
    const whose = only && !other ? { worker: only.worker, iteration: only.number } : {}
    emit({ type: 'note', level: 'warning', text, ...whose, ...(task === undefined ? {} : { task }) })
  }

  return {
    async during(iteration, run) {
      await inTurn(async () => {
        // With nobody at work, what has changed is the person's own; with somebody, it is not this one's.
        if (active.size === 0) await refresh()
        else await compare()
        active.set(iteration, (active.get(iteration) ?? 0) + 1)
      })
      try {
        return await watch.during(iteration, run)
      } finally {
        if (active.get(iteration) === 1) ended.add(iteration)
        await inTurn(async () => {
          await compare()
          const left = (active.get(iteration) ?? 1) - 1
          if (left > 0) active.set(iteration, left)
          else {
            active.delete(iteration)
            ended.delete(iteration)
          }
        })
      }
    },
    async look() {
      await watch.look()
      if (active.size > 0) await inTurn(compare)
    },
    async close() {
      // With nobody at work nothing is judged any more, but for what could not be put back before.
      if (failed.size > 0) await inTurn(compare)
      await watch.close()
    },
  }
}

interface Cleared {
  readonly folder: string
  readonly thing: string
  readonly aside: string
}

/** What a problem says that stands there: `a symbolic link`. */
function thingOf({ reason }: TaskProblem): string {
  return reason.split(':')[0]!.replace(/^it is /, '')
}

/** What was a folder, or nothing, before. */
function freshlyWrong(before: Look, after: Look): readonly TaskProblem[] {
  const old = new Set(before.snapshot.wrong.map((one) => one.path))
  return after.snapshot.wrong.filter((one) => !old.has(one.path))
}
