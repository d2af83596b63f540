// Opens a pull request in place of landing: the branch is pushed, and people, or the service's own checks, decide.

import { OompaError } from '../errors.js'
import { ceilings } from '../git/ceilings.js'
import { commitTree } from '../git/commits.js'
import { withoutRepository } from '../git/git-environment.js'
import type { NetworkOptions } from '../git/network.js'
import { editTree } from '../git/trees.js'
import { remoteOf } from '../git/upstream.js'
import type { HookContext, MergeHook } from '../hooks/contract.js'
import { protectedReasons, usualProtection } from '../hooks/protected.js'
import { thisOwner } from '../processes/owner.js'
import { askProgram } from '../processes/question.js'
import {
  type ApprovalRule,
  continuousIntegration,
  largerThan,
  packageManifests,
  touches,
  touchesTheTest,
} from '../review/risk.js'
import type { Change, Refusal } from '../words.js'
import { recordLanded } from './bypass.js'
import { statusMessage, workerName } from './message.js'
import { type Pull, removePull, writePull } from './pull-records.js'
import { tail } from './refusals.js'
import { notPushed, pushRef, sendLargeFiles } from './remote.js'
import { takenRefusal } from './taken.js'
import { openTools } from './tools.js'

export interface PullRequestOptions {
  /** The target, without `refs/heads/`; the swarm's unless given. */
  readonly into?: string
  /** That of the target's upstream unless given; else the only one, or `origin`. */
  readonly remote?: string
  /**
   * Whether the service may merge by itself once its checks pass: every pull request, none (unless given), or those
   * for which `highRisk` and what is protected give no reason to wait, at most 5 files and 100 lines.
   */
  readonly autoMerge?: boolean | 'low-risk'
  /** How long the remote may be silent in a push; `limits.remote` unless given. */
  readonly remoteTimeoutMs?: number
  /** A shell line that must pass on a request that was brought up to date, before it is pushed; none unless given. */
  readonly test?: string
  /** A draft. */
  readonly draft?: boolean
  /** `gh` unless given. */
  readonly command?: string
  readonly labels?: readonly string[]
}

/** A merge hook that opens pull requests: work begins from what was merged on the remote. */
export type RequestHook = MergeHook & { readonly options: PullRequestOptions; readonly opensRequests: true }

/** The rules of approvals, and a smaller size: who merges these has nobody look at them. */
const LOW_RISK: readonly ApprovalRule[] = [
  continuousIntegration,
  packageManifests,
  touchesTheTest,
  touches(['**/migrations/**', '**/*.sql', '**/*.tf', '**/Dockerfile'], 'what is deployed'),
  largerThan({ files: 5, lines: 100 }),
]

/**
 * A merge hook that pushes each change's branch, with the status of its task, and opens a pull request by GitHub's
 * command line, or updates the one that is open. It has landed when the target has it: `pull` of the answer.
 * @example export default pullRequests({ autoMerge: 'low-risk' })
 */
export function pullRequests(options: PullRequestOptions = {}): RequestHook {
  const hook: MergeHook = async (change, context) => {
    const into = options.into ?? change.into
    const remote = options.remote ?? (await remoteOf(context.root, into))
    const branch = branchName(change)
    const head = await withStatus(context.root, change)
    if (typeof head !== 'string') return head
    const why = await pushBranch(context, options, { commit: head, branch, remote })
    if (why !== undefined) return unavailable(`could not be pushed to ${remote}`, why)
    const facts = { branch, head, commit: change.commit, into, remote, ...whose(change) }
    // Before it is opened: a crash in the next moment must not leave a request that nobody watches.
    writePull(context.root, { ...facts, url: '', opening: thisOwner() })
    const answer = await open(context, options, { change, into, branch })
    // One that was cut short may be open all the same; where the service does not say, the next start asks it again.
    const found = 'refused' in answer ? await findPull(context, options, branch) : undefined
    const opened = typeof found === 'object' ? found : answer
    if ('refused' in opened) {
      // We are being ended: until the next start has asked, its task is nobody's to do again.
      if (context.signal.aborted) {
        return { commit: head, mergedCommit: change.commit, into: branch, pull: { branch, url: '' } }
      }
      if (found === 'none') removePull(context.root, facts)
      return opened
    }
    // What the service makes of it comes back by a fetch.
    recordLanded(context.root, change.commit)
    recordLanded(context.root, head)
    const pull = { ...facts, url: opened.url }
    writePull(context.root, pull)
    context.emit({ type: 'pull.opened', url: opened.url, branch, into, commit: head, ...about(change) })
    if (options.autoMerge === true || (options.autoMerge === 'low-risk' && (await isLowRisk(change, context)))) {
      const merged = await run(context, options, ['pr', 'merge', '--auto', '--merge', '--', branch])
      if (merged.status !== 0) {
        const text = `The pull request for ${branch} was opened, but not set to merge by itself: ${tail(merged.output, 500)}`
        context.emit({ type: 'note', text, level: 'warning', ...about(change) })
      }
    }
    return { commit: head, mergedCommit: change.commit, into: branch, pull }
  }
  return Object.assign(hook, { options, opensRequests: true as const })
}

/** Pushes a branch with its large files; gives why it could not. */
export async function pushBranch(
  context: PullContext,
  options: PullRequestOptions,
  {
    commit,
    branch,
    remote,
    force = true,
  }: { readonly commit: string; readonly branch: string; readonly remote: string; readonly force?: boolean },
): Promise<string | undefined> {
  const network: NetworkOptions = {
    signal: context.signal,
    timeoutMs: options.remoteTimeoutMs ?? context.remoteTimeoutMs,
    swarm: context.env.OOMPA_SWARM,
    waiting: (words) => context.emit({ type: 'note', text: `Waiting for ${remote}: ${words}.` }),
  }
  const ref = `refs/heads/${branch}`
  const unsent = await sendLargeFiles(context.root, remote, { commit, ref }, network)
  if (unsent !== undefined) return unsent
  const end = await pushRef(context.root, remote, `${commit}:${ref}`, { ...network, force })
  if (end.status === 0) return undefined
  const answer = notPushed(end)
  return 'reason' in answer ? answer.reason : 'somebody else has pushed to that branch'
}

/** What is needed to talk to the remote and to the service. */
export type PullContext = Pick<HookContext, 'root' | 'env' | 'signal' | 'emit' | 'remoteTimeoutMs'>

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

function run(context: PullContext, options: PullRequestOptions, args: string[], input?: string) {
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

function branchName(change: Change): string {
  return `oompa/${change.swarm}/${change.worker}-i${change.number}`
}

function words(change: Change): { title: string; body: string } {
  const line = (text: string) => text.replace(/[\s\u0000-\u001f\u007f]+/g, ' ').trim()
  const title = line(change.task?.summary ?? change.message?.split('\n')[0] ?? change.branch).slice(0, 200)
  const body = [
    change.task?.description ?? '',
    change.task ? `Oompa-Task: ${line(change.task.id)}` : '',
    `Oompa-Worker: ${workerName(change)}`,
    ...(change.reviewedBy ?? []).map((by) => `Reviewed-by: ${line(by)}`),
  ]
  return { title: title || change.branch, body: `${body.filter(Boolean).join('\n')}\n` }
}

/** The author cannot mend what keeps a request from being opened: the work is kept. */
function unavailable(what: string, output: string): Refusal {
  return { refused: 'unavailable', final: true, feedback: `The change ${what}:\n\n${tail(output)}` }
}

async function isLowRisk(change: Change, context: HookContext): Promise<boolean> {
  if (protectedReasons(change.files, context.protection ?? usualProtection).length > 0) return false
  const answers = await Promise.all(LOW_RISK.map((rule) => rule(change, context)))
  return answers.every((answer) => answer === undefined)
}

/** The change with its task complete, as one commit more: merged by whomever, work and status arrive together. */
async function withStatus(root: string, change: Change): Promise<string | Refusal> {
  const { commit, status, branch, task } = change
  const tools = openTools(root)
  try {
    const edits = (await status?.edits(commit, commit)) ?? []
    if (edits.length === 0) return commit
    const before = (await tools.objects.info(`${commit}^{tree}`))?.oid ?? ''
    const tree = await editTree(root, tools.objects, before, edits)
    const message = statusMessage({ branch, commit, worker: change.worker, task, reviewedBy: change.reviewedBy })
    return commitTree(root, { tree, parents: [commit], message })
  } catch (error) {
    const isTaken = error instanceof OompaError && (error.code === 'already-complete' || error.code === 'not-yours')
    if (isTaken) return takenRefusal(error.message, task?.id)
    throw error
  } finally {
    tools.close()
  }
}

/** What the service says of a request: a hint, since only the target's history is the fact. */
export async function askPull(
  context: PullContext,
  options: PullRequestOptions,
  branch: string,
): Promise<string | undefined> {
  const seen = await run(context, options, ['pr', 'view', branch, '--json', 'url,state'])
  return seen.status === 0 ? parse(seen.stdout).state : undefined
}

/**
 * Looks for the request of a branch whose opening was cut short.
 * @returns its address; `none` if there is no request; undefined where the service does not say
 */
export async function findPull(
  context: PullContext,
  options: PullRequestOptions,
  branch: string,
): Promise<{ readonly url: string } | 'none' | undefined> {
  const seen = await run(context, options, ['pr', 'list', '--head', branch, '--state', 'all', '--json', 'url'])
  const list = seen.status === 0 ? parse(seen.stdout) : undefined
  if (!Array.isArray(list)) return undefined
  const [first] = list
  return typeof first?.url === 'string' ? { url: first.url } : 'none'
}

function whose({ swarm, worker, number, task }: Change): Pick<Pull, 'swarm' | 'worker' | 'iteration' | 'task'> {
  return { swarm, worker, iteration: number, ...(task ? { task: task.id } : {}) }
}

function about(change: Change): { worker: string; iteration: number; task?: string } {
  return { worker: change.worker, iteration: change.number, ...(change.task ? { task: change.task.id } : {}) }
}
