// Where a swarm that starts, or goes on, lands, and whether it is the same swarm still: decided before its log says it.

import { readFileSync } from 'node:fs'
import type { Settings } from '../config/contract.js'
import { OompaError, STATUS } from '../errors.js'
import { sharedObjects } from '../git/objects.js'
import type { FoundHooks } from '../hooks/find.js'
import { mergeDefaults } from '../merge/defaults.js'
import { existingTarget } from '../merge/target.js'
import type { ResumePoint } from './resume-point.js'

/**
 * The branch that a swarm lands on, decided once, before its log says it: a swarm that goes on keeps its own, wherever
 * the checkout is by now. One that `hooks/merge` names is the swarm's, unless the flags or `oompa.json` name another.
 * @throws OompaError `no-target` (status 2)
 */
export async function targetOf(
  root: string,
  settings: Settings,
  found: FoundHooks,
  resumed: ResumePoint | undefined,
): Promise<string> {
  const kept = resumed?.started.into
  if (kept !== undefined) {
    if (await sharedObjects(root).info(`refs/heads/${kept}^{commit}`)) return kept
    throw new OompaError({
      code: 'no-target',
      message: `Swarm ${resumed?.swarm} lands on \`${kept}\`, and there is no such branch in ${root} any more.`,
      mend: `git branch ${kept} <commit>, or start anew: oompa run`,
      status: STATUS.usage,
    })
  }
  // A hook is loaded once more for it only where it may name one.
  const mayName = found.files.some((one) => one.hook === 'merge' && one.kind === 'module' && speaksOf(one.path, 'into'))
  const named = settings.merge.into ?? (mayName ? (await mergeDefaults(root)).into : undefined)
  return existingTarget(root, named)
}

function speaksOf(file: string, word: string): boolean {
  return readFileSync(file, 'utf8').includes(word)
}

/**
 * Hooks and settings are those of the checkout: on another branch it may lack what the swarm was started with.
 * @throws OompaError `other-level` (status 2)
 */
export function mustBeOfLevel({ swarm, started }: ResumePoint, level: number, root: string): void {
  if (started.level === undefined || started.level === level) return
  const back = started.into === undefined ? 'Put hooks/ back as it was' : `git checkout ${started.into}`
  throw new OompaError({
    code: 'other-level',
    message: `Swarm ${swarm} was started at level ${started.level}, and with the hooks/ and oompa.json that ${root} has now it would go on at level ${level}.`,
    mend: `${back}, then oompa resume ${swarm}; or start anew: oompa run`,
    status: STATUS.usage,
  })
}
