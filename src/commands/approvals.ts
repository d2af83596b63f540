// `oompa approvals`: the changes that wait for a person, why, and how to look at them.

import { type Command, flag } from '../cli/contract.js'
import { STATUS } from '../errors.js'
import { findRepository } from '../git/repository.js'
import { listApprovals, publicFields, type StoredApproval } from '../review/approvals.js'
import { escapeText } from '../views/escape.js'

const MOST_FILES = 8

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
    else console.log(waiting.map(lines).join('\n\n'))
    return STATUS.done
  },
}

function lines(approval: StoredApproval): string {
  const { id, swarm, worker, task, commit, base, files, reasons, since, summary, author, reviewedBy, into } = approval
  const shown = files.slice(0, MOST_FILES).map((file) => `  ${escapeText(file)}`)
  const of = task ? ` of ${escapeText(task)}${summary ? ` (${escapeText(summary)})` : ''}` : ''
  return [
    `${id}${of}, by ${worker}${author ? ` (${escapeText(author)})` : ''} of swarm ${swarm}, since ${since}`,
    ...reasons.flatMap((reason) => reason.split('\n')).map((reason) => `  because: ${escapeText(reason)}`),
    ...(reviewedBy.length ? [`  reviewed by ${escapeText(reviewedBy.join(', '))}`] : []),
    ...shown,
    ...(files.length > MOST_FILES ? [`  and ${files.length - MOST_FILES} more files`] : []),
    `  lands on ${escapeText(into)}`,
    `  look:  git diff ${base.slice(0, 12)} ${commit.slice(0, 12)}`,
    `  then:  oompa approve ${id}   or   oompa reject ${id} "why"`,
  ].join('\n')
}
