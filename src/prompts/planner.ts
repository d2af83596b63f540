// What `oompa plan` tells an agent: the planner's prompt, the spec, the tasks that there are, and the form of the answer.

import { oneLine } from '../files/lines.js'
import type { Task } from '../words.js'
import { tag } from './compose.js'
import { quoted } from './task-queue.js'

export interface PlanFacts {
  readonly swarm: string
  readonly worker: string
  /** `prompts/plan.md`, includes expanded. */
  readonly prompt: string
  /** The file that says what is to be built, as a person names it, and what it holds. */
  readonly spec: { readonly name: string; readonly text: string }
  /** The tasks that are there: each with the word for its state. */
  readonly tasks: readonly { readonly state: string; readonly task: Pick<Task, 'id' | 'summary'> }[]
}

/** The last thing that is said, where it is not forgotten. */
const FORM = `End your final message with one code block of JSON: a list of all new tasks and nothing else, in the order in which they are best done.

\`\`\`json
[
  {
    "id": "login-form",
    "summary": "One line that says what will be different",
    "description": "What to build, where, and why",
    "files": ["src/login.js", "test/login.test.js"],
    "acceptance": ["A wrong password shows a message", "npm test passes"],
    "depends_on": ["id-of-another-task"],
    "priority": 1
  }
]
\`\`\`

Every task has an id, made of letters, digits, \`-\` and \`_\`, and a summary; the rest may be left out, and other keys are refused. An id in \`depends_on\` is one of this list, or of the tasks above. If nothing is missing, the list is [].`

/** The whole prompt. Pure. */
export function composePlanPrompt(facts: PlanFacts): string {
  const { spec, tasks } = facts
  const there = tasks.map(({ state, task }) => `- ${oneLine(task.id)} (${state}): ${oneLine(task.summary)}`)
  return `${tag(facts)}${facts.prompt.trimEnd()}

## The spec, ${oneLine(spec.name)}

${quoted(spec.text)}

## The tasks that there are

${there.length > 0 ? there.join('\n') : '(none)'}

## Your answer

${FORM}
`
}
