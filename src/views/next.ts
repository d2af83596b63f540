// The commands that a person will want next, from what a swarm left.

import { STATUS } from '../errors.js'
import type { RunState } from '../events/runs.js'
import type { SwarmState } from '../events/state.js'
import { escapeText } from './escape.js'

const MOST = 3

/** At most three commands, the most urgent first, each with its reason. Pure. */
export function nextCommands(state: SwarmState, run: RunState): [command: string, why: string][] {
  const { swarm } = state
  const ended = [...state.workers.values()].flatMap((worker) => worker.ended.map((one) => ({ worker, one })))
  const left = ended.filter(({ one }) => one.branch && one.commits && one.outcome !== 'landed' && !one.kept)
  const untold = state.level === 1 && ended.some(({ one }) => one.branch && one.commits === undefined)
  const failed = ended.find(({ one }) => one.outcome === 'failed')
  const commands: [string, string][] = []
  if (run === 'running') {
    commands.push(
      [`oompa view ${swarm} --watch`, 'watch it'],
      [`oompa stop ${swarm}`, 'let it end after this iteration'],
    )
    return commands
  }
  const unfinished = state.stopped?.status === STATUS.interrupted || state.stopped?.status === STATUS.limit
  if (run === 'crashed') commands.push([`oompa resume ${swarm}`, 'go on where it crashed'])
  if (state.approvals.length) commands.push(['oompa approvals', 'see what waits for you'])
  if (run !== 'crashed' && unfinished) commands.push([`oompa resume ${swarm}`, 'go on with what was left'])
  if (state.kept.length || ended.some(({ one }) => one.kept)) {
    commands.push([`oompa salvage ${swarm}`, 'see and land the work that did not land'])
  }
  const branch = left[0]?.one.branch
  if (branch) {
    const into = state.into ?? 'HEAD'
    commands.push([`git log --oneline ${escapeText(into)}..${escapeText(branch)}`, 'see the work of one iteration'])
    commands.push([`oompa merge ${escapeText(branch)}`, 'land it'])
  }
  if (untold) commands.push(['oompa worktrees', 'see which worktrees hold work that has not landed'])
  if (failed) {
    commands.push([
      `oompa logs ${escapeText(failed.worker.worker)} --iteration ${failed.one.iteration} --swarm ${swarm}`,
      'see why it failed',
    ])
  }
  const into = state.landed[0]?.into
  if (into)
    commands.push([`git log --oneline --first-parent -${state.landed.length} ${escapeText(into)}`, 'see what landed'])
  if (!commands.length && ended.some(({ one }) => one.worktree)) {
    commands.push(['oompa cleanup --dry-run', 'see which worktrees can go'])
  }
  return commands.slice(0, MOST)
}
