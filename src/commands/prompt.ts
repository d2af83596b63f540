// `oompa prompt`: prints, to the byte, what a worker would get now. With a text it is the earlier system's command:
// one agent, once, in the main checkout.

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { formatAgentSpec } from '../agents/spec.js'
import { type Args, type Command, flag, text } from '../cli/contract.js'
import type { Settings } from '../config/contract.js'
import { type Level, levelOf } from '../config/level.js'
import { settingsOf } from '../config/load.js'
import { STATUS, type Status, usageError } from '../errors.js'
import { stateFolder } from '../files/paths.js'
import { excludeOurs } from '../git/exclude.js'
import { removeOurs } from '../git/remove.js'
import { findRepository } from '../git/repository.js'
import { findHooks, hasHook } from '../hooks/find.js'
import { resolveTarget } from '../merge/target.js'
import { composePrompt, contextValues, level1Input, readPrompts, tokensIn } from '../prompts/index.js'
import { openTasks } from '../tasks/existing.js'
import { runLoopFile } from './run.js'

export const command: Command = {
  summary: 'Print the prompt that a worker would get now; with a text, give it to an agent once, in the main checkout.',
  positionals: [{ name: 'text', describe: 'What to tell an agent, once' }],
  options: {
    worker: { type: 'string', describe: 'The worker (w1)', short: 'w', names: 'worker' },
    config: { type: 'string', describe: 'Configuration, in place of oompa.json' },
    agent: { type: 'string', describe: 'The agent that gets the text', short: 'a', names: 'agent' },
    json: { type: 'boolean', describe: 'Print JSON' },
  },
  examples: [
    ['oompa prompt --worker w2', 'what w2 would be told'],
    ['oompa prompt "Mend the build." --agent codex', 'one agent, once'],
  ],
  async run(args) {
    const [words] = args.positionals
    if (words !== undefined) return tellOnce(words, text(args, 'agent'))
    const now = await promptNow(args, text(args, 'worker') ?? 'w1')
    if (flag(args, 'json')) console.log(JSON.stringify({ ...now, prompt: now.prompt.toString('utf8') }, null, 2))
    else process.stdout.write(now.prompt)
    return STATUS.done
  },
}

/** The words go through a file: what an agent is told stands in nobody's list of processes. */
async function tellOnce(words: string, agent: string | undefined): Promise<Status> {
  if (words.trim() === '') throw usageError('oompa prompt: the text is empty.', 'oompa prompt "Mend the build."')
  const { root, gitDir } = await findRepository()
  excludeOurs(gitDir)
  mkdirSync(stateFolder(root), { recursive: true })
  const folder = mkdtempSync(path.join(stateFolder(root), 'prompt-'))
  const file = path.join(folder, 'prompt.md')
  writeFileSync(file, `${words}\n`)
  // Ours may be ended in the middle; a prompt that stays would be no harm, but nobody would know what it is.
  process.on('exit', () => removeOurs(folder))
  // The loop file reads the command line itself.
  process.argv.splice(2, Number.POSITIVE_INFINITY, 'run', '--here', '--workers=1', '--iterations=1', `--prompt=${file}`)
  if (agent !== undefined) process.argv.push(`--agent=${agent}`)
  return runLoopFile()
}

interface PromptNow {
  readonly worker: string
  readonly agent: string
  readonly level: Level
  readonly prompt: Buffer
}

/**
 * What a worker would be told if it started now, put together from the same parts as the loop does.
 * @param worker `w1`, `w2`, …
 * @throws OompaError with status 2 if there is no such worker, or a prompt cannot be used
 */
async function promptNow(args: Args, worker: string): Promise<PromptNow> {
  const { root } = await findRepository()
  const { worker: _worker, agent: _agent, json: _json, ...options } = args.options
  const settings = await settingsOf(root, { ...args, options }, { env: process.env })
  const found = findHooks(root)
  const level = levelOf({ hooks: found.files.map((file) => file.hook), settings })
  const lane = laneOf(settings, worker)
  const read = readPrompts(root, lane.prompts, { expand: level > 1 })
  const facts = { worker, agent: formatAgentSpec(lane.agent), level }
  if (level === 1) {
    return { ...facts, prompt: settings.here ? read.bytes : level1Input(`.${worker}-i1`, read.bytes) }
  }
  const prompts = read.text ?? ''
  const tasks = await tasksNow(root, settings)
  const queue = tasks?.queue
  const claims = hasHook(found, 'tasks')
  const lands = settings.merge.enabled || hasHook(found, 'merge')
  const prompt = composePrompt({
    swarm: '<swarm>',
    worker,
    iteration: 1,
    ...(settings.here ? { here: true } : { branch: `oompa/${worker}-i1` }),
    into: lands ? await resolveTarget(root, settings.merge.into) : undefined,
    task: claims ? queue?.pending.find((task) => task.ready) : undefined,
    claiming: claims ? 'loop' : settings.configuredWorkers ? 'signal' : 'agent',
    store: tasks?.store,
    queue,
    canPlan: lane.canPlan,
    planner: lane.planner,
    prompts,
    context: await contextValues(root, root, tokensIn(prompts)),
  })
  return { ...facts, prompt: Buffer.from(prompt) }
}

function laneOf(settings: Settings, worker: string) {
  const lane = /^w[1-9]\d*$/.test(worker) ? settings.workers[Number(worker.slice(1)) - 1] : undefined
  if (lane) return lane
  const names = settings.workers.map((_, index) => `w${index + 1}`)
  throw usageError(
    `There is no worker \`${worker}\` (there are ${names.join(', ')}).`,
    `oompa prompt --worker ${names[0]}`,
  )
}

async function tasksNow(root: string, settings: Settings) {
  const found = findHooks(root)
  // Loading a hook runs it: only the one is loaded that says where tasks are.
  const files = found.files.filter((file) => file.hook === 'tasks')
  const hooks =
    files.length > 0
      ? await (await import('../hooks/load-hooks.js')).loadHooks(root, { found: { ...found, files } })
      : {}
  const store = await openTasks(root, settings, hooks)
  if (!store) return undefined
  const { pending, current, complete } = await store.list()
  const counts = { pending: pending.length, current: current.length, complete: complete.length }
  return { store, queue: { counts, pending, current } }
}
