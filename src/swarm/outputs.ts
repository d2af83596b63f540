// A task that names its outputs is complete only if they are there: looked for before anybody reads the change.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { git } from '../git/run.js'
import type { Claim } from '../tasks/contract.js'
import { outputMissing, outputsOf } from '../tasks/outputs.js'
import type { Change, Refusal } from '../words.js'
import { iterationOf } from './iteration.js'

/** A refusal that names the first output that is missing, of the tasks that this change would complete. */
export async function missingOutput(change: Change, claims: readonly Claim[]): Promise<Refusal | undefined> {
  const { here } = iterationOf(change).lane.swarm.settings
  for (const { task } of claims) {
    for (const file of outputsOf(task)) {
      if (await isThere(change, file, here)) continue
      return { refused: 'task', feedback: outputMissing(task, file).message, details: { task: task.id, output: file } }
    }
  }
  return undefined
}

/** In the change's commit; a file that git ignores is on disk alone. */
async function isThere({ worktree, commit }: Change, file: string, here: boolean): Promise<boolean> {
  const full = path.resolve(worktree.path, file)
  const relative = path.relative(worktree.path, full)
  const inside = relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative)
  if (here || !inside) return existsSync(full)
  const name = `${commit}:${relative.split(path.sep).join('/')}`
  const { status } = await git(worktree.path, ['cat-file', '-e', '--end-of-options', name])
  if (status === 0) return true
  if (!existsSync(full)) return false
  return (await git(worktree.path, ['check-ignore', '--quiet', '--', relative])).status === 0
}
