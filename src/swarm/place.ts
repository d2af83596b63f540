// Where a loop that was started in a linked worktree works: there, if that is a named one; else in the main checkout,
// which is said, so that nobody writes to main by surprise.

import type { Settings } from '../config/contract.js'
import { OompaError, STATUS } from '../errors.js'
import type { Repository } from '../git/folders.js'
import { mustBeOnBranch, type NamedLoop, namedLoop, namedPath } from '../worktrees/named.js'

/**
 * @param resumed the named worktree that a resumed swarm is a loop in, wherever it is called
 * @returns undefined for the main checkout
 * @throws OompaError `not-here`, `other-branch` (status 2)
 */
export async function loopPlace(
  { root, here }: Repository,
  settings: Settings,
  resumed: string | undefined,
): Promise<NamedLoop | undefined> {
  const named = await namedLoop(root, resumed === undefined ? here : namedPath(root, resumed))
  if (named) {
    mustBeOnBranch(named)
    return named
  }
  if (settings.here) {
    throw new OompaError({
      code: 'not-here',
      message: `--here means the main checkout, ${root}, and this is ${here}, which no \`oompa worktree new\` has made.`,
      mend: `cd '${root}' && oompa run --here, or: oompa worktree new NAME`,
      status: STATUS.usage,
    })
  }
  console.error(`In ${here}: the loop runs in the main checkout, ${root}.`)
  return undefined
}

/** One worker, which takes the tasks of its worktree; a story and stores that are given with the call count for more. */
export function settingsIn(
  { story, priority, stores }: NamedLoop,
  settings: Settings,
  argv: readonly string[],
): Settings {
  const [first] = settings.workers
  const isGiven = (flag: string) => argv.some((word) => word === flag || word.startsWith(`${flag}=`))
  const lane = {
    ...first!,
    ...(story === undefined || isGiven('--story') ? {} : { story }),
    ...(stores === undefined || isGiven('--stores') ? {} : { stores }),
    ...(priority === undefined ? {} : { priority }),
  }
  return { ...settings, workers: [lane], scale: undefined, here: false, continue: false }
}
