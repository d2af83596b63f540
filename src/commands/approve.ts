// `oompa approve ID`: a change that waits for a person lands at once, through the same merge and test.

import { type Command, flag } from '../cli/contract.js'
import { STATUS, type Status } from '../errors.js'
import { openLog } from '../events/log.js'
import { findRepository } from '../git/repository.js'
import { landApproved, refuseAgents } from '../review/decide.js'
import { findApproval, type StoredApproval } from '../review/held-changes.js'
import { escapeLines, escapeText } from '../views/escape.js'
import { isRefusal, type Landing, type Refusal } from '../words.js'
import { landChange } from './land-change.js'
import { standalone } from './standalone.js'

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
  const { swarm, worker, iteration, proven, id } = approval
  try {
    return await standalone(root, { swarm, worker, iteration, emit: (event) => log.emit(event) }, (parts) =>
      landApproved(root, approval, (change) => {
        // Which task it belongs to is a claim of its record alone.
        if (!proven) return landChange(root, change, parts)
        const whyBack = (refused: string) => `Its work waits as ${id} and did not land: ${refused}.`
        return landChange(root, change, parts, { ...approval, whyBack })
      }),
    )
  } finally {
    log.close()
  }
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
