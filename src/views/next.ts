// The commands that a person will want next, from what a swarm left. Each does what is said of it, or it is not said.

import { STATUS } from '../errors.js'
import { nextIterations } from '../events/left.js'
import type { RunState } from '../events/runs.js'
import type { EndedIteration, SwarmState } from '../events/state.js'
import { escapeText } from './escape.js'

/** A command, not escaped for a shell but for the terminal, and what it is good for. */
export interface Next {
  readonly command: string
  readonly why: string
}

interface Ended {
  readonly worker: string
  readonly one: EndedIteration
}

const MOST = 3
/** Of paths that stand twice in a command of 80 columns. */
const MOST_LETTERS = 18
/** A resume has spent as much as its swarm: under the same cap it would end at once. */
const SPENT: ReadonlySet<string> = new Set(['budget', 'tokens', 'day', 'unpriced'])

/** At most three commands, the most urgent first; none where there is nothing to do. Pure. */
export function nextCommands(state: SwarmState, run: RunState): Next[] {
  const { swarm } = state
  if (run === 'running') {
    return [
      { command: `oompa view ${swarm} --watch`, why: 'watch it' },
      { command: `oompa stop ${swarm}`, why: 'let it end after this iteration' },
    ]
  }
  const ended = [...state.workers.values()].flatMap(({ worker, ended }) => ended.map((one) => ({ worker, one })))
  const resume = resumeOf(state, run)
  return [
    ...(state.approvals.length > 0 ? [{ command: 'oompa approvals', why: 'see what waits for you' }] : []),
    ...resume,
    ...salvageOf(state, ended, resume.length > 0),
    ...worktreesOf(state, ended),
    ...logsOf(state, ended),
    ...commitOf(state),
    ...landedOf(state),
    ...tasksOf(state, ended),
  ].slice(0, MOST)
}

/** Where it was ended before its workers had, and one of them has an iteration left. */
function resumeOf(state: SwarmState, run: RunState): Next[] {
  const { swarm, stopped, limit } = state
  const early = stopped?.early ?? (stopped?.status === STATUS.interrupted || stopped?.status === STATUS.limit)
  if (run !== 'crashed' && !early) return []
  if (limit !== undefined && SPENT.has(limit)) return []
  const next = nextIterations(state)
  const isLeft = [...state.workers.values()].some(({ worker, iterations }) => (next.get(worker) ?? 1) <= iterations)
  if (!isLeft) return []
  const why =
    run === 'crashed'
      ? 'go on where it crashed'
      : stopped?.status === STATUS.failed
        ? 'go on, once that is mended'
        : 'go on with what was left'
  return [{ command: `oompa resume ${swarm}`, why }]
}

const KEPT = /^refs\/oompa\/kept\/([0-9a-f]{8})\//

/** Work that is kept, by the swarm that made it: it may be an earlier one, of which this one found it. */
function salvageOf(state: SwarmState, ended: readonly Ended[], isResumed: boolean): Next[] {
  const endOf = (worker?: string, iteration?: number) =>
    ended.findLast((other) => other.worker === worker && other.one.iteration === iteration)?.one.outcome
  const refs = [
    ...state.kept.map(({ ref, worker, iteration }) => ({ ref, worker, iteration })),
    ...ended.flatMap(({ worker, one }) => (one.kept ? [{ ref: one.kept, worker, iteration: one.iteration }] : [])),
  ]
  const owners = refs.flatMap(({ ref, worker, iteration }) => {
    const owner = KEPT.exec(ref)?.[1]
    if (owner !== state.swarm) return owner ?? []
    const outcome = endOf(worker, iteration)
    // It waits for an answer, it is in what landed, or the resume begins with it.
    if (outcome === 'waiting' || outcome === 'landed' || (isResumed && outcome === 'interrupted')) return []
    return owner
  })
  const inTurn = [...new Set(owners)].sort((a, b) => Number(b === state.swarm) - Number(a === state.swarm))
  return inTurn.map((owner) => ({
    command: `oompa salvage ${owner} --dry-run`,
    why: owner === state.swarm ? 'see the work that did not land' : `see the work that swarm ${owner} left`,
  }))
}

/** At level 1 nobody has counted what is in which worktree. */
function worktreesOf(state: SwarmState, ended: readonly Ended[]): Next[] {
  if (state.level !== 1 || !ended.some(({ one }) => one.worktree && one.branch && one.commits === undefined)) return []
  return [{ command: 'oompa worktrees', why: 'see which worktrees hold work that has not landed' }]
}

/** What the agent said whose iteration came to nothing: without an agent there is no such file. */
function logsOf(state: SwarmState, ended: readonly Ended[]): Next[] {
  const failed = ended.find(({ one }) => one.attempts && one.outcome === 'failed')
  const idle = ended.find(({ one }) => one.attempts && one.outcome === 'nothing')
  const found = failed ?? (ended.some(({ one }) => one.outcome === 'landed') ? undefined : idle)
  if (!found) return []
  const command = `oompa logs ${escapeText(found.worker)} --iteration ${found.one.iteration} --swarm ${state.swarm}`
  return [{ command, why: found === failed ? 'see why it failed' : 'see what its agent said' }]
}

function landedOf({ landed }: SwarmState): Next[] {
  const [first] = landed
  if (!first) return []
  const command = `git log --oneline --first-parent -${landed.length} ${escapeText(first.into)}`
  return [{ command, why: 'see what landed' }]
}

/** What landings did not carry of the status of tasks. */
function commitOf({ uncommitted = [] }: SwarmState): Next[] {
  if (uncommitted.length === 0) return []
  const isLong = uncommitted.join(' ').length > MOST_LETTERS
  const tops = isLong ? [...new Set(uncommitted.map((file) => file.split('/')[0] ?? file))] : uncommitted
  const places = tops.map((file) => (/^[\w./-]+$/.test(file) ? file : `'${escapeText(file.replaceAll("'", "'\\''"))}'`))
  // What else the person has staged stays staged.
  const paths = `-- ${places.join(' ')}`
  return [{ command: `git add -A ${paths} && git commit -m Tasks ${paths}`, why: 'commit the status of tasks' }]
}

/** Where the last worker that asked for a task found none. */
function tasksOf(state: SwarmState, ended: readonly Ended[]): Next[] {
  const none = ended.flatMap(({ one }) => one.noTask ?? []).at(-1)
  if (!none) return []
  if (none.problems > 0) return [{ command: 'oompa tasks lint', why: 'see what is wrong with the tasks' }]
  if (none.pending > 0) return [{ command: 'oompa tasks', why: 'see which task waits for what' }]
  if (state.stopped?.status !== STATUS.nothing) return []
  return [{ command: 'oompa tasks add "what is to be done"', why: 'add a task' }]
}
