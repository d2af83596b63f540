// What the merge stage does with the status of tasks, in a few lines: edits over a tree, a commit, the ref.

import { execFileSync } from 'node:child_process'
import path from 'node:path'
import type { TreeEdit } from '../../src/words.js'
import type { TestRepository } from '../support/repository.js'

/** Commits `edits` over `onto` and moves `ref` to it; gives the commit. No file of the checkout changes. */
export async function landEdits(
  repository: TestRepository,
  edits: readonly TreeEdit[],
  ref = 'refs/heads/main',
  onto = 'HEAD',
): Promise<string> {
  const env = { ...repository.env, GIT_INDEX_FILE: path.join(repository.root, '.git/landing-index') }
  const run = (args: string[], input?: Uint8Array) =>
    execFileSync('git', args, { cwd: repository.root, env, input, encoding: 'utf8' }).trim()
  run(['read-tree', onto])
  for (const { path: file, content } of edits) {
    if (content === null) run(['update-index', '--force-remove', '--', file])
    else {
      const blob = run(['hash-object', '-w', '--stdin'], content)
      run(['update-index', '--add', '--cacheinfo', `100644,${blob},${file}`])
    }
  }
  const commit = repository.git(['commit-tree', run(['write-tree']), '-p', onto, '-m', 'Land'])
  repository.git(['update-ref', ref, commit])
  return commit
}
