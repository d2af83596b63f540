// `oompa approvals`: the changes that wait for a person, why, and how to look at them.

import { type Command, flag } from '../cli/contract.js'
import { STATUS } from '../errors.js'
import { findRepository } from '../git/repository.js'
import { listApprovals, publicFields, type StoredApproval } from '../review/held-changes.js'
import { screenColumns } from '../views/columns.js'
import { escapeText } from '../views/escape.js'
import { age, between, count, dateAndTime, timeOfDay } from '../views/format.js'
import { folded } from '../views/width.js'

const MOST_FILES = 8
const DAY_MS = 24 * 3_600_000

export const command: Command = {
  summary: 'List the changes that wait for you: oompa approve ID lands one, oompa reject ID "why" sends it back.',
  options: { json: { type: 'boolean', describe: 'Print JSON' } },
  examples: [
    ['oompa approvals', 'what waits, and why'],
    ['oompa approvals --json', 'a list of {id, swarm, worker, task, commit, base, files, reasons, since}'],
  ],
  async run(args) {
    const { root } = await findRepository()
    const { waiting, problems } = await listApprovals(root)
    for (const problem of problems) console.error(`oompa: ${escapeText(problem)}`)
    if (flag(args, 'json')) console.log(JSON.stringify(waiting.map(publicFields), null, 2))
    else if (waiting.length === 0) console.log('No change waits for you.')
    else {
      const columns = screenColumns() ?? Number.POSITIVE_INFINITY
      console.log(`${waiting.length === 1 ? '1 change waits' : `${waiting.length} changes wait`} for you.`)
      for (const approval of waiting) {
        console.log('')
        for (const line of lines(approval, Date.now())) console.log(folded(line, columns).join('\n'))
      }
    }
    return STATUS.done
  },
}

function lines(approval: StoredApproval, now: number): string[] {
  const { id, swarm, worker, task, commit, base, files, reasons, since, summary, author, reviewedBy, into } = approval
  const shown = files.slice(0, MOST_FILES).map((file) => `  ${escapeText(file)}`)
  const of = task ? `  ${escapeText(task)}${summary ? `: ${escapeText(summary)}` : ''}` : ''
  return [
    `${id}${of}`,
    `  since ${moment(since, now)}, by ${worker}${author ? ` (${escapeText(author)})` : ''} of swarm ${swarm}, lands on ${escapeText(into)}`,
    ...reasons.flatMap((reason) => reason.split('\n')).map((reason) => `  because: ${escapeText(reason)}`),
    ...(reviewedBy.length ? [`  reviewed by ${escapeText(reviewedBy.join(', '))}`] : []),
    ...shown,
    ...(files.length > MOST_FILES ? [`  and ${count(files.length - MOST_FILES, 'more file')}`] : []),
    `  look:  git diff ${base.slice(0, 12)} ${commit.slice(0, 12)}`,
    `  then:  oompa approve ${id}`,
    `     or  oompa reject ${id} "why"`,
  ]
}

/** The time of day, of an earlier day with its date, and how long ago that is. */
function moment(since: string, now: number): string {
  const ms = between(since, now)
  return `${ms < DAY_MS ? timeOfDay(since) : dateAndTime(since)} (${age(ms)} ago)`
}
