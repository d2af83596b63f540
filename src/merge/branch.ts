// Lands one branch from start to end: what `oompa merge`, an approval and a salvage call.

import { watch } from 'node:fs'
import { OompaError, STATUS } from '../errors.js'
import type { Emit } from '../events/contract.js'
import { parseCommit } from '../git/commits.js'
import { gitFolders } from '../git/folders.js'
import { git } from '../git/run.js'
import type { LockHolder } from '../locks/index.js'
import type { Landing, Refusal, StatusEdits, Worktree } from '../words.js'
import { workerBase } from './base.js'
import type { Candidate, CommandRunner, LandContext, LandResult, MergeOptions } from './contract.js'
import { targetCommit } from './land.js'
import { CHANGE_TRAILER } from './message.js'
import { landingSession } from './session.js'
import { resolveTarget } from './target.js'
import type { TestMemory } from './tested.js'
import { type LandingTools, openTools } from './tools.js'

export interface LandBranchOptions extends MergeOptions {
  /** The main checkout, absolute. */
  readonly root: string
  /** A branch without `refs/heads/`, or anything else that names a commit. */
  readonly branch: string
  /** The commit that was reviewed; what the branch is at unless given. */
  readonly commit?: string
  /** What it was built on; for a worker's branch it is asked of git unless given. */
  readonly base?: string
  readonly task?: { readonly id: string; readonly summary?: string }
  readonly worker?: string
  readonly iteration?: number
  readonly reviewedBy?: readonly string[]
  readonly status?: StatusEdits
  readonly run: CommandRunner
  readonly emit?: Emit
  readonly signal?: AbortSignal
  /** `OOMPA_*` for the test. */
  readonly env?: Readonly<Record<string, string>>
  prepare?(worktree: Worktree): Promise<void>
  /** How long to wait for the person's checkout: 0 (not at all) unless given. */
  readonly waitMs?: number
  /** Called once if somebody else is landing. */
  onLockWait?(holder: LockHolder | undefined): void
}

/** How often a checkout that is in the way is looked at again, at least. */
const LOOK_AGAIN_MS = 1000

/**
 * Lands one branch, or says why not; nothing has changed then.
 * @throws OompaError `no-branch`, `no-target` (status 2)
 */
export async function landBranch(options: LandBranchOptions): Promise<Landing | Refusal> {
  const { root, branch } = options
  const tools = openTools(root)
  const signal = options.signal ?? new AbortController().signal
  try {
    // While we wait for the lock, and not under it.
    tools.merger.start()
    const into = await resolveTarget(root, options.into)
    const commit = options.commit ?? (await branchCommit(tools, root, branch))
    const base = options.base ?? (await workerBase(root, into, branch, commit))
    const candidate: Candidate = { ...options, commit, base }
    const context: LandContext = {
      root,
      signal,
      testSignal: signal,
      emit: options.emit ?? (() => {}),
      run: options.run,
      env: options.env ?? {},
      ...(options.prepare ? { prepare: options.prepare } : {}),
    }
    const request = { into, options, tested: new Map() satisfies TestMemory }
    const deadline = performance.now() + (options.waitMs ?? 0)
    for (let said = false; ; said = true) {
      const answer = await landingSession<LandResult | undefined>(
        tools,
        context,
        request,
        async (session) => {
          // Inside, so that what a crash left of that very landing has been mended.
          const before = await landedBefore(tools, into, commit)
          if (before) return { result: 'landed', landing: { commit: before, into, nothing: true } }
          return (await session.land([candidate], { waited: said })).results.get(candidate)
        },
        options.onLockWait ? { onWait: options.onLockWait } : {},
      )
      if (answer?.result !== 'waits') return ending(context, candidate, answer)
      if (performance.now() >= deadline) {
        const { waitingRefusal } = await import('./refusals.js')
        return waitingRefusal(branch, answer.reason, answer.paths)
      }
      if (!said) context.emit({ type: 'landing.waiting', branch, reason: answer.reason })
      await checkoutChanges(root, Math.min(LOOK_AGAIN_MS, deadline - performance.now()), signal)
    }
  } finally {
    tools.close()
  }
}

function ending(context: LandContext, candidate: Candidate, answer: LandResult | undefined): Landing | Refusal {
  if (answer?.result === 'landed') {
    sayLanded(context.emit, candidate, answer.landing)
    return answer.landing
  }
  if (answer?.result === 'refused') return answer.refusal
  throw new OompaError({ code: 'not-landed', message: `${candidate.branch} was neither landed nor refused.` })
}

/** Writes the event of a landing. */
export function sayLanded(emit: Emit, candidate: Candidate, landing: Landing, tests?: number): void {
  if (landing.nothing) return
  emit({
    type: 'landing.landed',
    branch: candidate.branch,
    into: landing.into,
    commit: landing.commit,
    ...(landing.mergedCommit ? { mergedCommit: landing.mergedCommit } : {}),
    ...(landing.batch ? { batch: landing.batch } : {}),
    ...(tests === undefined ? {} : { tests }),
    ...(candidate.worker ? { worker: candidate.worker } : {}),
    ...(candidate.iteration ? { iteration: candidate.iteration } : {}),
    ...(candidate.task ? { task: candidate.task.id } : {}),
  })
}

async function branchCommit(tools: LandingTools, root: string, branch: string): Promise<string> {
  // A branch of that name before anything else of that name, such as a tag.
  const found =
    (await tools.objects.info(`refs/heads/${branch}^{commit}`)) ?? (await tools.objects.info(`${branch}^{commit}`))
  if (found) return found.oid
  throw new OompaError({
    code: 'no-branch',
    message: `There is no branch or commit \`${branch}\` in ${root}.`,
    mend: 'git branch --list',
    status: STATUS.usage,
  })
}

/** How far back in the target a landing is looked for by reading commits; further back, git looks. */
const NEAR = 200

/** The commit of the target by which a squash or a rebase has landed this change already, by its trailer. */
export async function landedBefore(tools: LandingTools, into: string, commit: string): Promise<string | undefined> {
  const trailer = `\n${CHANGE_TRAILER}: ${commit}\n`
  const oldest = committedAt(await tools.objects.contents(commit)) - CLOCK_SLACK_S
  let next: string | undefined = await targetCommit(tools, into)
  // It has landed after it was made: what is older by the committers' clocks need not be looked at.
  for (let count = 0; next && count < NEAR; count++) {
    const bytes = await tools.objects.contents(next)
    if (!bytes || committedAt(bytes) < oldest) return undefined
    const text = bytes.toString('utf8')
    if (text.includes(trailer)) return next
    next = parseCommit(text).parents[0]
  }
  if (!next) return undefined
  const grep = `--grep=^${CHANGE_TRAILER}: ${commit}$`
  const { stdout } = await git(tools.root, ['log', '-1', '--format=%H', grep, next, `^${commit}`])
  return stdout.trim() || undefined
}

const CLOCK_SLACK_S = 86_400

/** Seconds since 1970. */
function committedAt(commit: Buffer | undefined): number {
  return Number(/^committer .*> (\d+) [+-]\d{4}$/m.exec(commit?.toString('utf8') ?? '')?.[1] ?? 0)
}

/** Resolves when something has changed in the git folder, or after a while. */
export async function checkoutChanges(root: string, ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { own } = gitFolders(root)
  await new Promise<void>((resolve) => {
    // A hint only: an edit of a file shows nowhere in the git folder.
    const watcher = watch(own, () => done())
    const timer = setTimeout(() => done(), ms)
    const done = () => {
      clearTimeout(timer)
      watcher.close()
      signal.removeEventListener('abort', done)
      resolve()
    }
    watcher.on('error', done)
    signal.addEventListener('abort', done, { once: true })
  })
  signal.throwIfAborted()
}
