// `oompa plan`: an agent cuts the spec into tasks, a person says yes, and they are written into whatever store there is.

import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { TurnResult } from '../agents/contract.js'
import { formatAgentSpec } from '../agents/spec.js'
import { confirmed } from '../cli/confirm.js'
import { type Args, type Command, flag, text } from '../cli/contract.js'
import { isErrno, messageOf, OompaError, STATUS, type Status, usageError } from '../errors.js'
import type { Emit } from '../events/contract.js'
import { createFile } from '../files/create.js'
import { stateFolder } from '../files/paths.js'
import { findRepository, headCommit } from '../git/repository.js'
import { composePlanPrompt } from '../prompts/planner.js'
import { readPrompts } from '../prompts/read-prompts.js'
import type { TaskListing, TaskStore } from '../tasks/contract.js'
import { encodeTask } from '../tasks/encode.js'
import { ranked } from '../tasks/import/rank.js'
import { readProposal } from '../tasks/proposal.js'
import { escapeText } from '../views/escape.js'
import { count, money, span } from '../views/format.js'
import { planLines } from '../views/planned-tasks.js'
import { cut } from '../views/width.js'
import type { Task } from '../words.js'
import { openScratch } from '../worktrees/scratch.js'
import { type Standalone, standalone } from './standalone.js'
import { storeOf } from './tasks/open-store.js'

const PROMPT = 'prompts/plan.md'

export const command: Command = {
  summary: 'Make tasks out of spec.md with an agent: one turn, shown to you, and written when you say yes.',
  positionals: [{ name: 'spec', describe: 'The file that says what is to be built (spec.md)' }],
  options: {
    agent: {
      type: 'string',
      short: 'a',
      describe: 'Who plans, as harness:model[:reasoning] (the planner of oompa.json, or the first worker)',
      names: 'agent',
    },
    yes: { type: 'boolean', short: 'y', describe: 'Write the tasks without asking' },
    json: { type: 'boolean', describe: 'Print JSON; asks nobody, and writes with --yes only' },
  },
  examples: [
    ['oompa plan', 'reads spec.md, the code and the tasks that there are'],
    ['oompa plan docs/login.md --agent claude:opus', 'another spec, by an agent of your choice'],
  ],
  epilogue: 'Status 1: nothing usable was answered. 3: nothing is missing. 4: you said no.',
  async run(args) {
    refuseExecutors()
    const { root } = await findRepository()
    const head = await headCommit(root)
    if (!head) throw noCommit(root)
    const spec = readSpec(root, args.positionals[0])
    const prompt = readPrompts(root, [PROMPT], { expand: true }).text ?? ''
    const store = await storeOf(root)
    try {
      const before = await store.list()
      const planned = await askPlanner(root, head, text(args, 'agent'), (facts) =>
        composePlanPrompt({ ...facts, prompt, spec, tasks: withStates(before) }),
      )
      // The store may have changed while the agent thought.
      return await decide({ root, args, store, planned })
    } finally {
      await store.close?.()
    }
  },
}

/** What the turn of the planner gave. */
interface Planned extends Pick<TurnResult, 'text' | 'costUsd' | 'failure'> {
  readonly agent: string
  readonly durationMs: number
}

/** One turn in a checkout that is thrown away; whatever it does there is nobody's. */
async function askPlanner(
  root: string,
  head: string,
  wanted: string | undefined,
  compose: (facts: { swarm: string; worker: string }) => string,
): Promise<Planned> {
  const began = Date.now()
  const progress = progressLine()
  return standalone(root, { emit: progress.emit }, async ({ settings, context }: Standalone) => {
    const agent = wanted ?? formatAgentSpec(settings.planner?.agent ?? settings.workers[0]!.agent)
    const scratch = await openScratch(root, head, 'plan')
    try {
      const result = await context.ask(agent, compose(context), {
        cwd: scratch.path,
        role: 'planner',
        // What it adds by itself nobody has said yes to.
        env: { OOMPA_WORKTREE: scratch.path, OOMPA_CAN_PLAN: '0' },
        signal: context.signal,
      })
      return { ...result, agent, durationMs: Date.now() - began }
    } finally {
      progress.end()
      await scratch.remove()
    }
  })
}

interface Decision {
  readonly root: string
  readonly args: Args
  readonly store: TaskStore
  readonly planned: Planned
}

/** Reads the answer, asks the person, writes. */
async function decide({ root, args, store, planned }: Decision): Promise<Status> {
  const json = flag(args, 'json')
  const facts = { agent: planned.agent, costUsd: planned.costUsd ?? null }
  const agent = escapeText(planned.agent)
  const cost = `${span(planned.durationMs)}, ${costWords(planned.costUsd)}`
  const listing = await store.list()
  const there = withStates(listing).map(({ task }) => task)
  const read = planned.failure ? { problems: [planned.failure.message] } : readProposal(planned.text, there)
  if ('problems' in read) {
    const file = planned.text.trim() === '' ? undefined : keep(root, 'md', planned.text)
    if (json) print({ ...facts, tasks: [], added: [], problems: read.problems, answer: file ?? null })
    const shown = read.problems.slice(0, 10).map((one) => `  ${escapeText(one)}`)
    if (read.problems.length > 10) shown.push(`  … and ${read.problems.length - 10} more`)
    const kept = file ? `\n  Its answer is kept: ${file}` : ''
    throw new OompaError({
      code: 'no-plan',
      message: `${planned.failure ? `${agent} did not plan` : `The answer of ${agent} is no plan`} (${cost}); nothing was written:\n${shown.join('\n')}${kept}`,
      ...(planned.failure?.kind === 'missing'
        ? { mend: 'oompa check', status: STATUS.usage }
        : { mend: 'oompa plan asks again; --agent asks another one.' }),
    })
  }
  const { tasks } = read
  if (tasks.length === 0) {
    if (json) print({ ...facts, tasks, added: [] })
    console.error(`oompa: ${agent} found nothing that is missing (${cost}).`)
    return STATUS.nothing
  }
  const file = keep(root, 'json', `[\n${tasks.map((task) => encodeTask(task, 'json').trimEnd()).join(',\n')}\n]\n`)
  if (!json) console.log(planLines(tasks, process.stdout.isTTY ? process.stdout.columns || 80 : undefined).join('\n'))
  console.error(`${json ? 'oompa: ' : '\n'}${count(tasks.length, 'task')} by ${agent} (${cost}).`)
  const yes = flag(args, 'yes') || (!json && (await confirmed(`Write ${tasks.length === 1 ? 'it' : 'them'}? [y/N] `)))
  if (!yes) {
    if (json) print({ ...facts, tasks, added: [], file })
    console.error(
      `oompa: nothing was written. The plan is kept, to be changed or taken:\n  → oompa tasks import ${file}`,
    )
    return STATUS.refused
  }
  const added = await write(store, tasks, listing, file)
  rmSync(path.join(root, file), { force: true })
  if (json) print({ ...facts, tasks, added })
  else console.log(`wrote ${count(added.length, 'task')} (oompa tasks)`)
  return STATUS.done
}

/**
 * Adds the tasks, those first that others wait for.
 * @throws OompaError `plan-cut-short`, naming what was written and where the plan is
 */
async function write(
  store: TaskStore,
  tasks: readonly Task[],
  { pending }: TaskListing,
  file: string,
): Promise<string[]> {
  const priorities = pending.flatMap((task) => task.priority ?? [])
  // Files come in the order of their names.
  const wanted = store.name === 'folder' ? ranked(tasks, priorities) : tasks
  const added: string[] = []
  for (const task of wanted) {
    try {
      added.push((await store.add(task)).id)
    } catch (cause) {
      const so =
        added.length > 0
          ? `${added.join(', ')} ${added.length === 1 ? 'is' : 'are'} written, and then`
          : 'Nothing is written:'
      throw new OompaError({
        code: 'plan-cut-short',
        message: `${so} \`${task.id}\` could not be: ${messageOf(cause)}`,
        mend: `The rest: oompa tasks import ${file}`,
        status: cause instanceof OompaError ? cause.status : STATUS.failed,
        cause,
      })
    }
  }
  return added
}

function withStates({ pending, current, complete }: TaskListing): { state: string; task: Task }[] {
  const as = (state: string) => (task: Task) => ({ state, task })
  return [...pending.map(as('pending')), ...current.map(as('being done')), ...complete.map(as('done'))]
}

/** Writes what was paid for into a file of ours; gives its path below the root. */
function keep(root: string, ending: string, content: string): string {
  const folder = path.join(stateFolder(root), 'plans')
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, `${randomBytes(4).toString('hex')}.${ending}`)
  createFile(file, content)
  return path.relative(root, file)
}

function readSpec(root: string, given: string | undefined): { name: string; text: string } {
  const name = given ?? 'spec.md'
  const file = given === undefined ? path.join(root, name) : path.resolve(given)
  let words: string
  try {
    words = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (error) {
    const why = isErrno(error, 'ENOENT') ? 'there is no such file' : messageOf(error)
    throw usageError(`Cannot plan from ${escapeText(name)}: ${why}.`, given ? undefined : 'oompa init', 'no-spec')
  }
  if (words.trim() === '')
    throw usageError(`${escapeText(name)} is empty.`, `Say in it what is to be built.`, 'no-spec')
  return { name, text: words }
}

/** An agent that may not add tasks may not have them planned, either. */
function refuseExecutors(): void {
  if (process.env.OOMPA_CAN_PLAN !== '0') return
  throw new OompaError({
    code: 'may-not-plan',
    message: 'This worker may not add tasks.',
    mend: 'Put what you found into your final message.',
    status: STATUS.refused,
  })
}

function noCommit(root: string): OompaError {
  return new OompaError({
    code: 'no-commit',
    message: `${root} has no commit yet: the planner reads what is committed.`,
    mend: 'git add -A && git commit -m "Start"',
    status: STATUS.usage,
  })
}

function costWords(costUsd: number | undefined): string {
  return costUsd === undefined ? 'cost unknown' : money(costUsd)
}

function print(value: unknown): void {
  console.log(JSON.stringify(value, null, 2))
}

/** What the agent is doing, on one line of a terminal; elsewhere that it began. */
function progressLine(): { emit: Emit; end(): void } {
  const { stderr } = process
  const draw = (words: string) => {
    if (stderr.isTTY) stderr.write(`\r${cut(escapeText(words), (stderr.columns || 80) - 1)}\x1b[K`)
  }
  return {
    emit(event) {
      if (event.type === 'agent.started') {
        const begun = `${event.agent} plans …`
        if (stderr.isTTY) draw(begun)
        else console.error(`oompa: ${escapeText(begun)}`)
      } else if (event.type === 'agent.activity') draw(String(event.text).replace(/^planner: /, 'plans: '))
      else if (event.type === 'note') {
        draw('')
        console.error(`oompa: ${escapeText(String(event.text))}`)
      }
    },
    end: () => draw(''),
  }
}
