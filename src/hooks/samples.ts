// What `oompa add` writes for each hook: the shipped sample, with what this repository is known to need filled in.

import type { HookName } from './contract.js'

/** What was found out about the repository. */
export interface SampleFacts {
  /** For `merge`. */
  readonly test?: string
  /** For `worktree`. */
  readonly setup?: string
  /** For `worktree`: ignored files that are there. */
  readonly copy: readonly string[]
  /** For `review`. */
  readonly agent?: string
  /** For `tasks`. */
  readonly store: 'taskFolder' | 'markdownLists' | 'taskGraph' | 'taskStores' | 'postgresTasks' | 'gitTasks'
}

const URL_ADVICE =
  '// The tasks are in PostgreSQL. Its URL is in OOMPA_POSTGRES, as it holds a password; postgresTasks({ url, schema }) says more.\n'

/** The text of a new hook. Pure. */
export function sampleText(hook: HookName, sample: string, facts: SampleFacts): string {
  const text = withoutAdvice(sample)
  switch (hook) {
    case 'merge':
      return facts.test === undefined
        ? text.replace(
            /export default .*\n/,
            `// No test command was found: what merges cleanly lands. Write mergeQueue({ test: 'your command' }) to have each\n// merged tree tested first.\nexport default mergeQueue()\n`,
          )
        : text.replace(/test: '[^']*'/, () => `test: ${quoted(facts.test ?? '')}`)
    case 'review':
      return facts.agent === undefined
        ? text
        : text.replace(/agent: '[^']*'/, () => `agent: ${quoted(facts.agent ?? '')}`)
    case 'tasks':
      return (facts.store === 'postgresTasks' ? text.replace(/^\/\/ Others are .*\n/m, URL_ADVICE) : text)
        .replace('import { taskFolder }', `import { ${facts.store} }`)
        .replace('default taskFolder()', `default ${facts.store}()`)
    case 'worktree':
      return text
        .replace(/ {2}\/\/ Ignored files[^\n]*\n {2}copy: \[[^\]]*\],\n/, (lines) =>
          facts.copy.length ? lines.replace(/\[[^\]]*\]/, () => `[${facts.copy.map(quoted).join(', ')}]`) : '',
        )
        .replace(/( {2}\/\/ Run in[^\n]*\n) {2}run: '[^']*',\n/, (_all, advice: string) =>
          facts.setup === undefined ? `${advice}  // run: 'npm ci',\n` : `${advice}  run: ${quoted(facts.setup)},\n`,
        )
    default:
      return text
  }
}

/** In the copy, what `oompa add` does is no news any more. */
function withoutAdvice(sample: string): string {
  return sample.replace(/^\/\/ `oompa add .*\n/m, '')
}

/** A text as a TypeScript string in single quotes. */
export function quoted(text: string): string {
  return `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'").replace(/\n/g, '\\n')}'`
}

/** What is different from now on, for the person. Pure. */
export function whatChanges(hook: HookName, facts: SampleFacts): readonly string[] {
  const loop = 'agents work in their own worktree and commit on its branch; the loop lands the work'
  switch (hook) {
    case 'merge':
      return [
        `level 2: ${loop}.`,
        facts.test
          ? `Each change is merged with the target and tested there (${facts.test}) before the target moves.`
          : 'What merges without a conflict lands; no test was found.',
        'A conflict or a failed test goes back to its author, three times at most. Your checkout is not touched while you edit.',
      ]
    case 'review':
      return [
        `level 3: ${loop}, after a review.`,
        `${facts.agent ?? 'An agent'} reads each change in a worktree of its own; what it says goes back to the author, three rounds at most.`,
      ]
    case 'tasks':
      return [
        'level 2: the loop claims a task for each iteration, tells the agent which, and completes it when its work has landed.',
        'On a failure the task goes back to pending, with the reason in its notes.',
      ]
    case 'approve':
      return [
        'level 2: agents work in their own worktree. Changes of high risk wait for you: oompa approvals, oompa approve ID, oompa reject ID "why".',
        'The worker goes on with another task meanwhile.',
      ]
    case 'worktree':
      return [
        'level 2: agents work in their own worktree. Each new one is set up before an agent starts in it, and each checkout that a test runs in.',
      ]
    case 'agent':
      return ['Another agent can be named: --agent my-agent, or "model": "my-agent" in oompa.json.']
    case 'event':
      return ['You are told what happens: a swarm that ends, a change that waits, a limit that is reached.']
  }
}

/** Lines of a prompt that tell the agent to merge or push, which the loop does from level 2 on. Pure. */
export function mergingLines(prompt: string): readonly { readonly line: number; readonly text: string }[] {
  return prompt.split('\n').flatMap((text, index) => {
    const tells =
      /\b(merge|merges|rebase|push)\b/i.test(text) &&
      !/\b(do not|don['’]t|never|not)\b[^.]*\b(merge|rebase|push)\b/i.test(text)
    return tells ? [{ line: index + 1, text: text.trim() }] : []
  })
}

/** What `prompts/worker.md` says of its process where the loop claims tasks. */
export const CLAIMED_PROCESS =
  'Process: Do the task that stands above, and no other: the loop has claimed it for you, and completes it when your work has landed.'

/** Lines of a prompt that tell the agent to take a task or to move its file, which the loop does with `hooks/tasks`. Pure. */
export function claimingLines(prompt: string): readonly { readonly line: number; readonly text: string }[] {
  return prompt.split('\n').flatMap((text, index) => {
    const tells =
      (/\b(take|claim|pick|choose|select|grab)\b[^.]{0,40}\btasks?\b/i.test(text) &&
        !/\b(do not|don['’]t|never)\b/i.test(text)) ||
      /tasks\/(current|in_progress)\b|\boompa tasks (claim|complete)\b|\bCLAIM\(/.test(text)
    return tells ? [{ line: index + 1, text: text.trim() }] : []
  })
}
