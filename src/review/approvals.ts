// Changes that wait for a person: a file each in `.oompa/approvals/`, pinned to the commit, its work kept at a ref.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno, OompaError, usageError } from '../errors.js'
import { stateFolder } from '../files/paths.js'
import { deleteRef } from '../git/refs.js'
import { git, gitText } from '../git/run.js'
import type { ApproveHook, HookContext } from '../hooks/contract.js'
import type { Change, ChangedFile, Refusal } from '../words.js'
import { protectedPaths, protectedReason } from './protected.js'

/** What `oompa approvals --json` says of each (cli.md, 8). */
export interface WaitingApproval {
  /** `w1-3-1a2b3c4`: worker, iteration, and the commit that it is pinned to. */
  readonly id: string
  readonly swarm: string
  readonly worker: string
  readonly task: string | null
  readonly commit: string
  readonly base: string
  readonly files: readonly string[]
  readonly reasons: readonly string[]
  /** ISO 8601. */
  readonly since: string
}

/** The same with what the landing needs. */
export interface StoredApproval extends WaitingApproval {
  readonly iteration: number
  readonly branch: string
  readonly into: string
  /** `refs/oompa/kept/<swarm>/<worker>-<iteration>` */
  readonly ref: string
  readonly reviewedBy: readonly string[]
  readonly author?: string
  readonly summary?: string
}

export function approvalsFolder(root: string): string {
  return path.join(stateFolder(root), 'approvals')
}

/**
 * Why a change has to wait for a person; empty if it may land. Protected paths always do, hook or not.
 */
export async function reasonsToWait(
  change: Change,
  hooks: readonly ApproveHook[],
  context: HookContext,
): Promise<string[]> {
  const guarded = protectedReason(protectedPaths(change.files))
  const answers = await Promise.all(
    hooks.map(async (hook) => {
      try {
        const answer = await hook(change, context)
        return 'wait' in answer ? answer.wait : undefined
      } catch (error) {
        return `An approve hook failed: ${error instanceof Error ? error.message : String(error)}`
      }
    }),
  )
  return [guarded, ...answers].flatMap((reason) => reason ?? [])
}

/**
 * Puts a change aside for a person, and says so: its commit is kept at a ref, the file names it.
 * @returns the refusal that ends the iteration; its author has nothing to mend
 */
export async function holdForApproval(
  change: Change,
  reasons: readonly string[],
  context: HookContext,
): Promise<Refusal> {
  const { root, swarm } = context
  const ref = `refs/oompa/kept/${swarm}/${change.worker}-${change.number}`
  await gitText(root, ['update-ref', '-m', 'oompa: waits for a person', '--', ref, change.commit])
  const approval: StoredApproval = {
    id: approvalId(change),
    swarm,
    worker: change.worker,
    task: change.task?.id ?? null,
    commit: change.commit,
    base: change.base,
    files: pathsOf(change.files),
    reasons: [...reasons],
    since: new Date().toISOString(),
    iteration: change.number,
    branch: change.branch,
    into: change.into,
    ref,
    reviewedBy: change.reviewedBy ?? [],
    ...(change.author ? { author: change.author } : {}),
    ...(change.task ? { summary: change.task.summary } : {}),
  }
  store(root, approval)
  context.emit({
    type: 'approval.waiting',
    id: approval.id,
    reasons: approval.reasons,
    branch: change.branch,
    worker: change.worker,
    iteration: change.number,
    commit: change.commit,
    ...(approval.task ? { task: approval.task } : {}),
  })
  return {
    refused: 'approval',
    final: true,
    feedback: `It waits for a person (oompa approve ${approval.id}):\n${reasons.join('\n')}`,
    details: { id: approval.id, ref, reasons: approval.reasons },
  }
}

/** The commit is part of the name: what a person has looked at is what they approve. Pure. */
function approvalId(change: Pick<Change, 'worker' | 'number' | 'commit'>): string {
  return `${change.worker.replace(/[^A-Za-z0-9]/g, '-')}-${change.number}-${change.commit.slice(0, 7)}`
}

function pathsOf(files: readonly ChangedFile[]): string[] {
  return [...new Set(files.flatMap((file) => (file.from === undefined ? [file.path] : [file.from, file.path])))]
}

/** Whole or not at all: a reader never sees half a file. */
function store(root: string, approval: StoredApproval): void {
  const folder = approvalsFolder(root)
  mkdirSync(folder, { recursive: true })
  const temporary = path.join(folder, `.${approval.id}.${process.pid}`)
  writeFileSync(temporary, `${JSON.stringify(approval, null, 2)}\n`)
  renameSync(temporary, path.join(folder, `${approval.id}.json`))
}

/** Everything that waits, the oldest first. */
export function waitingApprovals(root: string): StoredApproval[] {
  let names: string[]
  try {
    names = readdirSync(approvalsFolder(root)).filter((name) => /^[A-Za-z0-9][A-Za-z0-9-]*\.json$/.test(name))
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
  return names
    .flatMap((name) => readApproval(path.join(approvalsFolder(root), name)) ?? [])
    .sort((a, b) => (a.since === b.since ? (a.id < b.id ? -1 : 1) : a.since < b.since ? -1 : 1))
}

/** The fields of cli.md, 8, and no others. */
export function publicFields(approval: WaitingApproval): WaitingApproval {
  const { id, swarm, worker, task, commit, base, files, reasons, since } = approval
  return { id, swarm, worker, task, commit, base, files, reasons, since }
}

/**
 * The approval that a person names, by its id or its beginning.
 * @throws OompaError with status 2 if there is none, or more than one
 */
export function findApproval(root: string, name: string): StoredApproval {
  const all = waitingApprovals(root)
  const exact = all.filter((approval) => approval.id === name)
  const found = exact.length ? exact : all.filter((approval) => name !== '' && approval.id.startsWith(name))
  const [first] = found
  if (first && found.length === 1) return first
  const ids = (found.length ? found : all).map((approval) => approval.id)
  throw usageError(
    found.length
      ? `\`${name}\` is the beginning of ${found.length} approvals: ${ids.join(', ')}.`
      : `No change waits under the id \`${name}\`${ids.length ? `; these wait: ${ids.join(', ')}` : ''}.`,
    'oompa approvals',
    'no-approval',
  )
}

/**
 * Whether the work is what was put aside: the ref still names the commit, and the id still belongs to it.
 * @throws OompaError `approval-changed` (status 4)
 */
export async function verifyApproval(root: string, approval: StoredApproval): Promise<void> {
  const { stdout } = await git(root, [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${approval.ref}^{commit}`,
  ])
  const kept = stdout.trim()
  const belongs = approval.id.endsWith(`-${approval.commit.slice(0, 7)}`)
  if (kept === approval.commit && belongs) return
  throw new OompaError({
    code: 'approval-changed',
    message: `${approval.id} was put aside as ${approval.commit.slice(0, 10)}, and ${approval.ref} is ${kept ? kept.slice(0, 10) : 'gone'}: that is not what anybody has looked at.`,
    mend: `git show ${approval.commit.slice(0, 10)}, then oompa reject ${approval.id} "…" or oompa merge it yourself.`,
    status: 4,
  })
}

/** Forgets an approval. The ref goes only if the work has landed, and only if it still names that commit. */
export async function removeApproval(root: string, approval: StoredApproval, landed: boolean): Promise<void> {
  if (landed) await deleteRef(root, approval.ref, approval.commit)
  rmSync(path.join(approvalsFolder(root), `${approval.id}.json`), { force: true })
}

function readApproval(file: string): StoredApproval | undefined {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
  return isStored(value) && `${value.id}.json` === path.basename(file) ? value : undefined
}

/** The file lies where agents can write: nothing in it is used before it has the right form. */
function isStored(value: unknown): value is StoredApproval {
  if (typeof value !== 'object' || value === null) return false
  const text = (key: string) => typeof Reflect.get(value, key) === 'string'
  const texts = (key: string) => {
    const list: unknown = Reflect.get(value, key)
    return Array.isArray(list) && list.every((one) => typeof one === 'string')
  }
  const task: unknown = Reflect.get(value, 'task')
  const iteration: unknown = Reflect.get(value, 'iteration')
  const commit: unknown = Reflect.get(value, 'commit')
  const base: unknown = Reflect.get(value, 'base')
  const ref: unknown = Reflect.get(value, 'ref')
  // These become parts of paths and refs.
  const named = ['swarm', 'worker'].every((key) => /^[A-Za-z0-9_-]+$/.test(String(Reflect.get(value, key))))
  return (
    named &&
    ['id', 'swarm', 'worker', 'branch', 'into', 'since'].every(text) &&
    ['files', 'reasons', 'reviewedBy'].every(texts) &&
    typeof commit === 'string' &&
    typeof base === 'string' &&
    [commit, base].every((id) => /^[0-9a-f]{40,64}$/.test(id)) &&
    typeof ref === 'string' &&
    /^refs\/oompa\/kept\/[A-Za-z0-9._/-]+$/.test(ref) &&
    (task === null || typeof task === 'string') &&
    typeof iteration === 'number'
  )
}
