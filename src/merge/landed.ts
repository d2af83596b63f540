// Whether a change is in the target already as another commit: a squash and a rebase name in a trailer what they have landed.

import { parseCommit } from '../git/commits.js'
import { git } from '../git/run-git.js'
import { CHANGE_TRAILER } from './message.js'
import { targetCommit } from './target.js'
import type { LandingTools } from './tools.js'

/** How far back in the target a landing is looked for by reading commits; further back, git looks. */
const NEAR = 200

/** The commit of the target by which a squash or a rebase has landed this change already, by its trailer. */
export async function landedBefore(tools: LandingTools, into: string, commit: string): Promise<string | undefined> {
  const trailer = `\n${CHANGE_TRAILER}: ${commit}\n`
  const oldest = committedAt(await tools.objects.contents(commit)) - CLOCK_SLACK_S
  let next: string | undefined = await targetCommit(tools, into)
  // It has landed after it was made: what is older by the committers' clocks need not be looked at.
  for (let count = 0; next && count < NEAR; count++) {
    const bytes = await tools.objects.contents(next)
    if (!bytes || committedAt(bytes) < oldest) return undefined
    const text = bytes.toString('utf8')
    if (text.includes(trailer)) return next
    next = parseCommit(text).parents[0]
  }
  if (!next) return undefined
  const grep = `--grep=^${CHANGE_TRAILER}: ${commit}$`
  const { stdout } = await git(tools.root, ['log', '-1', '--format=%H', grep, next, `^${commit}`])
  return stdout.trim() || undefined
}

const CLOCK_SLACK_S = 86_400

/** Seconds since 1970. */
function committedAt(commit: Buffer | undefined): number {
  return Number(/^committer .*> (\d+) [+-]\d{4}$/m.exec(commit?.toString('utf8') ?? '')?.[1] ?? 0)
}
