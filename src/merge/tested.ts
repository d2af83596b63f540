// Tests a stack of changes in a gate, and tells what its failure means: a flaky test, a broken target, a bad change.

import type { HeldLock } from '../locks/index.js'
import type { CommandResult } from '../processes/contract.js'
import type { Refusal } from '../words.js'
import type { Candidate, LandContext, MergeOptions } from './contract.js'
import { testRefusal } from './refusals.js'

/** Trees that passed, and commits of the target with how the test ended on them. */
export type TestMemory = Map<string, CommandResult>

/** A refusal if the change stands alone. */
export type Verdict = 'passed' | 'failed together' | Refusal

export interface StackTest {
  readonly options: MergeOptions
  readonly into: string
  readonly lock: HeldLock
  readonly tested: TestMemory
  /** The target's value, on which the changes are stacked. */
  readonly from: string
  /** What would be its next value. */
  readonly whole: { readonly commit: string; readonly tree: string }
  readonly candidates: readonly Candidate[]
}

/** A gate's test takes longer than any other hook: docs/contract.md, 21. */
const TEST_TIMEOUT_MS = 30 * 60_000
const MOST_REMEMBERED = 500

/**
 * Runs the test on the stack's tip. A single change that fails is tested again, and then the target without it;
 * several are left to be halved, which tests them again anyway.
 */
export async function testStack(context: LandContext, request: StackTest): Promise<{ runs: number; verdict: Verdict }> {
  const { candidates, whole, from, into, options } = request
  const command = options.test ?? ''
  const branch = candidates.map((one) => one.branch).join(', ')
  let runs = 0
  const run = async (commit: string, key: string) => {
    const known = request.tested.get(key)
    if (known) return known
    runs++
    say(context, request, branch, commit)
    const { testCommit } = await import('./gate.js')
    const timeoutMs = options.testTimeoutMs ?? context.testTimeoutMs ?? TEST_TIMEOUT_MS
    const result = await testCommit(context, commit, { command, timeoutMs, env: request.lock.env })
    context.testSignal?.throwIfAborted()
    // A failure is remembered of the target only: a change that failed may have been unlucky.
    if (result.status === 0 || key.startsWith('target ')) remember(request.tested, key, result)
    return result
  }

  let result = await run(whole.commit, whole.tree)
  if (result.status === 0) return { runs, verdict: 'passed' }
  if (candidates.length > 1) return { runs, verdict: 'failed together' }
  const isMissing = result.status === 127
  for (let retry = 0; retry < (options.retries ?? 1) && !result.timedOut && !isMissing; retry++) {
    result = await run(whole.commit, whole.tree)
    if (result.status !== 0) continue
    const text = `\`${command}\` failed on ${branch} and then passed on the same tree: it is flaky.`
    context.emit({ type: 'note', text, level: 'warning' })
    return { runs, verdict: 'passed' }
  }
  const target = (await run(from, `target ${from}`)).status !== 0
  if (target) sayOnce(context, request, command)
  return { runs, verdict: testRefusal({ branch, into, command, target }, result) }
}

function say(context: LandContext, { candidates, options }: StackTest, branch: string, commit: string): void {
  const [first] = candidates
  const alone = candidates.length === 1 && first?.worker
  context.emit({
    type: 'landing.testing',
    branch,
    command: options.test ?? '',
    commit,
    ...(candidates.length > 1 ? { batch: candidates.length } : {}),
    ...(alone ? { worker: first.worker, iteration: first.iteration } : {}),
  })
}

/** A swarm may run for days: the oldest are forgotten. */
function remember(tested: TestMemory, key: string, result: CommandResult): void {
  tested.set(key, result)
  if (tested.size > MOST_REMEMBERED) tested.delete(tested.keys().next().value!)
}

function sayOnce(context: LandContext, { tested, from, into }: StackTest, command: string): void {
  const key = `said ${from}`
  if (tested.has(key)) return
  tested.set(key, tested.get(`target ${from}`)!)
  const text = `\`${command}\` fails on ${into} itself (${from.slice(0, 12)}): until that is mended, nothing that fails in the same way can land.`
  context.emit({ type: 'note', text, level: 'warning' })
}
