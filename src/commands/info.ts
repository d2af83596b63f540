// `oompa info`: everything that is known of the last run, or of one, iteration by iteration.

import { type Command, flag } from '../cli/contract.js'
import { STATUS } from '../errors.js'
import { fold } from '../events/fold.js'
import { logFile } from '../events/log.js'
import { findRun, type Run } from '../events/runs.js'
import { scanForState } from '../events/scan-log.js'
import type { EndedIteration, SwarmState, WorkerState } from '../events/state.js'
import { findRepository } from '../git/repository.js'
import { escapeText } from '../views/escape.js'
import { between, costOf, count, dateAndTime, short, span, tally } from '../views/format.js'

export const command: Command = {
  summary: 'Everything that is known of the last run, or of one, iteration by iteration.',
  positionals: [
    {
      name: 'id',
      describe: 'The swarm, or the beginning of its id; else the running or the latest one',
      names: 'swarm',
    },
  ],
  options: { json: { type: 'boolean', describe: 'Print JSON' } },
  examples: [
    ['oompa info', 'the last run'],
    ['oompa info 3f2a --json', 'for programs'],
  ],
  async run(args) {
    const { root } = await findRepository()
    const run = findRun(root, args.positionals[0])
    const state = fold(scanForState(root, run.swarm), run.swarm)
    const log = logFile(root, run.swarm)
    if (flag(args, 'json')) console.log(JSON.stringify(infoFacts(run, state, log), null, 2))
    else for (const line of infoLines(run, state, log)) console.log(line)
    return STATUS.done
  },
}

/** The same as the lines, as plain data. */
function infoFacts(run: Run, state: SwarmState, log: string): Record<string, unknown> {
  return {
    ...run,
    level: state.level,
    into: state.into,
    version: state.version,
    resumed: state.resumed,
    stopped: state.stopped,
    costUsd: state.costUsd,
    estimated: state.estimated,
    counts: state.counts,
    workers: [...state.workers.values()].map((worker) => ({ ...worker, denials: [...worker.denials] })),
    landed: state.landed,
    kept: state.kept,
    warnings: state.warnings,
    log,
  }
}

/** Every fact on a line of its own, escaped. Pure. */
export function infoLines(run: Run, state: SwarmState, log: string, now: number = Date.now()): string[] {
  const end = run.state === 'running' ? now : (run.stoppedAt ?? state.lastAt)
  const facts: [string, string | undefined][] = [
    ['Swarm', run.swarm],
    ['State', stateWords(run, state)],
    ['Started', run.startedAt && `${dateAndTime(run.startedAt)} (${span(between(run.startedAt, end))})`],
    ['Process', run.owner && `${run.owner.pid} on ${run.owner.host || 'this machine'}`],
    ['Level', state.level === undefined ? undefined : String(state.level)],
    ['Lands on', state.into],
    ['Cost', state.costUsd === undefined ? undefined : costOf(state)],
    ['Version', state.version],
    ['Log', log],
    ['Total', tally(state.counts)],
  ]
  return [
    ...facts.flatMap(([name, value]) => (value ? [`${`${name}:`.padEnd(10)}${escapeText(value)}`] : [])),
    ...[...state.workers.values()].flatMap((worker) => ['', ...workerLines(worker)]),
    ...(state.kept.length > 0
      ? ['', 'Kept work:', ...state.kept.map((one) => `  ${escapeText(`${one.ref}: ${one.reason}`)}`)]
      : []),
    ...(state.warnings.length > 0
      ? ['', 'Worth knowing:', ...state.warnings.map((one) => `  ${escapeText(one)}`)]
      : []),
  ]
}

function stateWords(run: Run, state: SwarmState): string {
  if (run.state === 'running') return 'running'
  if (run.state === 'crashed') return 'crashed: its process is gone and wrote no end'
  return `stopped${state.stopped?.reason ? `: ${state.stopped.reason}` : ''}`
}

function workerLines(worker: WorkerState): string[] {
  const facts = [
    worker.agent,
    `${worker.ended.length} of ${count(worker.iterations, 'iteration')}`,
    ...(worker.costUsd === undefined ? [] : [costOf(worker)]),
    ...(worker.phase === 'ended' ? [] : [`${worker.phase}${worker.doing ? `: ${worker.doing}` : ''}`]),
  ]
  return [
    escapeText(`${worker.worker}  ${facts.join('  ')}`),
    ...worker.ended.map((one) => `  ${escapeText(iterationLine(one))}`),
  ]
}

function iterationLine(one: EndedIteration): string {
  const facts = [
    `${one.iteration}. ${one.outcome}`,
    ...(one.task ? [one.task] : []),
    ...(one.commits ? [count(one.commits, 'commit')] : []),
    ...(one.landed
      ? [`landed as ${short(one.landed)}`]
      : one.kept
        ? [`kept at ${one.kept}`]
        : one.branch && one.commits
          ? [`on ${one.branch}`]
          : []),
    ...(one.startedAt ? [span(between(one.startedAt, one.endedAt))] : []),
    ...(one.costUsd === undefined ? [] : [costOf(one)]),
    ...(one.reason ? [one.reason] : []),
  ]
  return facts.join('  ')
}
