// Tests a change as it would be merged, before anybody reads it: where `test_first` is set, a reviewer's time is not
// spent on what does not pass.

import type { HookContext } from '../hooks/contract.js'
import type { Change, Refusal } from '../words.js'
import type { MergeOptions } from './contract.js'
import { conflictRefusal } from './refusals.js'
import { stack } from './stack.js'
import { targetCommit } from './target.js'
import { type TestMemory, testStack } from './tested.js'
import { openTools } from './tools.js'

/** A refusal, or what the reviewer is told of the test; undefined where there is nothing to test. */
export async function testBeforeReview(
  change: Change,
  context: HookContext,
  options: MergeOptions,
): Promise<Refusal | { readonly command: string; readonly status: number; readonly output: string } | undefined> {
  const { test } = options
  if (!test) return undefined
  const tools = openTools(context.root)
  try {
    const { into } = change
    const from = await targetCommit(tools, into)
    const { branch, commit, base, worker, number: iteration } = change
    const candidate = { branch, commit, base, worker, iteration }
    const whole = await stack(tools, from, candidate, { strategy: options.strategy ?? 'merge', into })
    if ('conflict' in whole) return conflictRefusal(branch, into, whole.conflict, whole.gone)
    if ('nothing' in whole) return undefined
    const tested: TestMemory = new Map()
    const lock = { name: 'none', env: {} }
    const request = { options, into, lock, tested, from, whole, candidates: [candidate] }
    const { verdict } = await testStack(context, request)
    if (typeof verdict === 'object') return verdict
    return { command: test, status: 0, output: tested.get(whole.tree)?.output ?? '' }
  } finally {
    tools.close()
  }
}
