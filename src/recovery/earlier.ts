// Work that an earlier run left under a name that is needed again: kept, never landed by surprise, never lost.

import { OompaError } from '../errors.js'
import { swarmIds } from '../events/log.js'
import { scanLog } from '../events/scan-log.js'
import { isAncestor } from '../git/ancestry.js'
import { resolveCommit } from '../git/repository.js'
import { gitText } from '../git/run-git.js'
import { branchStart } from '../merge/base.js'
import type { Worktree } from '../words.js'
import type { Reused } from './contract.js'
import { keepCommit, keepWorktree, keptRef } from './keep.js'

/**
 * Commits what is unsaved in `worktree` to its branch, and keeps what has not landed.
 * @throws OompaError `unsaved-work` if something in it may not be committed (a secret, say)
 */
export async function keepEarlierWork(iteration: Reused, worktree: Worktree | undefined, base: string): Promise<void> {
  const { swarm } = iteration.lane
  const { root } = swarm.repository
  const tip = worktree
    ? await resolveCommit(worktree.path, 'HEAD')
    : await swarm.commitOf(`refs/heads/${iteration.branch}`)
  const landed = !tip || (await isAncestor(root, tip, base))
  if (!worktree && landed) return
  const before = await keptRefs(root)
  const owner = ownerOf(root, iteration)
  const began = branchStart(root, iteration.branch)
  const ref = keptRef(owner, iteration.worker, iteration.number)
  const refs = worktree
    ? await keepAll(root, worktree, { ref, base, message: `Unfinished work found in ${worktree.name}` })
    : [await keepCommit(root, ref, tip!)]
  for (const [one, commit] of await keptRefs(root)) {
    // What a start after a crash has kept already was said then.
    if (!refs.includes(one) || before.get(one) === commit) continue
    swarm.emit({
      type: 'work.kept',
      worker: iteration.worker,
      iteration: iteration.number,
      ref: one,
      base: began,
      reason: `an earlier run left it in ${iteration.name}; land it with \`oompa salvage ${owner}\``,
    })
  }
}

async function keepAll(
  root: string,
  worktree: Worktree,
  options: Parameters<typeof keepWorktree>[2],
): Promise<readonly string[]> {
  const { refs, left } = await keepWorktree(root, worktree, options)
  if (left.length === 0) return refs
  throw new OompaError({
    code: 'unsaved-work',
    message: `${worktree.name} has files of an earlier run that are not committed by us: ${left.map((file) => `${file.path} (${file.reason})`).join(', ')}.`,
    mend: `Move them away: git -C ${worktree.name} status`,
  })
}

/** Every kept ref with its commit. */
async function keptRefs(root: string): Promise<Map<string, string>> {
  const text = await gitText(root, ['for-each-ref', '--format=%(refname) %(objectname)', 'refs/oompa/kept/'])
  return new Map(text.split('\n').map((line): [string, string] => [line.split(' ')[0]!, line.split(' ')[1] ?? '']))
}

/** The swarm that had this iteration last, by its log, before our own latest start. */
function ownerOf(root: string, iteration: Reused): string {
  const others = swarmIds(root).flatMap((id) => {
    const events = scanLog(root, id, (type) => type === 'iteration.started' || type === 'swarm.started')
    const before =
      id === iteration.swarm ? events.findLastIndex((event) => event.type === 'swarm.started') : events.length
    return events.slice(0, before).filter((event) => {
      return (
        event.type === 'iteration.started' && event.worker === iteration.worker && event.iteration === iteration.number
      )
    })
  })
  return others.sort((a, b) => b.at.localeCompare(a.at))[0]?.swarm ?? iteration.swarm
}
