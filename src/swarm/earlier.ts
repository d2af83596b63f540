// Work that an earlier run left under a name that is needed again: kept, never landed by surprise, never lost.

import { OompaError } from '../errors.js'
import { readLog, swarmIds } from '../events/log.js'
import { isAncestor } from '../git/history.js'
import { resolveCommit } from '../git/repository.js'
import { gitText } from '../git/run.js'
import { commitLeftovers } from '../merge/commit.js'
import type { Worktree } from '../words.js'
import { keptRef } from './close.js'
import type { Iteration } from './contract.js'

/**
 * Commits what is unsaved in `worktree` to its branch, and keeps the branch if it has commits of its own.
 * @throws OompaError `unsaved-work` if something in it may not be committed (a secret, say)
 */
export async function keepEarlierWork(
  iteration: Iteration,
  worktree: Worktree | undefined,
  base: string,
): Promise<void> {
  const { swarm } = iteration.lane
  const { root } = swarm.repository
  if (worktree) {
    const left = await commitLeftovers(worktree, { message: `Unfinished work found in ${worktree.name}` })
    if (left.left.length > 0) {
      throw new OompaError({
        code: 'unsaved-work',
        message: `${worktree.name} has files of an earlier run that are not committed by us: ${left.left.map((file) => `${file.path} (${file.reason})`).join(', ')}.`,
        mend: `Move them away, or: git worktree remove --force ${worktree.name}`,
      })
    }
  }
  const tip = await resolveCommit(worktree?.path ?? root, worktree ? 'HEAD' : `refs/heads/${iteration.branch}`)
  if (!tip || (await isAncestor(root, tip, base))) return
  const owner = ownerOf(root, iteration)
  const ref = keptRef(owner, iteration.worker, iteration.number)
  const known = await resolveCommit(root, ref)
  const free = !known || known === tip ? ref : `${ref}-${tip.slice(0, 8)}`
  await gitText(root, ['update-ref', free, tip])
  swarm.emit({
    type: 'work.kept',
    worker: iteration.worker,
    iteration: iteration.number,
    ref: free,
    reason: `an earlier run left it in ${iteration.name}; land it with \`oompa salvage ${owner}\``,
  })
}

/** The newest other swarm that had this iteration, by its log. */
function ownerOf(root: string, iteration: Iteration): string {
  const others = swarmIds(root)
    .filter((id) => id !== iteration.swarm)
    .flatMap((id) =>
      readLog(root, id).filter(
        (event) =>
          event.type === 'iteration.started' &&
          event.worker === iteration.worker &&
          event.iteration === iteration.number,
      ),
    )
    .sort((a, b) => b.at.localeCompare(a.at))
  return others[0]?.swarm ?? iteration.swarm
}
