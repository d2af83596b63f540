// Hooks that are executables: JSON on standard input, `OOMPA_*` in the environment, status 0 yes, 1 no, anything else
// could not judge, standard output for the feedback (docs/contract.md, 20 and 22).

import { OompaError } from '../errors.js'
import { resolveCommit } from '../git/repository.js'
import { git } from '../git/run-git.js'
import type { CommandOptions, CommandResult } from '../processes/contract.js'
import type { Change, Landing, Refusal } from '../words.js'
import type { ApproveHook, EventHook, HookContext, MergeHook, ReviewHook, WorktreeSetup } from './contract.js'
import { approveInput, changeEnv, eventInput, mergeInput, reviewInput, worktreeInput } from './input.js'

export type Run = HookContext['run']

/** A place to run a reviewer in: a detached worktree at the commit, thrown away afterwards. */
export type WithScratch = <T>(
  change: Change,
  context: HookContext,
  work: (folder: string) => Promise<T>,
) => Promise<{ result: T; edits: readonly string[] }>

/** What an executable needs to be run. */
export interface Executable {
  /** As the person knows it: `hooks/review.sh`. */
  readonly name: string
  /** What is run: the copy. */
  readonly path: string
  /** Milliseconds. */
  readonly limitMs: number
  /** Makes sure that the copy is what was copied. */
  readonly ready: () => void
}

async function start(
  hook: Executable,
  run: Run,
  input: Record<string, unknown>,
  options: CommandOptions,
): Promise<CommandResult> {
  hook.ready()
  return run([hook.path], { timeoutMs: hook.limitMs, ...options, input: `${JSON.stringify(input)}\n` })
}

/** Standard output as feedback. */
function said(result: CommandResult): string {
  return result.stdout.trim()
}

/** Why an executable that ended with neither 0 nor 1 could not judge, with the end of what it printed. */
function couldNotJudge(hook: Executable, result: CommandResult): string {
  const ended = result.timedOut
    ? `took longer than ${Math.round(hook.limitMs / 1000)} s`
    : result.signal
      ? `was ended by ${result.signal}`
      : `ended with status ${result.status}`
  const output = result.output.trim().slice(-2000)
  return `${hook.name} ${ended}${output ? `:\n${output}` : '.'}`
}

function answerOf(result: CommandResult): 'yes' | 'no' | undefined {
  if (result.timedOut || result.signal) return undefined
  return result.status === 0 ? 'yes' : result.status === 1 ? 'no' : undefined
}

function failure(hook: Executable, result: CommandResult): OompaError {
  return new OompaError({ code: 'hook-failed', message: couldNotJudge(hook, result) })
}

export function executableReview(hook: Executable, withScratch: WithScratch): ReviewHook {
  return async (change, context) => {
    const { result, edits } = await withScratch(change, context, (cwd) =>
      start(hook, context.run, reviewInput(change, context), {
        cwd,
        env: { ...changeEnv(change, context), OOMPA_WORKTREE: cwd, OOMPA_ROUND: String(context.round) },
        signal: context.signal,
      }),
    )
    const answer = answerOf(result)
    if (!answer) throw failure(hook, result)
    if (answer === 'yes') return { approved: true, feedback: said(result), by: hook.name }
    const edited = edits.length ? `\n(It edited ${edits.join(', ')}; that was thrown away.)` : ''
    return {
      approved: false,
      feedback: (said(result) || `${hook.name} refused without a reason.`) + edited,
      by: hook.name,
    }
  }
}

export function executableApprove(hook: Executable): ApproveHook {
  return async (change, context) => {
    const result = await start(hook, context.run, approveInput(change, context), {
      cwd: context.root,
      env: changeEnv(change, context),
      signal: context.signal,
    })
    const answer = answerOf(result)
    if (!answer) throw failure(hook, result)
    return answer === 'yes' ? { approved: true } : { wait: said(result) || `${hook.name} asks for a person.` }
  }
}

export function executableWorktree(hook: Executable): WorktreeSetup {
  return async (worktree, context) => {
    const result = await start(hook, context.run, worktreeInput(worktree, context), {
      cwd: worktree.path,
      env: { ...context.env },
      signal: context.signal,
    })
    if (answerOf(result) !== 'yes') throw failure(hook, result)
  }
}

/** Events of which an agent makes many a second: a process for each would cost more than the agent. */
const TOO_MANY = new Set(['agent.activity'])

export function executableEvent(hook: Executable, root: string, run: () => Promise<Run>): EventHook {
  let last: Promise<void> = Promise.resolve()
  return (event) => {
    if (TOO_MANY.has(event.type)) return
    const env = Object.fromEntries(
      Object.entries({
        OOMPA_ROOT: root,
        OOMPA_EVENT: event.type,
        OOMPA_SWARM: event.swarm,
        OOMPA_WORKER: event.worker,
        OOMPA_ITERATION: event.iteration,
        OOMPA_TASK: event.task,
      }).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
    )
    // One at a time: a script that appends to a file sees events in their order.
    const next = last.then(async () => {
      const result = await start(hook, await run(), eventInput(event), { cwd: root, env })
      if (answerOf(result) !== 'yes') throw failure(hook, result)
    })
    last = next.catch(() => {})
    return next
  }
}

export function executableMerge(hook: Executable): MergeHook {
  return async (change, context) => {
    const result = await start(hook, context.run, mergeInput(change, context), {
      cwd: context.root,
      env: changeEnv(change, context),
      signal: context.signal,
    })
    const answer = answerOf(result)
    if (answer === 'no') return refusal(said(result) || `${hook.name} refused without a reason.`)
    if (!answer) throw failure(hook, result)
    return verifyLanding(hook, change, context, said(result).split('\n').at(-1)?.trim() ?? '')
  }
}

function refusal(feedback: string): Refusal {
  return { refused: 'policy', feedback }
}

/** Believes an executable that says that it landed only what git shows (docs/contract.md, 22). */
async function verifyLanding(
  hook: Executable,
  change: Change,
  { root }: HookContext,
  line: string,
): Promise<Landing | Refusal> {
  const doubt = (why: string) =>
    new OompaError({
      code: 'hook-landing',
      message: `${hook.name} ended with status 0, but ${why}. The last line of its standard output has to be the landed commit.`,
    })
  const commit = /^[0-9a-f]{7,64}$/.test(line) ? await resolveCommit(root, line) : undefined
  if (!commit) throw doubt(line ? `its last line, \`${line.slice(0, 80)}\`, names no commit` : 'it printed no commit')
  const within = (older: string, newer: string) => git(root, ['merge-base', '--is-ancestor', older, newer])
  if ((await within(commit, `refs/heads/${change.into}`)).status !== 0) {
    throw doubt(`${commit.slice(0, 10)} is not in the history of ${change.into}`)
  }
  const contained = (await within(change.commit, commit)).status === 0
  if (!contained && !(await addsNothing(root, commit, change.commit))) {
    throw doubt(`${commit.slice(0, 10)} does not contain the work of ${change.branch}`)
  }
  return { commit, into: change.into, mergedCommit: contained ? change.commit : undefined }
}

/** After a squash or a rebase: merging the work into what landed changes no file. */
async function addsNothing(root: string, landed: string, work: string): Promise<boolean> {
  const merged = await git(root, ['merge-tree', '--write-tree', landed, work])
  const tree = await git(root, ['rev-parse', `${landed}^{tree}`])
  return merged.status === 0 && merged.stdout.split('\n')[0] === tree.stdout.trim()
}
