// `oompa salvage`: lists work that did not land; with an id, lands it through the same review and test.

import { type Command, flag, NO_ARGS, text } from '../cli/contract.js'
import { messageOf, OompaError, STATUS, type Status } from '../errors.js'
import { findRun } from '../events/runs.js'
import { findRepository } from '../git/repository.js'
import { resolveTarget } from '../merge/target.js'
import { chosenWork, type LeftWork, leftWork, workName, worktreeName } from '../recovery/unlanded.js'
import { refuseAgents } from '../review/decide.js'
import { escapeLines, escapeText } from '../views/escape.js'
import { count } from '../views/format.js'
import { isRefusal, type Landing, type Refusal } from '../words.js'

export const command: Command = {
  summary: 'List work that did not land, with where it came from and why; with an id, land it as a swarm would.',
  positionals: [{ name: 'id', describe: 'A swarm, or one work as it is listed: 3f2a91bc/w1-3', names: 'swarm' }],
  options: {
    land: { type: 'boolean', describe: 'Land everything that is listed' },
    'dry-run': { type: 'boolean', describe: 'Only list, also with an id' },
    into: {
      type: 'string',
      describe: 'The branch to land on; that of the swarm that made it unless given',
      names: 'branch',
    },
    json: { type: 'boolean', describe: 'Print JSON' },
  },
  examples: [
    ['oompa salvage', 'what there is'],
    ['oompa salvage 3f2a91bc', 'land what that swarm left, by the same review and test'],
    ['oompa salvage 3f2a91bc/w1-3', 'land that one'],
  ],
  async run(args) {
    const { root } = await findRepository()
    const [id] = args.positionals
    const json = flag(args, 'json')
    const all = await leftWork(root, await target(root, text(args, 'into')))
    const left = id === undefined ? all : chosenWork(all, id)
    if (left.length === 0) return nothing(root, id, json)
    if ((id === undefined && !flag(args, 'land')) || flag(args, 'dry-run')) return list(left, json)
    refuseAgents('salvage')
    return landAll(root, left, json)
  },
}

async function target(root: string, given: string | undefined): Promise<{ given: string } | { usual: string }> {
  if (given !== undefined) return { given: await resolveTarget(root, given) }
  const { settingsOf } = await import('../config/load.js')
  const settings = await settingsOf(root, NO_ARGS, { env: process.env })
  return { usual: await resolveTarget(root, settings.merge.into) }
}

function nothing(root: string, id: string | undefined, json: boolean): Status {
  // A swarm that there is has nothing left; any other name is a mistake.
  if (id !== undefined && /^[0-9a-f]+$/.test(id)) findRun(root, id)
  else if (id !== undefined) {
    throw new OompaError({
      code: 'no-such-work',
      message: `No work that did not land is called \`${escapeText(id)}\`.`,
      mend: 'oompa salvage',
      status: STATUS.usage,
    })
  }
  if (json) console.log('[]')
  else console.log(id === undefined ? 'All work has landed.' : `Swarm ${id} has left nothing that did not land.`)
  return STATUS.nothing
}

function list(left: readonly LeftWork[], json: boolean): Status {
  if (json) {
    console.log(JSON.stringify(left.map(plain), null, 2))
    return STATUS.done
  }
  for (const work of left) {
    const of = work.task === undefined ? '' : `, task ${escapeText(work.task)}`
    const unsaved = work.unsaved > 0 ? `, ${count(work.unsaved, 'uncommitted file')} in ${worktreeName(work)}` : ''
    console.log(
      `${workName(work)}: ${count(work.commits, 'commit')}, ${count(work.files.length, 'file')}${unsaved}${of}`,
    )
    console.log(`  ${work.approval ? `waits for you: oompa approve ${work.approval}` : firstLine(work.reason)}`)
  }
  const [first] = left
  if (!first) return STATUS.done
  console.log(`\nNext:\n  git log -p ${escapeText(first.into)}..${first.ref}  # look at it`)
  console.log(`  oompa salvage ${workName(first)}  # land it; all: oompa salvage --land`)
  return STATUS.done
}

function firstLine(reason: string): string {
  return escapeText(reason.trim().split('\n')[0] ?? '')
}

function plain(work: LeftWork) {
  return { ...work, name: workName(work), files: work.files.map((file) => file.path) }
}

async function landAll(root: string, left: readonly LeftWork[], json: boolean): Promise<Status> {
  const { landLeft } = await import('./salvageLanding.js')
  const say = (words: string) => console.error(`oompa: ${escapeText(words)}`)
  const results: { work: LeftWork; answer?: Landing | Refusal; error?: string }[] = []
  for (const work of left) {
    try {
      results.push({ work, answer: await landLeft(root, work, say) })
    } catch (error) {
      if (error instanceof OompaError && error.status === STATUS.interrupted) throw error
      results.push({ work, error: messageOf(error) })
    }
  }
  for (const { work, answer, error } of json ? [] : results) console.log(said(work, answer, error))
  if (json) {
    console.log(
      JSON.stringify(
        results.map(({ work, answer, error }) => ({ ...plain(work), ...answer, error })),
        null,
        2,
      ),
    )
  }
  const stayed = results.filter(({ answer }) => !answer || isRefusal(answer))
  if (stayed.length === 0) return STATUS.done
  return stayed.some(({ answer }) => answer) ? STATUS.refused : STATUS.failed
}

function said(work: LeftWork, answer: Landing | Refusal | undefined, error: string | undefined): string {
  const name = workName(work)
  if (!answer) return `${name} stays: ${escapeText(error ?? '')}`
  if (!isRefusal(answer) && answer.pull) return `${name} is in review: ${escapeText(answer.pull.url)}`
  if (!isRefusal(answer))
    return answer.nothing ? `${name}: ${escapeText(work.into)} has it already.` : `${name} has landed: ${answer.commit}`
  const feedback = escapeLines(answer.feedback.trim()).map((line) => `  ${line}`)
  return [`${name} stays (${answer.refused}):`, ...feedback].join('\n')
}
