// Finds work that did not land: kept refs, and branches of iterations whose swarm has ended or crashed.

import path from 'node:path'
import type { OompaEvent } from '../events/contract.js'
import { swarmIds } from '../events/log.js'
import { inUse } from '../events/running.js'
import { scanLog } from '../events/scan-log.js'
import { isAncestor } from '../git/ancestry.js'
import { describeCommit } from '../git/changes.js'
import { unsavedWork } from '../git/read-status.js'
import { resolveCommit } from '../git/repository.js'
import { gitText } from '../git/run-git.js'
import { commitsOver, listWorktrees } from '../git/worktree-list.js'
import { workerBase } from '../merge/base.js'
import { landedBefore } from '../merge/landed.js'
import { readPulls } from '../merge/pull-records.js'
import { openTools } from '../merge/tools.js'
import { waitingApprovals } from '../review/held-changes.js'
import type { ChangedFile } from '../words.js'

/** A piece of work that is in no target. */
export interface LeftWork {
  /** `refs/oompa/kept/…`, or `refs/heads/oompa/w1-i1`. */
  readonly ref: string
  readonly commit: string
  readonly worker: string
  readonly iteration: number
  /** The swarm that made it, where its log still says so. */
  readonly swarm?: string
  readonly task?: string
  /** The branch that it is to land on, without `refs/heads/`: its swarm's. */
  readonly into: string
  /** Why it did not land. */
  readonly reason: string
  readonly commits: number
  readonly base: string
  readonly files: readonly ChangedFile[]
  /** Absolute, where its worktree is still there. */
  readonly worktree?: string
  /** Files in it that are not committed. */
  readonly unsaved: number
  /** The approval for which it waits. */
  readonly approval?: string
}

const KEPT = /^refs\/oompa\/kept\/([0-9a-f]{8})\/(w\d+)-(\d+)(?:-[0-9a-f]{8})?$/
const BRANCH = /^refs\/heads\/oompa\/(w\d+)-i(\d+)$/

/**
 * Everything that has not landed and that no running swarm has, the oldest first. Work is for the target of the swarm
 * that made it, wherever the checkout is by now.
 * @param target without `refs/heads/`: `given` for all work, or `usual` for that whose swarm's is not known any more
 */
export async function leftWork(
  root: string,
  target: { readonly given: string } | { readonly usual: string },
): Promise<LeftWork[]> {
  const facts = iterationFacts(root)
  const used = inUse(root)
  const worktrees = new Map((await listWorktrees(root)).map((entry) => [entry.branch, entry]))
  const approvals = new Map((await waitingApprovals(root)).map((approval) => [approval.ref, approval.id]))
  const inReview = new Set(readPulls(root).map((pull) => pull.commit))
  const tools = openTools(root)
  const left: LeftWork[] = []
  try {
    for (const { ref, commit } of await ourRefs(root)) {
      const branch = BRANCH.exec(ref)
      const [, swarm, worker = branch?.[1] ?? '', number = branch?.[2] ?? ''] = KEPT.exec(ref) ?? []
      const name = ref.replace(/^refs\/heads\//, '')
      // Whoever merges the pull request lands it.
      if ((branch && used(name)) || inReview.has(commit)) continue
      const entry = branch ? worktrees.get(name) : undefined
      const unsaved = entry && !entry.prunable ? (await unsavedWork(entry.path)).length : 0
      const { own, ...found } = facts(worker, Number(number), swarm, ref)
      const into = 'given' in target ? target.given : own && (await isBranch(root, own)) ? own : target.usual
      const full = `refs/heads/${into}`
      const landed = (await isAncestor(root, commit, full)) || (await landedBefore(tools, into, commit)) !== undefined
      if (landed && unsaved === 0) continue
      const { built = await workerBase(root, into, name, commit), ...about } = found
      const change = await describeCommit(root, commit, full, built)
      left.push({
        ref,
        commit,
        worker,
        iteration: Number(number),
        ...about,
        into,
        commits: await commitsOver(root, full, commit),
        base: change.base,
        files: change.files,
        unsaved,
        ...(entry && !entry.prunable ? { worktree: entry.path } : {}),
        ...(approvals.has(ref) ? { approval: approvals.get(ref) } : {}),
      })
    }
  } finally {
    tools.close()
  }
  return withoutDoubles(left)
}

async function isBranch(root: string, name: string): Promise<boolean> {
  return (await resolveCommit(root, `refs/heads/${name}`)) !== undefined
}

async function ourRefs(root: string): Promise<{ ref: string; commit: string }[]> {
  const format = '--format=%(objectname) %(refname)'
  const text = await gitText(root, [
    'for-each-ref',
    format,
    '--sort=creatordate',
    'refs/oompa/kept/',
    'refs/heads/oompa/',
  ])
  return text.split('\n').flatMap((line) => {
    const [commit = '', ref = ''] = line.split(' ')
    return KEPT.test(ref) || BRANCH.test(ref) ? { ref, commit } : []
  })
}

/** The same commit under a kept ref and as a branch is one work: the ref, which nobody works on, stands for it. Pure. */
function withoutDoubles(left: readonly LeftWork[]): LeftWork[] {
  return left.filter((one) => {
    const twin = left.find((other) => other !== one && other.commit === one.commit && KEPT.test(other.ref))
    return !twin || KEPT.test(one.ref) || one.unsaved > 0
  })
}

type Facts = Pick<LeftWork, 'swarm' | 'task' | 'reason'> & {
  readonly built?: string
  /** The target of its swarm. */
  readonly own?: string
}

/** What the logs say of an iteration: of the given swarm, else of the last that had one of this name. */
function iterationFacts(
  root: string,
): (worker: string, iteration: number, swarm: string | undefined, ref: string) => Facts {
  const wanted = new Set<string>(['swarm.started', 'iteration.started', 'iteration.ended', 'task.claimed', 'work.kept'])
  const events: OompaEvent[] = swarmIds(root).flatMap((id) => scanLog(root, id, (type) => wanted.has(type)))
  return (worker, iteration, given, ref) => {
    const own = events.filter((event) => event.worker === worker && event.iteration === iteration)
    const starts = own.filter((event) => event.type === 'iteration.started').sort((a, b) => a.at.localeCompare(b.at))
    const swarm = given ?? starts.at(-1)?.swarm
    const its = own.filter((event) => event.swarm === swarm)
    // The ref may have been named by a later start, in its own log.
    const kept = events.findLast((event) => event.type === 'work.kept' && event.ref === ref)
    const ended = its.findLast((event) => event.type === 'iteration.ended')
    const task = its.findLast((event) => event.task !== undefined)?.task
    const why = kept?.type === 'work.kept' ? kept.reason : ended?.type === 'iteration.ended' ? ended.reason : undefined
    const started = events.findLast((event) => event.type === 'swarm.started' && event.swarm === swarm)
    const outcome = ended?.type === 'iteration.ended' ? ended.outcome : undefined
    return {
      ...(swarm ? { swarm } : {}),
      ...(task ? { task } : {}),
      ...(started?.type === 'swarm.started' && typeof started.into === 'string' ? { own: started.into } : {}),
      ...(kept?.type === 'work.kept' && kept.base ? { built: kept.base } : {}),
      reason: why ?? (outcome === 'done' ? 'nothing lands at level 1' : (outcome ?? 'its iteration did not end')),
    }
  }
}

/** Those that a person means by a swarm's id, a ref, a branch, `w1-3`, or the beginning of an id. Pure. */
export function chosenWork(left: readonly LeftWork[], name: string): LeftWork[] {
  const plain = name.replace(/^refs\/(heads|oompa\/kept)\//, '')
  return left.filter(({ ref, swarm, worker, iteration }) => {
    const own = ref.replace(/^refs\/(heads|oompa\/kept)\//, '')
    if (own === plain || `${worker}-${iteration}` === plain || `.${worker}-i${iteration}` === plain) return true
    return /^[0-9a-f]+$/.test(plain) && swarm?.startsWith(plain) === true
  })
}

/** What it is called for people: `3f2a91bc/w1-3`, or the branch. */
export function workName({ ref }: LeftWork): string {
  return ref.replace(/^refs\/(heads|oompa\/kept)\//, '')
}

/** Its folder for people, below the root. */
export function worktreeName({ worktree }: LeftWork): string | undefined {
  return worktree && path.basename(worktree)
}
