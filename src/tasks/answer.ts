// Answers `CLAIM(id, …)` of an agent: claims what can be claimed, and says so, id by id, in its own session.

import { oneLine } from '../files/lines.js'
import type { Task } from '../words.js'
import type { Claim, ClaimAnswer, Claimer, TaskStore } from './contract.js'

export interface ClaimAnswers {
  /** What was claimed. */
  readonly claims: readonly Claim[]
  /** The answer for each id that was asked for. */
  readonly answers: readonly { readonly id: string; readonly answer: ClaimAnswer['answer']; readonly why?: string }[]
  /** For the agent. */
  readonly text: string
}

/** More than any agent can work on; a list of thousands is a mistake, or an attack. */
const MAX_IDS = 50

/** Claims each of `ids` for `claimer`, in the order in which they were asked for. */
export async function answerClaims(store: TaskStore, ids: readonly string[], claimer: Claimer): Promise<ClaimAnswers> {
  const claims: Claim[] = []
  const answers: ClaimAnswers['answers'][number][] = []
  for (const id of [...new Set(ids.map((one) => one.trim()).filter(Boolean))].slice(0, MAX_IDS)) {
    const answer = await store.claim({ claimer, id })
    if (answer.answer === 'claimed') {
      claims.push(answer.claim)
      answers.push({ id, answer: 'claimed' })
    } else answers.push({ id, answer: answer.answer, why: answer.why })
  }
  // Several agents choose the first of the same list: who came too late is told what is left.
  const left = claims.length > 0 ? [] : (await store.list()).pending.filter((task) => task.ready)
  return { claims, answers, text: claimText(answers, claims, left) }
}

const MOST_LEFT = 20

const lineOf = (task: Task) => `- ${oneLine(task.id)}: ${oneLine(task.summary)}`

function claimText(answers: ClaimAnswers['answers'], claims: readonly Claim[], left: readonly Task[]): string {
  if (answers.length === 0) return 'CLAIM named no task. Write CLAIM(id) with the id of a pending task.'
  const lines = answers.map(
    ({ id, answer, why }) => `- ${id}: ${answer}${why && answer !== 'claimed' ? ` (${why})` : ''}`,
  )
  const tasks = claims.map(({ task }) =>
    [
      `Task ${task.id}: ${task.summary}`,
      ...(task.description ? [task.description] : []),
      ...(task.files.length ? [`Files: ${task.files.join(', ')}`] : []),
      ...(task.acceptance.length ? ['Acceptance:', ...task.acceptance.map((one) => `- ${one}`)] : []),
      ...(task.notes ? [`Notes of earlier attempts:\n${task.notes}`] : []),
    ].join('\n'),
  )
  const next = claims.length
    ? 'Work on what was claimed, and on nothing else.'
    : left.length
      ? ['Nothing was claimed. Choose another task that is ready now:', ...left.slice(0, MOST_LEFT).map(lineOf)].join(
          '\n',
        )
      : 'Nothing was claimed, and no task is ready: end your turn.'
  return ['Answer to CLAIM:', ...lines, '', ...tasks.flatMap((task) => [task, '']), next].join('\n')
}
