// `oompa reject ID "why"`: a change that waits for a person goes back, with the reason for whoever takes its task next.

import { type Command, flag } from '../cli/contract.js'
import { OompaError, STATUS } from '../errors.js'
import { openLog } from '../events/log.js'
import { findRepository } from '../git/repository.js'
import { refuseAgents, rejectApproval } from '../review/decide.js'
import { findApproval, type StoredApproval } from '../review/held-changes.js'
import { heldTask } from './held-task.js'
import { standalone } from './standalone.js'

export const command: Command = {
  summary: 'Send a change that waits for you back: its task is pending again, with your reason in its notes.',
  positionals: [
    { name: 'id', describe: 'As oompa approvals prints it; its beginning is enough', required: true },
    { name: 'why', describe: 'What its author should mend', required: true, array: true },
  ],
  options: { json: { type: 'boolean', describe: 'Print JSON' } },
  examples: [['oompa reject w1-3-1a2b3c4 "Keep the lock file out of it"', 'its work stays at its ref']],
  async run(args) {
    refuseAgents('reject')
    const { root } = await findRepository()
    const [id = '', ...words] = args.positionals
    const reason = words.join(' ').trim()
    if (reason === '') {
      throw new OompaError({
        code: 'no-reason',
        message: 'A rejection without a reason tells nobody what to mend.',
        mend: `oompa reject ${id} "what should be different"`,
        status: STATUS.usage,
      })
    }
    const approval = await findApproval(root, id)
    const released = await giveBack(root, approval, reason)
    await rejectApproval(root, approval, reason)
    if (flag(args, 'json')) {
      console.log(
        JSON.stringify({ id: approval.id, reason, ref: approval.ref, task: approval.task, released }, null, 2),
      )
    } else {
      console.log(`${approval.id} is rejected. Its work is kept at ${approval.ref}.`)
      if (released) console.log(`The task ${approval.task} is pending again, with your reason in its notes.`)
    }
    return STATUS.done
  },
}

/** Puts the task back, if the change was made under a claim that is still held; gives whether it was. */
async function giveBack(root: string, approval: StoredApproval, reason: string): Promise<boolean> {
  const { swarm, worker, iteration, task, ref } = approval
  if (task === null) return false
  return standalone(root, { swarm, worker, iteration }, async (parts) => {
    const held = await heldTask(root, approval, parts)
    if (!held) return false
    await held.store.release(held.claim, `Rejected by a person: ${reason}\nThe work is kept at ${ref}.`)
    await held.store.close?.()
    const log = openLog(root, swarm)
    log.emit({ type: 'task.released', worker, iteration, task, reason: `rejected: ${reason}`, kept: ref })
    log.close()
    return true
  })
}
