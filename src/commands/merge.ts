// `oompa merge`: lands one branch, tested on the merged tree, in no checkout; changes nothing if it cannot.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { type Args, type Command, flag, NO_ARGS, number, text } from '../cli/contract.js'
import { peekSettings } from '../config/peek.js'
import { STATUS, type Status, usageError } from '../errors.js'
import type { NewEvent } from '../events/contract.js'
import { plainRepository } from '../git/folders.js'
import { runGitHooks } from '../git/run-git.js'
import { landBranch } from '../merge/branch.js'
import type { MergeOptions, Strategy } from '../merge/contract.js'
import { mergeDefaults } from '../merge/defaults.js'
import { isRefusal, type Landing, type Refusal } from '../words.js'

export const command: Command = {
  summary: 'Land one branch on the target, tested on the merged tree. The target moves only if the test passes.',
  positionals: [{ name: 'branch', describe: 'The branch (or commit) to land', required: true, names: 'branch' }],
  options: {
    into: {
      type: 'string',
      describe: 'The target; the branch that the main checkout is on unless given',
      names: 'branch',
    },
    on: {
      type: 'string',
      describe: 'The branch that counts as checked out, for a loop that keeps its own',
      hidden: true,
    },
    task: { type: 'string', describe: 'Id of the task that it completes, for the commit’s trailer', names: 'task' },
    test: { type: 'string', describe: 'A shell line that must pass on the merged tree; `--test ""` for none' },
    strategy: { type: 'string', choices: ['merge', 'rebase', 'squash'], describe: 'How it lands; merge unless given' },
    push: { type: 'boolean', describe: 'Fetch before, push after' },
    remote: { type: 'string', describe: 'The remote for --push; that of the target’s upstream unless given' },
    wait: { type: 'number', optional: true, describe: 'Wait (so many seconds) while your own edits are in the way' },
    worker: { type: 'string', describe: 'Who made it, for the commit’s trailer', hidden: true },
    json: { type: 'boolean', describe: 'Print the facts as JSON' },
  },
  examples: [
    ['oompa merge oompa/w1-i1 --test "npm test"', 'merge, test the merged tree, land; 4 and nothing changed if not'],
    ['oompa merge feature --into main --strategy squash', 'land as one commit on main'],
    ['oompa merge feature --wait 60', 'wait up to a minute for uncommitted edits that are in the way'],
  ],
  run,
}

const ENDING_MS = 5000

async function run(args: Args): Promise<Status> {
  const { root } = plainRepository(process.cwd()) ?? (await askGit())
  runGitHooks(peekSettings(root).gitHooks === true)
  const branch = (args.positionals[0] ?? '').replace(/^refs\/heads\//, '')
  const defaults = await mergeDefaults(root)
  const into = defaults.into ?? text(args, 'on')
  const own = { ...defaults, ...(into === undefined ? {} : { into }), ...given(args) }
  const options = await withRemoteLimit(root, own)
  const interrupted = new AbortController()
  let since = Number.POSITIVE_INFINITY
  const interrupt = () => {
    // What we have started is being ended, which takes 2 s at most: a second Ctrl-C must not leave it behind.
    if (performance.now() - since > ENDING_MS) process.exit(STATUS.interrupted)
    since = Math.min(since, performance.now())
    interrupted.abort(new Error('interrupted'))
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  const remarks: string[] = []
  let refused = false
  let held: Awaited<ReturnType<typeof statusOf>>
  try {
    const worker = text(args, 'worker') ?? process.env.OOMPA_WORKER
    const id = text(args, 'task')
    held = id ? await statusOf(root, id, worker, options.into) : undefined
    const answer = await landBranch({
      ...options,
      root,
      branch,
      ...(id ? { task: { id }, status: held?.status } : {}),
      prepare: async (gate) => (await import('./standalone.js')).setUpGate(root, gate),
      ...(worker ? { worker } : {}),
      run: async (...line) => (await import('../hooks/commandRunner.js')).commandRunner(root)(...line),
      signal: interrupted.signal,
      waitMs: (number(args, 'wait') ?? 0) * 1000,
      emit: (event) => {
        if (event.type === 'landing.unpushed' && event.refused) refused = true
        say(event, remarks)
      },
      onLockWait: (holder) => {
        if (holder) console.error(`oompa: waiting for process ${holder.pid}, which is landing (${holder.command})`)
      },
    })
    mustHaveTest(answer)
    const status = flag(args, 'json') ? printJson(branch, answer, remarks) : print(branch, answer)
    // It has landed here; what else was asked for has not been done.
    if (isRefusal(answer)) return status
    return interrupted.signal.aborted ? STATUS.interrupted : refused ? STATUS.failed : status
  } catch (error) {
    if (!interrupted.signal.aborted) throw error
    console.error('oompa: interrupted; nothing has changed')
    return STATUS.interrupted
  } finally {
    await held?.store.close?.()
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}

/**
 * A test that no shell finds, with the change or without it, has judged nothing.
 * @throws OompaError with status 2
 */
function mustHaveTest(answer: Landing | Refusal): void {
  if (!isRefusal(answer) || answer.refused !== 'test') return
  const { command, status, failsOnTarget, output } = answer.details ?? {}
  if (status !== 127 || failsOnTarget !== true) return
  const last = String(output).trim().split('\n').at(-1)
  throw usageError(
    `The test \`${command}\` cannot be run: ${last}`,
    'Name one that is there: --test, merge.test in oompa.json or hooks/merge.',
    'no-test',
  )
}

/** With `--task` the task is completed by the landing, if this worker (or whoever asks, outside a swarm) holds it. */
async function statusOf(root: string, id: string, worker: string | undefined, into: string | undefined) {
  const [{ storeOf }, { landingStatus }, { resolveTarget }] = await Promise.all([
    import('./tasks/open-store.js'),
    import('../tasks/landingStatus.js'),
    import('../merge/target.js'),
  ])
  const target = await resolveTarget(root, into)
  const store = await storeOf(root, { into: target })
  // Whoever landed it before, and died, has left the claim: what the target has complete is complete.
  await store.tracked?.recover(target)
  const claim = (await store.list()).current.find((task) => task.id === id)?.claim
  if (!claim || (worker !== undefined && claim.holder.worker !== worker)) {
    await store.close?.()
    return undefined
  }
  const completion = { by: worker ?? claim.holder.worker, at: new Date().toISOString() }
  const status = landingStatus(store, { into: target, claims: [claim], completion })
  return { store, status }
}

/** Not loaded where the repository is plain to see: each millisecond is one of a shell loop's. */
const askGit = async () => (await import('../git/repository.js')).findRepository()

/** `limits.remote` of `oompa.json`, read only where it matters. */
async function withRemoteLimit(root: string, options: MergeOptions): Promise<MergeOptions> {
  if (!options.push || options.remoteTimeoutMs !== undefined) return options
  if (!['oompa.json', 'oompa/oompa.json'].some((file) => existsSync(path.join(root, file)))) return options
  const { settingsOf } = await import('../config/load.js')
  const { limits } = await settingsOf(root, NO_ARGS, { env: process.env })
  return { ...options, remoteTimeoutMs: limits.remoteMs }
}

/** What the command line says, without what it leaves open. */
function given(args: Args): MergeOptions {
  const into = text(args, 'into')
  const test = text(args, 'test')
  const strategy = text(args, 'strategy')
  const remote = text(args, 'remote')
  return {
    ...(into === undefined ? {} : { into }),
    ...(test === undefined ? {} : { test: test.trim() || undefined }),
    ...(strategy === undefined ? {} : { strategy: strategy as Strategy }),
    ...(remote === undefined ? {} : { remote }),
    ...(flag(args, 'push') ? { push: true } : {}),
  }
}

/** Facts on the way, for people: on standard error, so that standard output is the commit alone. */
function say(event: NewEvent, remarks: string[]): void {
  const line =
    event.type === 'note'
      ? event.text
      : event.type === 'landing.testing'
        ? `testing ${event.branch}: ${event.command}`
        : event.type === 'landing.waiting'
          ? `waiting to land ${event.branch}: ${event.reason}`
          : event.type === 'landing.unpushed'
            ? `${event.into} is not pushed to ${event.remote}: ${event.reason}`
            : undefined
  if (line === undefined) return
  if (event.type !== 'landing.testing') remarks.push(line)
  console.error(`oompa: ${line}`)
}

function print(branch: string, answer: Landing | Refusal): Status {
  if (isRefusal(answer)) {
    console.error(`oompa: ${branch} did not land, and nothing has changed.\n\n${answer.feedback}`)
    return STATUS.refused
  }
  if (answer.nothing) {
    console.error(`oompa: there is nothing of ${branch} to land: ${answer.into} has it already.`)
    return STATUS.nothing
  }
  console.log(answer.commit)
  return STATUS.done
}

function printJson(branch: string, answer: Landing | Refusal, remarks: readonly string[]): Status {
  const outcome = isRefusal(answer) ? 'refused' : answer.nothing ? 'nothing' : 'landed'
  console.log(JSON.stringify({ branch, outcome, ...answer, remarks }, null, 2))
  return { refused: STATUS.refused, nothing: STATUS.nothing, landed: STATUS.done }[outcome]
}
