// One round of review: who has to agree, whether a review is needed at all, and what a disagreement means.

import type { Settings, WorkerSettings } from '../config/contract.js'
import { OompaError } from '../errors.js'
import { openMerger } from '../git/merge-trees.js'
import { sharedObjects } from '../git/objects.js'
import { git } from '../git/run-git.js'
import type { HookContext, ReviewContext, ReviewerFacts, ReviewHook } from '../hooks/contract.js'
import type { Change, ChangedFile, Refusal, Verdict } from '../words.js'

/** A review that took place in this iteration. */
export interface ReviewRound {
  readonly verdict: 'approved' | 'rejected' | 'unavailable'
  readonly feedback: string
  /** The author's final message after it. */
  readonly answer?: string
  readonly commit: string
  /** The author's run that it judged. */
  readonly attempt: number
}

/** What the reviews of one iteration have come to; hand it back to the next `review`. */
export interface ReviewHistory {
  readonly rounds: readonly ReviewRound[]
  /** What was approved, and by whom. */
  readonly approved?: { readonly pin: Pin; readonly by: readonly string[] }
}

export interface ReviewParts {
  /** All must agree. */
  readonly hooks: readonly (ReviewHook & ReviewerFacts)[]
  readonly settings: Pick<Settings, 'reviewRounds' | 'autoMergePaths'>
  readonly worker?: Pick<WorkerSettings, 'needsReview'>
  readonly context: HookContext
  readonly earlier?: ReviewHistory
  /** What the test said of this commit, where it ran first. */
  readonly test?: ReviewContext['test']
}

export interface Reviewed {
  /** Why it may not land; undefined if it may. */
  readonly refusal?: Refusal
  /** For the `Reviewed-by` trailers. */
  readonly reviewedBy: readonly string[]
  /** What this holds for; the landing asks `stillHolds` once more. */
  readonly pin: Pin
  readonly history: ReviewHistory
  /** Why nobody was asked, if nobody was. */
  readonly skipped?: string
}

const NO_REVIEWS: ReviewHistory = { rounds: [] }

/**
 * Reviews a change: asks every hook at the same time, and emits `review.ended`.
 * Never throws for what a hook does.
 * @throws the reason of the context's signal where it was aborted before all had approved
 */
export async function review(change: Change, parts: ReviewParts): Promise<Reviewed> {
  const { context, settings } = parts
  const pin = { commit: change.commit, base: change.base }
  const history = answered(parts.earlier ?? NO_REVIEWS, change)
  const skipped = skipReason(change, parts)
  if (skipped) return { reviewedBy: [], pin, history, skipped }
  const { approved } = history
  if (approved && (await stillHolds(context.root, approved.pin, pin))) {
    return { reviewedBy: approved.by, pin, history, skipped: 'what was approved has not changed' }
  }
  const round = history.rounds.length + 1
  const most = Math.max(1, roundsOf(parts.hooks, settings))
  const reviewContext: ReviewContext = {
    ...context,
    round,
    rounds: history.rounds.map(({ feedback, answer, commit }) => ({ feedback, answer, commit })),
    ...(parts.test ? { test: parts.test } : {}),
  }
  const verdicts = await Promise.all(parts.hooks.map((hook) => verdictOf(hook, change, reviewContext)))
  const joint = joinVerdicts(verdicts)
  // A reviewer that was ended has not judged, whatever its status said: that is no refusal of the work.
  if (joint.verdict !== 'approved') context.signal.throwIfAborted()
  const by = verdicts.flatMap((verdict) => verdict.by ?? [])
  context.emit({
    type: 'review.ended',
    round,
    verdict: joint.verdict,
    by: by.join(', ') || undefined,
    feedback: joint.feedback || undefined,
    worker: change.worker,
    iteration: change.number,
    task: change.task?.id,
    commit: change.commit,
  })
  const ended: ReviewRound = { ...joint, commit: change.commit, attempt: change.attempt }
  const rounds = [...history.rounds, ended]
  if (joint.verdict === 'approved') return { reviewedBy: by, pin, history: { rounds, approved: { pin, by } } }
  return { reviewedBy: [], pin, history: { rounds }, refusal: refusalOf(joint, round, most) }
}

async function verdictOf(hook: ReviewHook, change: Change, context: ReviewContext): Promise<Verdict> {
  try {
    return await hook(change, context)
  } catch (error) {
    return { approved: 'unavailable', feedback: error instanceof Error ? error.message : String(error) }
  }
}

/** How many reviews an iteration gets at most: what a review hook says, else the setting. Pure. */
export function roundsOf(hooks: readonly ReviewerFacts[], settings: Pick<Settings, 'reviewRounds'>): number {
  const said = hooks.flatMap((hook) => hook.rounds ?? [])
  return said.length ? Math.max(...said) : settings.reviewRounds
}

/** One no is a no; without a no, one that could not judge leaves it open. Pure. */
export function joinVerdicts(verdicts: readonly Verdict[]): Pick<ReviewRound, 'verdict' | 'feedback'> {
  const rejected = verdicts.filter((verdict) => verdict.approved === false)
  const unavailable = verdicts.filter((verdict) => verdict.approved === 'unavailable')
  const verdict = rejected.length ? 'rejected' : unavailable.length ? 'unavailable' : 'approved'
  const speaking = rejected.length ? rejected : unavailable.length ? unavailable : verdicts
  const named = speaking.length > 1
  const said = speaking.flatMap(({ feedback, by }) => {
    const text = feedback?.trim()
    return text ? [named && by ? `${by}:\n${text}` : text] : []
  })
  return { verdict, feedback: said.join('\n\n') }
}

function refusalOf(
  { verdict, feedback }: Pick<ReviewRound, 'verdict' | 'feedback'>,
  round: number,
  most: number,
): Refusal {
  if (verdict === 'unavailable') {
    return { refused: 'unavailable', final: true, feedback: feedback || 'No reviewer could judge this.' }
  }
  const last = round >= most
  return {
    refused: 'review',
    feedback: feedback || 'The reviewer did not approve, and gave no reason.',
    ...(last ? { final: true } : {}),
    details: { round, rounds: most },
  }
}

/** The author's final message answers the feedback that it was given before. */
function answered(history: ReviewHistory, change: Change): ReviewHistory {
  const last = history.rounds.at(-1)
  // By the run and not by the commit: an empty change is the same commit each time.
  if (!last || last.answer !== undefined || last.attempt >= change.attempt || !change.message) return history
  return { ...history, rounds: [...history.rounds.slice(0, -1), { ...last, answer: change.message }] }
}

function skipReason(change: Change, { hooks, settings, worker }: ReviewParts): string | undefined {
  if (hooks.length === 0) return 'there is no reviewer'
  if (worker?.needsReview === false) return 'its worker needs no review'
  // One that is to complete a task is read: its author says that the task needs no change.
  if (change.files.length === 0 && !change.task) return 'it changes no file'
  if (everyFileBelow(change.files, ['tasks/'])) return 'it changes only tasks/'
  if (everyFileBelow(change.files, settings.autoMergePaths)) {
    return `it changes only ${settings.autoMergePaths.join(', ')} (auto_merge_paths)`
  }
  return undefined
}

/** Whether every path, before and after a rename, is one of `paths` or below one that is a folder. */
export function everyFileBelow(files: readonly ChangedFile[], paths: readonly string[]): boolean {
  const below = (file: string) =>
    paths.some((path) => {
      const plain = path.replace(/^\.\//, '')
      return plain !== '' && (file === plain || file.startsWith(plain.endsWith('/') ? plain : `${plain}/`))
    })
  return files.length > 0 && files.every((file) => below(file.path) && (file.from === undefined || below(file.from)))
}

// What an approval holds for: the commit that was read, and what is nothing but a clean merge of it with a newer target.

/** The commit and the merge base that were read. */
export interface Pin {
  readonly commit: string
  readonly base: string
}

/**
 * Whether `now` holds nothing that was not read: the same commit, or exactly what git makes by itself of the approved
 * commit and the newer base (a merge or a rebase without a conflict). A mended conflict or a fix is something else.
 * @param root the main checkout
 */
export async function stillHolds(root: string, pin: Pin, now: Pin): Promise<boolean> {
  if (pin.commit === now.commit) return true
  const merged = await mergedTree(root, pin.commit, now.base)
  if (merged === undefined) return false
  const tree = await git(root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${now.commit}^{tree}`])
  return tree.status === 0 && tree.stdout.trim() === merged
}

/** As a landing merges them; undefined if it cannot. */
async function mergedTree(root: string, ours: string, theirs: string): Promise<string | undefined> {
  const merger = openMerger(root, sharedObjects(root))
  try {
    const { clean, tree } = await merger.merge(ours, theirs)
    return clean ? tree : undefined
  } catch (error) {
    if (error instanceof OompaError && error.code === 'merge-failed') return undefined
    throw error
  } finally {
    merger.close()
  }
}
