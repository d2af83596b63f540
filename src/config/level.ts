// Which level a run is (docs/contract.md): decided by what stands in `hooks/` and by `workers` in `oompa.json`.

import type { Settings } from './contract.js'

export type Level = 1 | 2 | 3

export interface LevelFacts {
  /** Names of the hooks that were found. */
  readonly hooks: Iterable<string>
  readonly settings: Pick<Settings, 'configuredWorkers' | 'reviewers' | 'workers' | 'needsReview'>
}

const RAISING: readonly string[] = ['merge', 'review', 'tasks', 'approve', 'worktree']

/** 1: the bash loop to the byte. 2: agents work in their worktrees, and changes land. 3: changes are reviewed first. */
export function levelOf({ hooks, settings }: LevelFacts): Level {
  const found = new Set(hooks)
  if (!settings.configuredWorkers && !RAISING.some((name) => found.has(name))) return 1
  if (found.has('review')) return 3
  const reviewed = settings.workers.some(
    (worker) => worker.needsReview !== false && (settings.reviewers.length > 0 || (worker.reviewers?.length ?? 0) > 0),
  )
  return settings.needsReview && reviewed ? 3 : 2
}

/** Settings that do nothing at this level, one sentence each: nobody should believe that a review took place. */
export function idleSettings(level: Level, settings: Settings): string[] {
  if (level > 1) return []
  const idle: [boolean, string][] = [
    [settings.reviewers.length > 0, 'a reviewer'],
    [settings.planner !== undefined, '`planner`'],
    [settings.merge.test !== undefined, '`merge.test`'],
    [settings.tasksStore !== undefined, '`tasks.store`'],
  ]
  return idle
    .filter(([set]) => set)
    .map(([, what]) => `${what} in oompa.json does nothing at level 1: add \`workers\` there, or a hook (oompa add).`)
}
