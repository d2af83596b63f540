// Opens a pull request in place of landing: the branch is pushed, and people, or the service's own checks, decide.

import { ceilings } from '../git/ceilings.js'
import { withoutRepository } from '../git/environment.js'
import type { NetworkOptions } from '../git/network.js'
import { gitFor } from '../git/simple-git.js'
import { remoteOf } from '../git/upstream.js'
import type { HookContext, MergeHook } from '../hooks/contract.js'
import { askProgram } from '../processes/question.js'
import type { Change, Refusal } from '../words.js'
import { recordLanded } from './bypass.js'
import { movedDestination } from './destination.js'
import { tail } from './refusals.js'
import { notPushed, pushRef, sendLargeFiles } from './remote.js'

export interface PullRequestOptions {
  /** The target, without `refs/heads/`; the swarm's unless given. */
  readonly into?: string
  /** That of the target's upstream unless given; else the only one, or `origin`. */
  readonly remote?: string
  /**
   * Whether the service may merge by itself once its checks pass: every pull request, none (unless given), or those
   * that change few lines of few files, and nothing below `hooks/` or that builds or deploys.
   */
  readonly autoMerge?: boolean | 'low-risk'
  /** How long the remote may be silent in a push; `limits.remote` unless given. */
  readonly remoteTimeoutMs?: number
  /** A draft. */
  readonly draft?: boolean
  /** `gh` unless given. */
  readonly command?: string
  readonly labels?: readonly string[]
}

/** A merge hook that opens pull requests: work begins from what was merged on the remote. */
export type RequestHook = MergeHook & { readonly options: PullRequestOptions; readonly opensRequests: true }

/** At most so many files and lines are low risk. */
const LOW_RISK = { files: 5, lines: 100 }
const RISKY =
  /(^|\/)(hooks|prompts|\.github|\.gitlab|\.ci|migrations)\/|(^|\/)(package(-lock)?\.json|oompa\.json|oompa_loompas\.mjs|Dockerfile|[^/]*\.(lock|tf|sql))$/

/**
 * A merge hook that pushes each change's branch and opens a pull request by GitHub's command line, or updates the one
 * that is open. The change counts as landed when the request stands: its commit is the branch's tip.
 * @example export default pullRequests({ autoMerge: 'low-risk' })
 */
export function pullRequests(options: PullRequestOptions = {}): RequestHook {
  const hook: MergeHook = async (change, context) => {
    const into = options.into ?? change.into
    const remote = options.remote ?? (await remoteOf(context.root, into))
    const branch = branchName(change)
    const why = await pushBranch(context, options, { commit: change.commit, branch, remote })
    if (why !== undefined) return unavailable(`could not be pushed to ${remote}`, why)
    const opened = await open(context, options, { change, into, branch })
    if ('refused' in opened) return opened
    // What the service makes of it comes back by a fetch.
    recordLanded(context.root, change.commit)
    context.emit({ type: 'landing.pushed', remote, into: branch, commit: change.commit, ...about(change) })
    context.emit({ type: 'note', text: `Pull request for ${branch}: ${opened.url}`, ...about(change) })
    if (options.autoMerge === true || (options.autoMerge === 'low-risk' && (await isLowRisk(context.root, change)))) {
      const merged = await run(context, options, ['pr', 'merge', '--auto', '--merge', '--', branch])
      if (merged.status !== 0) {
        const text = `The pull request for ${branch} was opened, but not set to merge by itself: ${tail(merged.output, 500)}`
        context.emit({ type: 'note', text, level: 'warning', ...about(change) })
      }
    }
    return { commit: change.commit, mergedCommit: change.commit, into: branch }
  }
  return Object.assign(hook, { options, opensRequests: true as const })
}

/** Pushes a branch with its large files; gives why it could not. */
async function pushBranch(
  context: HookContext,
  options: PullRequestOptions,
  { commit, branch, remote }: { readonly commit: string; readonly branch: string; readonly remote: string },
): Promise<string | undefined> {
  const moved = await movedDestination(context.root, remote)
  if (moved !== undefined) return moved
  const network: NetworkOptions = {
    signal: context.signal,
    timeoutMs: options.remoteTimeoutMs ?? context.remoteTimeoutMs,
    swarm: context.swarm,
    waiting: (words) => context.emit({ type: 'note', text: `Waiting for ${remote}: ${words}.` }),
  }
  const ref = `refs/heads/${branch}`
  const unsent = await sendLargeFiles(context.root, remote, { commit, ref }, network)
  if (unsent !== undefined) return unsent
  const end = await pushRef(context.root, remote, `${commit}:${ref}`, { ...network, force: true })
  if (end.status === 0) return undefined
  const answer = notPushed(end)
  return 'reason' in answer ? answer.reason : 'somebody else has pushed to that branch'
}

interface Request {
  readonly change: Change
  readonly into: string
  readonly branch: string
}

async function open(
  context: HookContext,
  options: PullRequestOptions,
  { change, into, branch }: Request,
): Promise<{ url: string } | Refusal> {
  const seen = await run(context, options, ['pr', 'view', branch, '--json', 'url,state'])
  const known = seen.status === 0 ? parse(seen.stdout) : undefined
  if (known?.state === 'OPEN' && known.url) return { url: known.url }
  const { title, body } = words(change)
  const args = ['pr', 'create', '--base', into, '--head', branch, '--title', title, '--body-file', '-']
  if (options.draft) args.push('--draft')
  for (const label of options.labels ?? []) args.push('--label', label)
  const made = await run(context, options, args, body)
  if (made.status !== 0)
    return unavailable(`was pushed as ${branch}, but its pull request could not be opened`, made.output)
  return { url: made.stdout.trim().split('\n').at(-1) ?? '' }
}

function run(context: HookContext, options: PullRequestOptions, args: string[], input?: string) {
  return askProgram([options.command ?? 'gh', ...args], {
    cwd: context.root,
    env: { ...withoutRepository(), ...ceilings(context.root, context.root), ...context.env },
    input,
    timeoutMs: 120_000,
    signal: context.signal,
  })
}

function parse(text: string): { url?: string; state?: string } {
  try {
    return JSON.parse(text) as { url?: string; state?: string }
  } catch {
    return {}
  }
}

/** Worker branches are used again, so a request's branch has the swarm in its name. */
function branchName(change: Change): string {
  return `oompa/${change.swarm}/${change.worker}-i${change.number}`
}

function words(change: Change): { title: string; body: string } {
  const line = (text: string) => text.replace(/[\s\u0000-\u001f\u007f]+/g, ' ').trim()
  const title = line(change.task?.summary ?? change.message?.split('\n')[0] ?? change.branch).slice(0, 200)
  const body = [
    change.task?.description ?? '',
    change.task ? `Oompa-Task: ${line(change.task.id)}` : '',
    `Oompa-Worker: ${change.worker}`,
    ...(change.reviewedBy ?? []).map((by) => `Reviewed-by: ${line(by)}`),
  ]
  return { title: title || change.branch, body: `${body.filter(Boolean).join('\n')}\n` }
}

/** The author cannot mend what keeps a request from being opened: the work is kept. */
function unavailable(what: string, output: string): Refusal {
  return { refused: 'unavailable', final: true, feedback: `The change ${what}:\n\n${tail(output)}` }
}

async function isLowRisk(root: string, change: Change): Promise<boolean> {
  if (change.files.length > LOW_RISK.files) return false
  if (change.files.some((file) => RISKY.test(file.path) || RISKY.test(file.from ?? ''))) return false
  const { insertions, deletions } = await gitFor(root).diffSummary([change.base, change.commit])
  return insertions + deletions <= LOW_RISK.lines
}

function about(change: Change): { worker: string; iteration: number; task?: string } {
  return { worker: change.worker, iteration: change.number, ...(change.task ? { task: change.task.id } : {}) }
}
