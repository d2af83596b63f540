// Lands changes on a target: stack them, test the tip, swap. Everything between two tries is repeated when the target
// moves, because only what was tested on its value may become its value.

import { OompaError, STATUS } from '../errors.js'
import { treeChanges } from '../git/changes.js'
import { held } from '../git/collect.js'
import { commitTree } from '../git/commits.js'
import { undeclaredGitlinks } from '../git/gitlinks.js'
import type { Blocked } from '../git/overlap.js'
import type { HeldLock } from '../locks/index.js'
import type { Landing, Refusal } from '../words.js'
import type { Candidate, LandContext, LandResult, MergeOptions, Strategy } from './contract.js'
import { crashPoint } from './crash.js'
import { landedBefore } from './landed.js'
import { leftMarkers } from './left-markers.js'
import { batchMessage } from './message.js'
import { ourNamesBetween, oursRefusal } from './our-paths.js'
import { type StackAnswer, type Stacked, stack } from './stack.js'
import { swapTarget, whatBlocks } from './swap.js'
import { takenRefusal } from './taken.js'
import { targetCommit } from './target.js'
import type { TestMemory, Verdict } from './tested.js'
import type { LandingTools } from './tools.js'
import { leftMarkersRefusal, nestedRefusal } from './unfinished.js'

/** A target that moves this often while we land is moved by something that does not care about us. */
const MOST_TRIES = 20

export interface LandRequest {
  readonly candidates: readonly Candidate[]
  /** The target, without `refs/heads/`. */
  readonly into: string
  readonly options: MergeOptions
  /** The proof that nobody else is landing. */
  readonly lock: HeldLock
  /** Called with the target's value before anything is built on it; throws to stop. */
  check?(now: string): Promise<void>
  /** Asked before the target moves: whether those of other machines are still to be landed; else nothing lands. */
  stand?(): Promise<boolean>
  /** Some of them waited for the person's checkout when they were last tried. */
  readonly waited?: boolean
  /** What is known of test runs, by tree: kept between calls. */
  readonly tested: TestMemory
}

/** What became of a group: an answer for each candidate that has one, and whether the group's test failed as a whole. */
export interface GroupResult {
  readonly results: ReadonlyMap<Candidate, LandResult>
  /** The test failed on the stack of several: nobody knows yet on whose account. */
  readonly failed?: readonly Candidate[]
  /** They conflict with others of the group, not with the target: they get their turn after these. */
  readonly later: readonly Candidate[]
  /** Runs of the test. */
  readonly tests: number
}

/** Stacks, tests and lands a group as one value of the target. */
export async function landGroup(tools: LandingTools, context: LandContext, request: LandRequest): Promise<GroupResult> {
  let tests = 0
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    context.signal.throwIfAborted()
    const from = await targetCommit(tools, request.into)
    await request.check?.(from)
    const stack = async () => {
      const stacked = await stackGroup(tools, from, request)
      const whole = stacked.on.length > 0 ? await wrapBatch(tools, from, stacked.on, request) : undefined
      return { commit: whole?.commit, made: { stacked, whole } }
    }
    const { made, release } = await held(tools.root, { name: 'landing', from }, stack, context.signal)
    crashPoint('stacked')
    const { stacked, whole } = made
    if (!whole) return { results: stacked.results, later: stacked.later, tests }
    try {
      const answer = await landStack(tools, context, request, { from, stacked, whole })
      tests += answer.tests
      if (answer.result) return { ...answer.result, tests }
    } finally {
      await release()
    }
  }
  throw keepsMoving(request.into)
}

interface StackToLand {
  readonly from: string
  readonly stacked: StackedGroup
  readonly whole: { readonly commit: string; readonly tree: string }
}

/** Tests a stack and moves the target to it; no result if the target has moved meanwhile. */
async function landStack(
  tools: LandingTools,
  context: LandContext,
  request: LandRequest,
  { from, stacked, whole }: StackToLand,
): Promise<{ readonly tests: number; readonly result?: Omit<GroupResult, 'tests'> }> {
  let tests = 0
  const swap = {
    root: tools.root,
    into: request.into,
    from,
    to: whole.commit,
    edits: stacked.on.flatMap(([, one]) => one.edits),
    changes: () => treeChanges(tools.root, from, whole.commit),
    message: `oompa: land ${stacked.on.map(([candidate]) => candidate.branch).join(', ')}`,
  }
  if (request.options.test || request.waited) {
    // No test for what could not land now anyway, and no lock on the index of a person who is at work.
    const blocked = await whatBlocks(swap)
    if (blocked) return { tests, result: wait(stacked, blocked) }
  }
  const candidates = stacked.on.map(([candidate]) => candidate)
  if (request.options.test) {
    const { testStack } = await import('./tested.js')
    const { runs, verdict } = await testStack(context, { ...request, from, whole, candidates })
    tests += runs
    if (verdict !== 'passed') return { tests, result: failing(stacked, candidates, verdict) }
  }
  if (request.stand && !(await request.stand()))
    return { tests, result: failing(stacked, candidates, 'failed together') }
  crashPoint('tested')

  const answer = await swapTarget(swap)
  if (answer === 'moved') return { tests }
  if (answer !== 'swapped') return { tests, result: wait(stacked, answer) }
  const results = new Map(stacked.results)
  for (const [candidate, one] of stacked.on) {
    const landing: Landing = {
      commit: whole.commit,
      into: request.into,
      batch: stacked.on.length,
      ...(one.mergedCommit ? { mergedCommit: one.mergedCommit } : {}),
    }
    await candidate.status?.settle(landing)
    results.set(candidate, { result: 'landed', landing })
  }
  crashPoint('settled')
  return { tests, result: { results, later: stacked.later } }
}

interface StackedGroup {
  readonly on: readonly (readonly [Candidate, Stacked])[]
  readonly results: ReadonlyMap<Candidate, LandResult>
  readonly later: readonly Candidate[]
}

function wait(stacked: StackedGroup, blocked: Blocked): Omit<GroupResult, 'tests'> {
  const results = new Map(stacked.results)
  for (const [candidate] of stacked.on) results.set(candidate, { result: 'waits', ...blocked })
  return { results, later: stacked.later }
}

/** One alone is refused; of several nobody knows yet on whose account the test failed. */
function failing(
  stacked: StackedGroup,
  candidates: readonly Candidate[],
  verdict: Verdict,
): Omit<GroupResult, 'tests'> {
  const { results, later } = stacked
  if (verdict === 'passed' || verdict === 'failed together') return { results, later, failed: candidates }
  return { results: new Map([...results, [candidates[0]!, { result: 'refused', refusal: verdict }]]), later }
}

/** Puts the candidates on top of each other. */
async function stackGroup(tools: LandingTools, from: string, request: LandRequest): Promise<StackedGroup> {
  const strategy: Strategy = request.options.strategy ?? 'merge'
  const { into } = request
  const on: [Candidate, Stacked][] = []
  const results = new Map<Candidate, LandResult>()
  const later: Candidate[] = []
  let tip = from
  for (const candidate of request.candidates) {
    const before = candidate.mayHaveLanded ? await landedBefore(tools, into, candidate.commit) : undefined
    if (before) {
      results.set(candidate, await nothingToLand(candidate, { commit: before, into, nothing: true }))
      continue
    }
    const answer = await stacked(tools, tip, candidate, { strategy, into })
    if ('refused' in answer) {
      results.set(candidate, { result: 'refused', refusal: answer })
      continue
    }
    const refusal = 'commit' in answer ? await refusedContent(tools, tip, candidate, answer) : undefined
    if (refusal) {
      results.set(candidate, { result: 'refused', refusal })
    } else if ('commit' in answer) {
      on.push([candidate, answer])
      tip = answer.commit
    } else if (tip !== from) {
      // On top of others: whether it conflicts with, or adds nothing to, the target itself shows at its own turn.
      later.push(candidate)
    } else if ('nothing' in answer) {
      const landing: Landing = { commit: from, into, mergedCommit: candidate.commit, nothing: true }
      results.set(candidate, await nothingToLand(candidate, landing))
    } else {
      const { conflictRefusal } = await import('./refusals.js')
      results.set(candidate, {
        result: 'refused',
        refusal: conflictRefusal(candidate.branch, into, answer.conflict, answer.gone),
      })
    }
  }
  return { on, results, later }
}

/** The target has it already: what is left to be done is its task. */
async function nothingToLand(candidate: Candidate, landing: Landing): Promise<LandResult> {
  await candidate.status?.settle(landing)
  return { result: 'landed', landing }
}

/** Puts one on top; a refusal if its task is somebody else's by now, who has completed it perhaps. */
async function stacked(
  tools: LandingTools,
  tip: string,
  candidate: Candidate,
  how: { readonly strategy: Strategy; readonly into: string },
): Promise<StackAnswer | Refusal> {
  try {
    const answer = await stack(tools, tip, candidate, how)
    // Whose task is done already need not hear that it conflicts with what has done it, or adds nothing to that.
    if (!('commit' in answer)) await candidate.status?.edits(candidate.commit, tip)
    return answer
  } catch (error) {
    if (error instanceof OompaError && (error.code === 'already-complete' || error.code === 'not-yours')) {
      return takenRefusal(error.message, candidate.task?.id)
    }
    throw error
  }
}

/** What is in no landing, whoever committed it. */
async function refusedContent(
  tools: LandingTools,
  tip: string,
  { branch, commit: own, isHistory }: Candidate,
  { commit, tree }: Stacked,
): Promise<Refusal | undefined> {
  const ours = await ourNamesBetween(tools, `${tip}^{tree}`, tree)
  if (ours.length > 0) return oursRefusal(branch, ours)
  const nested = await undeclaredGitlinks(tools.root, tip, commit)
  if (nested.length > 0) return nestedRefusal(nested)
  // What others have pushed is the remote's already.
  const left = isHistory ? [] : await leftMarkers(tools, { commit: own, onto: tip })
  return left.length > 0 ? leftMarkersRefusal(branch, left) : undefined
}

/** A tested batch becomes one first-parent merge: its members' own merges were never a value of the target. */
async function wrapBatch(
  tools: LandingTools,
  from: string,
  on: readonly (readonly [Candidate, Stacked])[],
  request: LandRequest,
): Promise<{ commit: string; tree: string }> {
  const tip = on.at(-1)![1]
  if (on.length === 1 || !request.options.test) return tip
  const message = batchMessage(
    on.map(([candidate]) => candidate),
    request.into,
  )
  return {
    tree: tip.tree,
    commit: await commitTree(tools.root, { tree: tip.tree, parents: [from, tip.commit], message }),
  }
}

function keepsMoving(into: string): OompaError {
  return new OompaError({
    code: 'target-moves',
    message: `${into} was moved by somebody else ${MOST_TRIES} times while we were landing on it.`,
    status: STATUS.failed,
  })
}
