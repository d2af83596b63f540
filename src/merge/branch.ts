// Lands one branch from start to end, by a queue of one: what `oompa merge`, an approval and a salvage call.

import { OompaError, STATUS } from '../errors.js'
import type { Emit } from '../events/contract.js'
import type { LockHolder } from '../locks/index.js'
import type { Landing, Refusal, StatusEdits, Worktree } from '../words.js'
import { workerBase } from './base.js'
import type { CommandRunner, LandContext, MergeOptions } from './contract.js'
import { openQueue } from './queue.js'
import { resolveTarget } from './target.js'
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

/**
 * Lands one branch, or says why not; nothing has changed then.
 * @throws OompaError `no-branch`, `no-target` (status 2)
 */
export async function landBranch(options: LandBranchOptions): Promise<Landing | Refusal> {
  const { root, branch } = options
  const tools = openTools(root)
  const { waitMs = 0, onLockWait, signal = new AbortController().signal } = options
  try {
    // While we wait for the lock, and not under it.
    tools.merger.start()
    const into = await resolveTarget(root, options.into)
    const commit = options.commit ?? (await branchCommit(tools, root, branch))
    const base = options.base ?? (await workerBase(root, into, branch, commit))
    const context: LandContext = {
      root,
      signal,
      testSignal: signal,
      emit: options.emit ?? (() => {}),
      run: options.run,
      env: options.env ?? {},
      ...(options.prepare ? { prepare: options.prepare } : {}),
    }
    const queue = openQueue({ tools, into, options })
    return await queue.submit({ ...options, commit, base, mayHaveLanded: true }, context, { waitMs, onLockWait })
  } finally {
    tools.close()
  }
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
