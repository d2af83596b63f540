// The swarms of other machines, for the commands that look: brought up to now, where the tasks are in a server.

import { messageOf } from '../errors.js'
import { bringElsewhere } from '../events/elsewhere.js'
import { hookTasks } from '../hooks/tasks.js'

/** Brings the logs of other machines here, and says so where that cannot be: what was brought before is shown. */
export async function lookElsewhere(root: string): Promise<void> {
  try {
    const store = await hookTasks(root)
    if (store?.engine) await bringElsewhere(root, store.engine.machines)
  } catch (error) {
    console.error(`oompa: the swarms of other machines are shown as they were known last: ${messageOf(error)}`)
  }
}
