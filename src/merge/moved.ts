// Shows what moved the target beside us: whatever way it was done, nobody lands on top of it without having been told.

import { OompaError } from '../errors.js'
import type { Emit } from '../events/contract.js'
import { isAncestor } from '../git/ancestry.js'
import { gitFolders } from '../git/folders.js'
import { git } from '../git/run-git.js'
import { isLogged } from '../git/shared-state.js'
import { foreignCommits, withdrawnFrom } from './bypass.js'

export interface TargetMove {
  /** Without `refs/heads/`. */
  readonly into: string
  readonly from: string
  readonly to: string
  /** How many commits there are that we did not land, and the newest of them. */
  readonly count: number
  readonly commits: readonly { readonly commit: string; readonly author: string; readonly subject: string }[]
  /** How many commits it had that are not in it any more. */
  readonly gone: number
  /** No log of git's says who did it: the ref was written as a file. */
  readonly pastGit: boolean
}

/** More are counted, and not named. */
const MOST_NAMED = 3

/** How the target came from one value to another without us; undefined if what is new is what we landed. */
export async function foreignMove(
  root: string,
  into: string,
  from: string,
  to: string,
): Promise<TargetMove | undefined> {
  const foreign = await foreignCommits(root, from, to)
  const gone = (await isAncestor(root, from, to)) ? 0 : await goneFrom(root, from, to)
  if (foreign.length === 0 && gone === 0) return undefined
  return {
    into,
    from,
    to,
    count: foreign.length,
    commits: await named(root, foreign.slice(0, MOST_NAMED)),
    gone: gone || 0,
    pastGit: isLogged(gitFolders(root).common, `refs/heads/${into}`, to) === false,
  }
}

/** How many commits a value has that another has not, those that we took out ourselves left aside; NaN if nobody can say. */
async function goneFrom(root: string, from: string, to: string): Promise<number> {
  // One of long ago may have been collected; what stands before the option must be there.
  const withdrawn = withdrawnFrom(root).map((one) => `^${one}`)
  const count = await git(root, ['rev-list', '--count', from, `^${to}`, '--ignore-missing', ...withdrawn])
  return count.status === 0 ? Number(count.stdout.trim()) : Number.NaN
}

async function named(root: string, commits: readonly string[]): Promise<TargetMove['commits']> {
  if (commits.length === 0) return []
  const format = { commit: '%H', author: '%an <%ae>', subject: '%s' }
  const { gitFor } = await import('../git/simple-git.js')
  const { all } = await gitFor(root).log({
    format,
    '--no-walk=unsorted': null,
    ...Object.fromEntries(commits.map((commit) => [commit, null])),
  })
  return all.map(({ commit, author, subject }) => ({ commit, author, subject }))
}

/** Pure. */
export function moveWords(move: TargetMove): string {
  const { into, from, to, commits, count, gone, pastGit } = move
  const list = commits.map(({ commit, author, subject }) => `${commit.slice(0, 8)} "${subject}" by ${author}`)
  const more = count > list.length ? [`${count - list.length} more`] : []
  const facts = [
    ...(count > 0 ? [`${count} commit${count === 1 ? '' : 's'} new (${[...list, ...more].join(', ')})`] : []),
    ...(gone > 0 ? [`${gone} commit${gone === 1 ? '' : 's'} gone`] : []),
  ]
  const how = pastGit ? ', past git: its log does not know of it' : ''
  return `${into} was moved without a landing, from ${from.slice(0, 12)} to ${to.slice(0, 12)}${how}: ${facts.join('; ')}.`
}

const said = new Set<string>()

/** Says it, once for each value, whoever sees it first. */
export function sayMove(root: string, move: TargetMove, emit: Emit): void {
  const key = `${root}\0${move.into}\0${move.from}\0${move.to}`
  if (said.has(key)) return
  said.add(key)
  const level = move.gone > 0 || move.pastGit ? 'warning' : 'info'
  emit({
    type: 'note',
    level,
    text: `${moveWords(move)} To look: git log ${move.from.slice(0, 12)}..${move.to.slice(0, 12)}`,
  })
}

/** The error with which landing stops, where the person wants that. */
export function movedError(move: TargetMove): OompaError {
  return new OompaError({
    code: 'moved',
    message: `${moveWords(move)} Landing has stopped, because \`moved\` is "stop".`,
    mend: `git log --oneline ${move.from.slice(0, 12)}..${move.to.slice(0, 12)}, and start again: it is the new base then.`,
  })
}
