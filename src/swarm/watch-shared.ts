// Looks at what all worktrees share before and after each agent: configuration, hooks, the stash, refs that are not its
// own. What has changed is said, is put back where it would keep the loop from working, and holds the change back.

import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { messageOf } from '../errors.js'
import type { Emit } from '../events/contract.js'
import { createFile } from '../files/create.js'
import { parseConfig, setConfig } from '../git/config-file.js'
import { excludedByUs, excludeOurs } from '../git/exclude.js'
import { gitFolders, ourFolder } from '../git/folders.js'
import { git, gitText } from '../git/run-git.js'
import { isLogged, readSharedFiles, readSharedRefs, type SharedState, type StashEntry } from '../git/shared-state.js'
import { guardIsChanged, guardRecord } from '../merge/guard.js'
import {
  changeWords,
  configChanges,
  excludeChange,
  fileChange,
  goneFrom,
  isSameFile,
  type PutBack,
  type Records,
  refChanges,
  type SharedChange,
  stashChanges,
} from '../merge/shared-changes.js'
import type { Iteration, SharedWatch } from './contract.js'
import { whoPopped } from './popped.js'

export interface WatchOptions {
  readonly root: string
  readonly swarm: string
  readonly level: 1 | 2 | 3
  /** The target, from level 2 on. */
  readonly into?: string
  readonly emit: Emit
}

/** More than these at once, and the first ones say enough. */
const MOST_SAID = 12

export function watchShared(options: WatchOptions): SharedWatch {
  const { root, swarm, emit } = options
  const { common } = gitFolders(root)
  const fenced = options.level > 1
  /** Iterations whose agents are at work, and how many each has. */
  const active = new Map<Iteration, number>()
  let known: SharedState = { files: new Map(), stash: [] }
  let worktrees: readonly string[] = []
  const pinned = new Set<string>()

  /** One look at a time: what one has put back must not be the next one's finding. */
  let last: Promise<void> = Promise.resolve()
  const inTurn = (act: () => Promise<void>): Promise<void> => {
    last = last
      .then(() => (isGone() ? undefined : act()))
      .catch((error: unknown) => {
        emit({ type: 'note', level: 'warning', text: `Comparing what worktrees share: ${messageOf(error)}` })
      })
    return last
  }

  let isGoneSaid = false
  /** Whether the repository was moved or removed: what was put back would be all that there is at its old place. */
  function isGone(): boolean {
    if (existsSync(path.join(common, 'HEAD'))) return false
    const text = `${root} is no repository any more: it was moved or removed while this swarm worked in it. Where it is now: oompa resume ${swarm}`
    if (!isGoneSaid) emit({ type: 'note', level: 'warning', text })
    isGoneSaid = true
    return true
  }

  async function refresh(withRefs: boolean): Promise<void> {
    const refs = withRefs && fenced ? await readSharedRefs(root) : known.refs
    known = { ...readSharedFiles(common, worktrees, known), ...(refs ? { refs } : {}) }
    await pinStash()
  }

  /** An entry that somebody drops is gone with the next `git gc --prune=now`. */
  async function pinStash(): Promise<void> {
    const fresh = [...new Set(known.stash.map((entry) => entry.oid))].filter((oid) => !pinned.has(oid))
    if (fresh.length === 0) return
    const lines = fresh.map((oid) => `update ${stashPin(swarm, oid)} ${oid}\n`)
    await gitText(root, ['update-ref', '--stdin'], { input: lines.join('') })
    for (const oid of fresh) pinned.add(oid)
  }

  async function compare(withRefs: boolean): Promise<void> {
    if (excludeOurs(common))
      emit({ type: 'note', text: 'Our lines were gone from .git/info/exclude: they are there again.' })
    const files = readSharedFiles(common, worktrees, known)
    const records: Records = fenced ? recordsOf([...active.keys()], root, swarm) : new Map()
    const changes = [
      ...(await changedFiles(root, common, known, files, records)),
      ...(await stashed(goneFrom(known.stash, files.stash), records)),
    ]
    await report(changes)
    if (withRefs && fenced) {
      const refs = await readSharedRefs(root)
      const facts = { into: options.into, isLogged: (ref: string, oid: string) => isLogged(common, ref, oid) }
      if (known.refs) await report(refChanges(known.refs, refs, records, facts))
      known = { ...known, refs }
    }
    if (changes.length > 0 || files.files.size !== known.files.size) await refresh(false)
    else known = { ...known, ...files }
    await pinStash()
  }

  async function stashed(gone: readonly StashEntry[], records: Records): Promise<SharedChange[]> {
    if (!fenced) return stashChanges(gone, undefined)
    const popped = new Map<string, string[]>()
    for (const { oid } of gone) popped.set(oid, await whoPopped(root, oid, [...active.keys()]))
    return stashChanges(gone, records, popped)
  }

  async function report(changes: readonly SharedChange[]): Promise<void> {
    for (const [at, change] of changes.entries()) {
      const iterations = [...active.keys()]
      const named = change.by.length > 0 ? change.by : (change.suspects ?? [])
      const accused = iterations.filter(({ worker }) => named.length === 0 || named.includes(worker))
      const text = changeWords(change, [...new Set(iterations.map(({ worker }) => worker))])
      if (change.putBack) await putBack(root, common, change.putBack)
      if (change.holds) for (const one of accused) one.held.push(text)
      const [only] = accused
      const whose = only && accused.length === 1 ? { worker: only.worker, iteration: only.number } : {}
      if (at < MOST_SAID) emit({ type: 'note', level: 'warning', text, ...whose })
    }
    if (changes.length > MOST_SAID)
      emit({ type: 'note', level: 'warning', text: `… and ${changes.length - MOST_SAID} more changes of this kind.` })
  }

  return {
    async during(iteration, run) {
      await inTurn(async () => {
        worktrees = [...new Set([...active.keys(), iteration].map((one) => entryOf(one)))]
        // With nobody at work, what has changed is the person's own; with somebody, it is not this one's.
        if (active.size === 0) await refresh(true)
        else await compare(false)
        active.set(iteration, (active.get(iteration) ?? 0) + 1)
      })
      try {
        return await run()
      } finally {
        await inTurn(async () => {
          await compare(true)
          if (fenced) checkGuard(iteration)
          const left = (active.get(iteration) ?? 1) - 1
          if (left > 0) active.set(iteration, left)
          else active.delete(iteration)
        })
      }
    },
    look: () => (active.size === 0 ? Promise.resolve() : inTurn(() => compare(false))),
    close: () =>
      inTurn(async () => {
        if (pinned.size === 0) return
        const lines = [...pinned].map((oid) => `delete ${stashPin(swarm, oid)} ${oid}\n`)
        pinned.clear()
        await gitText(root, ['update-ref', '--stdin'], { input: lines.join('') })
      }),
  }

  function checkGuard(iteration: Iteration): void {
    if (!guardIsChanged({ root, swarm, branch: iteration.branch })) return
    const text = `${iteration.worker} changed the hooks by which git keeps it from moving ${options.into}; they are made anew before its next turn.`
    iteration.held.push(text)
    emit({ type: 'note', level: 'warning', text, worker: iteration.worker, iteration: iteration.number })
  }
}

function stashPin(swarm: string, oid: string): string {
  return `refs/oompa/stash/${swarm}/${oid}`
}

/** The worktree's own folder below `worktrees/`. */
function entryOf({ name, worktree }: Iteration): string {
  try {
    return path.basename(gitFolders(worktree?.path ?? name).own)
  } catch {
    return name
  }
}

function recordsOf(iterations: readonly Iteration[], root: string, swarm: string): Records {
  return new Map(iterations.map(({ worker, branch }) => [worker, guardRecord(root, swarm, branch)]))
}

async function changedFiles(
  root: string,
  common: string,
  before: SharedState,
  after: Pick<SharedState, 'files'>,
  records: Records,
): Promise<SharedChange[]> {
  const changes: SharedChange[] = []
  const shown = (name: string) => path.relative(root, path.join(common, name))
  for (const name of new Set([...before.files.keys(), ...after.files.keys()])) {
    const [was, is] = [before.files.get(name), after.files.get(name)]
    if (name.startsWith('logs/') || isSameFile(was, is)) continue
    // A worktree that was not looked at before.
    if (name.startsWith('worktrees/') && !was) continue
    if (path.basename(name).startsWith('config') && !name.startsWith('hooks/')) {
      const [old, now] = await Promise.all([parseConfig(was?.content), parseConfig(is?.content)])
      if (!old) continue
      if (now) {
        const place = name === 'config' ? '--local' : `--file ${shown(name)}`
        changes.push(...configChanges({ name, shown: shown(name), place }, old, now, records))
      } else {
        const what = `git cannot read ${shown(name)} any more`
        const undo = `cp -p ${save(root, common, name, was) ?? '/dev/null'} ${shown(name)}`
        changes.push({ what, undo, by: [], holds: true, putBack: { file: name, before: was } })
      }
    } else if (name === 'info/exclude') {
      const text = (state: typeof was) => state?.content?.toString('utf8') ?? ''
      changes.push(...excludeChange(shown(name), text(was), text(is), excludedByUs()))
    } else {
      const change = fileChange(name, shown(name), was, is, save(root, common, name, was))
      if (change) changes.push(change)
    }
  }
  return changes
}

/** Keeps the old content of a file for the person; gives its path, or undefined if there was none. */
function save(root: string, common: string, name: string, before: { content?: Buffer; mode: number } | undefined) {
  if (!before?.content) return undefined
  const file = path.join(ourFolder(common), 'before', name)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, before.content)
  chmodSync(file, before.mode)
  return path.relative(root, file)
}

async function putBack(root: string, common: string, how: PutBack): Promise<void> {
  if ('stash' in how) {
    // A drop that was refused half way leaves the ref without its log, and storing what a ref has writes no log.
    if (readSharedFiles(common, []).stash.length === 0) await git(root, ['update-ref', '-d', 'refs/stash'])
    await gitText(root, ['stash', 'store', '--quiet', '-m', how.stash.message || 'stash', how.stash.oid])
  } else if ('config' in how) {
    await setConfig(path.join(common, how.config), how.key, how.values)
  } else {
    const file = path.join(common, how.file)
    if (!how.before?.content) return rmSync(file, { force: true })
    const making = `${file}.oompa-${process.pid}`
    createFile(making, how.before.content, how.before.mode)
    renameSync(making, file)
  }
}
