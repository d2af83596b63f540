// `oompa review BRANCH`: has the reviewers of this repository, or an agent, read what a branch changes.

import { type Command, flag, list, text } from '../cli/contract.js'
import { OompaError, STATUS, usageError } from '../errors.js'
import { describeCommit } from '../git/changes.js'
import { currentBranch, findRepository, resolveCommit } from '../git/repository.js'
import type { ReviewHook } from '../hooks/contract.js'
import { workerBase } from '../merge/base.js'
import { resolveTarget } from '../merge/target.js'
import { reviewer, reviewersFromSettings } from '../review/reviewer.js'
import { review } from '../review/rounds.js'
import { touchedOfTest } from '../review/test-files.js'
import { escapeLines, escapeText } from '../views/escape.js'
import type { Change } from '../words.js'
import { type Standalone, standalone } from './standalone.js'

export const command: Command = {
  summary: 'Have a branch reviewed: prints the feedback; 0 approved, 4 rejected, 1 if nobody could judge.',
  positionals: [
    { name: 'branch', describe: 'A branch, or anything that names a commit', required: true, names: 'branch' },
  ],
  options: {
    agent: {
      type: 'string',
      array: true,
      describe: 'Who reviews, as harness:model[:reasoning], in place of hooks/review; several are asked in turn',
    },
    prompt: { type: 'string', describe: 'What the agent is told, in place of prompts/reviewer.md' },
    into: {
      type: 'string',
      describe: 'The branch that it is to land on; the one that is checked out unless given',
      names: 'branch',
    },
    json: { type: 'boolean', describe: 'Print JSON' },
  },
  examples: [
    ['oompa review oompa/w1-i1', 'by the reviewers that a swarm would ask'],
    ['oompa review my-branch --agent codex:o3', 'by an agent of your choice'],
  ],
  async run(args) {
    const branch = args.positionals[0] ?? ''
    const { root } = await findRepository()
    const change = await changeOf(root, branch, text(args, 'into'))
    if (change.files.length === 0) {
      console.error(`oompa: ${escapeText(branch)} changes nothing over ${change.into}.`)
      return STATUS.nothing
    }
    const agents = list(args, 'agent')
    const prompt = text(args, 'prompt')
    if (prompt !== undefined && agents.length === 0) throw usageError('--prompt is for an agent.', 'Add --agent codex')
    const say = (words: string) => console.error(`oompa: ${escapeText(words)}`)
    const reviewed = await standalone(
      root,
      {
        emit: (event) => {
          if (event.type === 'agent.started') say(`${event.agent} reads ${branch} …`)
          if (event.type === 'note') say(event.text)
        },
      },
      async ({ hooks, settings, context }) =>
        review(
          {
            ...change,
            swarm: context.swarm,
            worker: context.worker,
            touchesTheTest: await touchedOfTest(root, change, context.testCommands ?? []),
          },
          {
            hooks: agents.length ? [reviewer({ agents, ...(prompt ? { prompt } : {}) })] : reviewersOf(hooks, settings),
            // Who asks for a review gets one, also of a change that the loop would not have had reviewed.
            settings: { ...settings, autoMergePaths: [] },
            context,
          },
        ),
    )
    const round = reviewed.history.rounds.at(-1)
    const verdict = round?.verdict ?? 'approved'
    if (flag(args, 'json')) {
      const { commit, base, into } = change
      const by = reviewed.reviewedBy
      console.log(JSON.stringify({ branch, commit, base, into, verdict, by, feedback: round?.feedback ?? '' }, null, 2))
    } else {
      if (round?.feedback) console.log(escapeLines(round.feedback).join('\n'))
      say(`${branch} ${verdictWords(verdict, reviewed.reviewedBy, reviewed.skipped)}.`)
    }
    return verdict === 'approved' ? STATUS.done : verdict === 'rejected' ? STATUS.refused : STATUS.failed
  },
}

function verdictWords(verdict: string, by: readonly string[], skipped: string | undefined): string {
  if (skipped) return `needs no review: ${skipped}`
  if (verdict === 'approved') return `is approved${by.length ? ` by ${by.join(', ')}` : ''}`
  return verdict === 'rejected' ? 'is not approved' : 'could not be judged'
}

function reviewersOf(hooks: Standalone['hooks'], settings: Standalone['settings']): readonly ReviewHook[] {
  if (hooks.review.length > 0) return hooks.review
  const configured = reviewersFromSettings(settings)
  if (configured) return [configured]
  throw new OompaError({
    code: 'no-reviewer',
    message: 'This repository has no reviewer: neither hooks/review nor one in oompa.json.',
    mend: 'oompa add review, or name one with --agent',
    status: STATUS.usage,
  })
}

/** What a branch changes over the branch that it is to land on. */
async function changeOf(root: string, branch: string, given: string | undefined): Promise<Change> {
  const commit = (await resolveCommit(root, `refs/heads/${branch}`)) ?? (await resolveCommit(root, branch))
  if (!commit) {
    throw usageError(`There is no branch or commit called \`${escapeText(branch)}\`.`, 'git branch --list', 'no-branch')
  }
  const into = given ?? (await targetFor(root, branch))
  if (!(await resolveCommit(root, into))) throw usageError(`There is no branch \`${escapeText(into)}\` to land on.`)
  const facts = await describeCommit(root, commit, into, await workerBase(root, into, branch, commit))
  return {
    swarm: '',
    worker: 'w0',
    number: 1,
    attempt: 1,
    worktree: { name: branch, path: root, branch, base: facts.base },
    branch,
    commit,
    base: facts.base,
    into,
    files: facts.files,
  }
}

/** The branch that is checked out; for that branch itself, the one that it came from. */
async function targetFor(root: string, branch: string): Promise<string> {
  if ((await currentBranch(root)) !== branch) return resolveTarget(root)
  for (const name of ['main', 'master']) {
    if (name !== branch && (await resolveCommit(root, `refs/heads/${name}`))) return name
  }
  throw usageError(`${escapeText(branch)} is checked out: over which branch is it to be read?`, 'Add --into BRANCH')
}
