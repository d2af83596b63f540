// A `git gc --prune=now` of the person, or of an agent, while we make commits: what no ref leads to yet is taken away,
// and a target that was moved to it would be broken. Git lets one collection into a repository at a time, by a file that
// names its process; while we make something that file names us. What is made is named by a ref of ours at once, which
// whatever collects afterwards sees; and it is made again if something (a `git prune`) took a part of it all the same.

import { existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isErrno } from '../errors.js'
import { createFile } from '../files/create.js'
import { textOf } from '../files/own.js'
import { gitFolders } from './folders.js'
import { deleteRef, pointRef } from './refs.js'
import { git } from './run-git.js'

export interface Held<T> {
  readonly made: T
  /** A ref leads to it by now, or nobody needs it. */
  release(): Promise<void>
}

export interface Making {
  /** What nobody else makes anything for meanwhile: `landing`, a worktree. */
  readonly name: string
  /** What it is built on, which refs lead to. */
  readonly from: string
}

/** Whatever is being made at one time has a name of its own below this. */
const HELD_REFS = 'refs/oompa/held'

/** How often something is made again. */
const MOST_TRIES = 5

/**
 * Makes commits that no ref leads to, and holds the last.
 * @param make gives the commit, or undefined where there is none
 */
export async function held<T>(
  root: string,
  { name, from }: Making,
  make: () => Promise<{ readonly commit?: string; readonly made: T }>,
  signal?: AbortSignal,
): Promise<Held<T>> {
  const { common } = gitFolders(root)
  const letIn = await keepCollectorsOut(common, signal)
  try {
    for (let tries = 1; ; tries++) {
      const before = packsOf(common)
      const answer = await make().catch((error: unknown) => {
        if (tries < MOST_TRIES && packsOf(common) !== before) return undefined
        throw error
      })
      if (!answer) continue
      const { commit, made } = answer
      if (commit === undefined) return { made, release: async () => {} }
      const release = await hold(root, name, commit).catch((error: unknown) => {
        // Git names nothing that is not there: it was taken away already.
        if (tries < MOST_TRIES && !isLoose(common, commit)) return undefined
        throw error
      })
      if (!release) continue
      const isDoubtful = packsOf(common) !== before || !isLoose(common, commit)
      if (!isDoubtful || tries >= MOST_TRIES || (await isWhole(root, commit, from))) return { made, release }
      await release()
    }
  } finally {
    letIn()
  }
}

/** Whether all that a commit leads to is there, as far as it goes beyond `from`. */
export async function isWhole(root: string, commit: string, from: string): Promise<boolean> {
  return (await git(root, ['rev-list', '--objects', '--quiet', commit, '--not', from])).status === 0
}

/** A ref of ours leads to it, whatever becomes of the ref's name: an agent may have made it a name for another. */
async function hold(root: string, name: string, commit: string): Promise<() => Promise<void>> {
  const ref = `${HELD_REFS}/${name.replace(/[^A-Za-z0-9_-]/g, '-')}`
  await pointRef(root, ref, commit, 'oompa: is being made')
  return async () => {
    await deleteRef(root, ref, commit)
  }
}

/** Changes when packs do. */
function packsOf(common: string): number | undefined {
  return statSync(path.join(common, 'objects/pack'), { throwIfNoEntry: false })?.mtimeMs
}

function isLoose(common: string, oid: string): boolean {
  return existsSync(path.join(common, 'objects', oid.slice(0, 2), oid.slice(2)))
}

/** How long a collection is waited for; that of a large repository takes minutes. */
const PATIENCE_MS = 10 * 60_000
/** One of another machine may have been killed long ago: nobody here can tell. */
const FOREIGN_MS = 5_000
const LOOK_AGAIN_MS = 20

/** What this process keeps out of which repository, and for how many at once. */
const kept = new Map<string, { count: number; readonly ready: Promise<() => void> }>()

/** Waits until nobody collects, and lets nobody begin; gives what ends that. */
async function keepCollectorsOut(common: string, signal: AbortSignal | undefined): Promise<() => void> {
  const known = kept.get(common)
  const one = known ?? { count: 0, ready: takePidFile(common, signal) }
  one.count++
  kept.set(common, one)
  const done = () => {
    if (--one.count > 0) return
    kept.delete(common)
    void one.ready.then((letGo) => letGo())
  }
  try {
    await one.ready
  } catch (error) {
    kept.delete(common)
    throw error
  }
  return done
}

/** As `git gc` takes it: `gc.pid` names a process and its host, and counts while that lives. */
async function takePidFile(common: string, signal: AbortSignal | undefined): Promise<() => void> {
  const file = path.join(common, 'gc.pid')
  const ours = `${process.pid} ${hostname()}`
  for (const begun = Date.now(); ; await sleep(LOOK_AGAIN_MS)) {
    signal?.throwIfAborted()
    const holder = collectorOf(textOf(file))
    const patience = holder === 'elsewhere' ? FOREIGN_MS : PATIENCE_MS
    if (holder !== undefined) {
      if (Date.now() - begun > patience) return () => {}
      continue
    }
    try {
      createFile(`${file}.lock`, ours)
      const isFree = collectorOf(textOf(file)) === undefined
      if (isFree) renameSync(`${file}.lock`, file)
      else rmSync(`${file}.lock`, { force: true })
      if (isFree) return () => textOf(file) === ours && rmSync(file, { force: true })
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) return () => {}
      // Another is taking it; one that was killed in between has left its lock, which is git's to mend.
      if (Date.now() - begun > FOREIGN_MS) return () => {}
    }
  }
}

/** Whether somebody collects, by the text of `gc.pid`. */
function collectorOf(text: string | undefined): 'here' | 'elsewhere' | undefined {
  const [, pid, host] = /^(\d+) (\S+)/.exec(text ?? '') ?? []
  if (!pid) return undefined
  if (host !== hostname()) return 'elsewhere'
  try {
    process.kill(Number(pid), 0)
    return 'here'
  } catch (error) {
    return isErrno(error, 'EPERM') ? 'here' : undefined
  }
}
