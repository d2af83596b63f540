// Changes that wait for a person: why, and what is shown of them. What a person is shown comes from git and from the
// record's proof at the moment of asking, never from a file that an agent can write.

import { OompaError, usageError } from '../errors.js'
import { describeCommit } from '../git/changes.js'
import { deleteRef, pointRef } from '../git/refs.js'
import { resolveCommit } from '../git/repository.js'
import { git } from '../git/run-git.js'
import type { ApproveHook, HookContext } from '../hooks/contract.js'
import { pathsOf } from '../hooks/patterns.js'
import { protectedReasons, usualProtection } from '../hooks/protected.js'
import type { Change, Refusal } from '../words.js'
import { approvalId, isWritten, type PutAside, readAsides, removeAside, writeAside } from './put-aside.js'

/** What `oompa approvals --json` says of each. */
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
export interface StoredApproval extends PutAside {
  /**
   * Whether the record's proof says so. Of any other the files are git's, who reviewed it is not known, and what its
   * task is nobody can tell.
   */
  readonly proven: boolean
}

/**
 * Why a change has to wait for a person; empty if it may land. Protected paths always do, hook or not.
 */
export async function reasonsToWait(
  change: Change,
  hooks: readonly ApproveHook[],
  context: HookContext,
): Promise<string[]> {
  const guarded = protectedReasons(change.files, context.protection ?? usualProtection)
  const answers = await Promise.all(
    hooks.map(async (hook) => {
      try {
        const answer = await hook(change, context)
        return 'wait' in answer ? answer.wait : undefined
      } catch (error) {
        context.signal.throwIfAborted()
        return `An approve hook failed: ${error instanceof Error ? error.message : String(error)}`
      }
    }),
  )
  return [...guarded, ...answers.flatMap((reason) => reason ?? [])]
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
  await pointRef(root, ref, change.commit, 'oompa: waits for a person')
  const approval: PutAside = {
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
  writeAside(root, approval)
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

/** Everything that waits, the oldest first, and what stands in its place and is none. */
export async function listApprovals(
  root: string,
): Promise<{ readonly waiting: readonly StoredApproval[]; readonly problems: readonly string[] }> {
  const { records, problems } = readAsides(root)
  const seen = await Promise.all(records.map((record) => asGitSaysIt(root, record)))
  return {
    waiting: seen.flatMap((one) => (typeof one === 'string' ? [] : one)),
    problems: [...problems, ...seen.flatMap((one) => (typeof one === 'string' && one !== '' ? one : []))],
  }
}

/** Everything that waits, the oldest first. */
export async function waitingApprovals(root: string): Promise<readonly StoredApproval[]> {
  return (await listApprovals(root)).waiting
}

/** A record with base, files and protected paths as git sees them now; why it is none, or nothing to say. */
async function asGitSaysIt(root: string, record: StoredApproval): Promise<StoredApproval | string> {
  const { id, commit, ref, proven } = record
  if ((await resolveCommit(root, commit)) !== commit) {
    // Of a repository that stood here before.
    if (proven && !isWritten(root, id) && (await resolveCommit(root, ref)) === undefined) return forget(root, id)
    return `${id} cannot land: its commit ${commit.slice(0, 10)} is not in this repository.`
  }
  const target = `refs/heads/${record.into}`
  const over = (await resolveCommit(root, target)) === undefined ? 'HEAD' : target
  const facts = await describeCommit(root, commit, over)
  const git = { base: facts.base, files: pathsOf(facts.files) }
  if (proven) return { ...record, ...git }
  const guarded = protectedReasons(facts.files, usualProtection)
  const { summary: _, author: __, ...rest } = record
  return { ...rest, ...git, reviewedBy: [], reasons: [...guarded, UNPROVEN] }
}

const UNPROVEN =
  'There is no proof of its record on this machine: what else made it wait, who reviewed it and which task it belongs to is not known.'

function forget(root: string, id: string): '' {
  removeAside(root, id)
  return ''
}

/** The fields of the contract, and no others. */
export function publicFields(approval: WaitingApproval): WaitingApproval {
  const { id, swarm, worker, task, commit, base, files, reasons, since } = approval
  return { id, swarm, worker, task, commit, base, files, reasons, since }
}

/**
 * The approval that a person names, by its id or its beginning.
 * @throws OompaError with status 2 if there is none, or more than one
 */
export async function findApproval(root: string, name: string): Promise<StoredApproval> {
  const all = await waitingApprovals(root)
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
 * Whether the work is what was put aside: the ref still names the commit, and the id still belongs to it. A ref that
 * is gone is put back where the record's proof names the commit.
 * @throws OompaError `approval-changed` (status 4)
 */
export async function verifyApproval(root: string, approval: StoredApproval): Promise<void> {
  const { id, ref, commit, proven } = approval
  const belongs = id.endsWith(`-${commit.slice(0, 7)}`)
  let kept = await resolveCommit(root, ref)
  if (kept === undefined && proven && belongs) {
    const put = await git(root, ['update-ref', '--no-deref', '-m', 'oompa: waits for a person', '--', ref, commit, ''])
    if (put.status === 0) kept = commit
  }
  if (kept === commit && belongs) return
  throw new OompaError({
    code: 'approval-changed',
    message: `${id} was put aside as ${commit.slice(0, 10)}, and ${ref} is ${kept ? kept.slice(0, 10) : 'gone'}: that is not what anybody has looked at.`,
    mend: `git show ${commit.slice(0, 10)}, then oompa reject ${id} "…" or oompa merge it yourself.`,
    status: 4,
  })
}

/** Forgets an approval. The ref goes only if the work has landed, and only if it still names that commit. */
export async function removeApproval(root: string, approval: StoredApproval, landed: boolean): Promise<void> {
  if (landed) await deleteRef(root, approval.ref, approval.commit)
  removeAside(root, approval.id)
}
