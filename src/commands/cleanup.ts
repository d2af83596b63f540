// `oompa cleanup`: removes worktrees and branches that are clean, landed and not in use, and the output of agents of old
// swarms; says what it leaves and why.

import { type Command, flag, NO_ARGS } from '../cli/contract.js'
import { peekSettings } from '../config/peek.js'
import { STATUS } from '../errors.js'
import { movedWorktrees } from '../git/no-checkout.js'
import { findRepository } from '../git/repository.js'
import { runGitHooks } from '../git/run-git.js'
import { count } from '../views/format.js'
import { removeSpares } from '../worktrees/pool.js'

export const command: Command = {
  summary:
    'Remove worktrees and branches that are clean, landed and not in use, and what agents of old swarms printed; list what stays, and why.',
  options: {
    'dry-run': { type: 'boolean', describe: 'Say what would be removed, and remove nothing' },
    all: { type: 'boolean', describe: 'Remove the spare checkouts in the cache folder as well' },
    json: { type: 'boolean', describe: 'Print JSON' },
  },
  examples: [
    ['oompa cleanup --dry-run', 'what would go, and what stays'],
    ['oompa cleanup', 'remove it'],
  ],
  async run(args) {
    const { removeIdleGates } = await import('../merge/gate.js')
    const { planCleanup, performCleanup } = await import('../recovery/removable.js')
    const repository = await findRepository()
    const moved = movedWorktrees(repository.root, repository.gitDir)
    if (moved) throw moved
    runGitHooks(peekSettings(repository.root).gitHooks === true)
    const { inUse } = await import('../events/running.js')
    const plan = await planCleanup(repository, inUse(repository.root))
    const dryRun = flag(args, 'dry-run')
    const done = dryRun ? plan : await performCleanup(repository, plan, inUse(repository.root))
    const gates = dryRun ? [] : await removeIdleGates(repository.root)
    const spares = flag(args, 'all') && !dryRun ? await removeSpares(repository.root) : 0
    const logs = await cleanOutput(repository.root, dryRun)
    if (flag(args, 'json')) {
      console.log(JSON.stringify({ dryRun, gates, spares, logs, ...done }, null, 2))
      return STATUS.done
    }
    const verb = dryRun ? 'would remove' : 'removed'
    for (const { worktree, branch } of done.removed) {
      console.log(`${verb} ${[worktree, branch && `branch ${branch}`].filter(Boolean).join(' and ')}`)
    }
    for (const words of done.said ?? []) console.log(words)
    for (const { name, why, look } of done.left) console.log(`left ${name}: ${why}${look ? `\n  → ${look}` : ''}`)
    for (const gate of gates) console.log(`removed ${gate}, in which merged trees were tested`)
    for (const { swarm, bytes } of logs) {
      console.log(`${verb} what the agents of swarm ${swarm} printed (${Math.ceil(bytes / 1e6)} MB)`)
    }
    if (logs.length + gates.length === 0 && done.removed.length === 0 && done.left.length === 0)
      console.log('Nothing to clean up.')
    if (spares > 0) console.log(`removed ${count(spares, 'spare checkout')}`)
    return STATUS.done
  },
}

/** Removes what the agents of swarms printed that ended longer ago than `logs.keep_days` of oompa.json. */
async function cleanOutput(root: string, dryRun: boolean): Promise<{ swarm: string; bytes: number }[]> {
  const { settingsOf } = await import('../config/load.js')
  const { listRuns } = await import('../events/runs.js')
  const { oldOutput, removeOutput } = await import('../events/old-output.js')
  const { logs } = await settingsOf(root, NO_ARGS, { env: process.env })
  const old = oldOutput(root, listRuns(root), logs.keepMs)
  if (!dryRun) removeOutput(old)
  return old.map(({ swarm, bytes }) => ({ swarm, bytes }))
}
