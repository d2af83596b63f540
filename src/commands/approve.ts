// `oompa approve ID`: a change that waits for a person lands at once, through the same merge and test.

import { type Command, flag } from '../cli/contract.js'
import { STATUS, type Status } from '../errors.js'
import { openLog } from '../events/log.js'
import { findRepository } from '../git/repository.js'
import type { MergeHook } from '../hooks/contract.js'
import { mergeQueue } from '../merge/queue.js'
import { findApproval, type StoredApproval } from '../review/approvals.js'
import { landApproved, refuseAgents } from '../review/decide.js'
import type { TaskStore } from '../tasks/contract.js'
import { escapeLines, escapeText } from '../views/escape.js'
import { isRefusal, type Landing, type Refusal } from '../words.js'
import { heldTask, statusOf } from './held-task.js'
import { type Standalone, standalone } from './standalone.js'

export const command: Command = {
  summary: 'Land a change that waits for you: the commit that you have seen, merged and tested as any other.',
  positionals: [{ name: 'id', describe: 'As oompa approvals prints it; its beginning is enough', required: true }],
  options: { json: { type: 'boolean', describe: 'Print JSON' } },
  examples: [['oompa approve w1-3-1a2b3c4', 'prints the landed commit; 4 on a conflict or a failed test']],
  async run(args) {
    refuseAgents('approve')
    const { root } = await findRepository()
    const approval = await findApproval(root, args.positionals[0] ?? '')
    const result = await land(root, approval)
    return flag(args, 'json') ? printJson(approval, result) : print(approval, result)
  },
}

async function land(root: string, approval: StoredApproval): Promise<Landing | Refusal> {
  const log = openLog(root, approval.swarm)
  const { swarm, worker, iteration } = approval
  let closing: TaskStore | undefined
  try {
    return await standalone(root, { swarm, worker, iteration, emit: (event) => log.emit(event) }, async (parts) => {
      // Which task it belongs to is a claim of its record alone.
      const held = approval.proven ? await heldTask(root, approval, parts) : undefined
      closing = held?.store
      const landed = await landApproved(root, approval, {
        merge: mergeHookOf(parts),
        context: parts.context,
        ...(held ? { task: held.claim.task, status: statusOf(held, approval) } : {}),
      })
      if (held && !isRefusal(landed) && !landed.pull) {
        log.emit({ type: 'task.completed', worker, iteration, task: held.claim.task.id, commit: landed.mergedCommit })
      }
      if (held?.taken && isRefusal(landed)) {
        await held.store.release(held.claim, `Its work waits as ${approval.id} and did not land: ${landed.refused}.`)
      }
      return landed
    })
  } finally {
    await closing?.close?.()
    log.close()
  }
}

function mergeHookOf({ hooks, settings }: Pick<Standalone, 'hooks' | 'settings'>): MergeHook {
  const { enabled: _, ...options } = settings.merge
  return hooks.merge ?? mergeQueue(options)
}

function print({ id, proven, task }: StoredApproval, result: Landing | Refusal): Status {
  if (isRefusal(result)) {
    console.error(`oompa: ${id} is approved and did not land; it still waits.\n`)
    console.error(escapeLines(result.feedback).join('\n'))
    console.error(`\n  → oompa reject ${id} "…" sends it back to be mended.`)
    return STATUS.refused
  }
  console.log(result.commit)
  const where = result.pull ? `is in review: ${result.pull.url}` : `has landed on ${result.into}.`
  console.error(`oompa: ${id} ${escapeText(where)}`)
  if (!proven && task !== null) {
    const what = `its record, of which there is no proof, names the task ${escapeText(task)}, which was left as it is`
    console.error(`oompa: ${what}.\n  → If it is done: oompa tasks complete ID --force`)
  }
  return STATUS.done
}

function printJson({ id }: StoredApproval, result: Landing | Refusal): Status {
  const refused = isRefusal(result)
  console.log(
    JSON.stringify({ id, outcome: refused ? 'refused' : result.pull ? 'in review' : 'landed', ...result }, null, 2),
  )
  return refused ? STATUS.refused : STATUS.done
}
