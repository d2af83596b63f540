// A text that stands in a commit behind one ref of a remote, changed by a push that says what it expects to be there: of
// two that push at one time the server lets one in, and the other looks again.

import { setTimeout as sleep } from 'node:timers/promises'
import { OompaError, STATUS } from '../../errors.js'
import { remoteGit } from '../../git/destination.js'
import { type NetworkEnd, wordsOf } from '../../git/network.js'
import { git, gitText } from '../../git/run-git.js'

export interface RefPlace {
  readonly root: string
  readonly remote: string
  /** What the text says, and the folder of the ref's name. */
  readonly kind: 'tasks' | 'lanes' | 'claims'
  /** The last part of the ref's name. */
  readonly name: string
  /** How long the remote may be silent. */
  readonly timeoutMs: number
  /** Ends what is asked of the remote. */
  readonly signal?: AbortSignal
}

/** What the ref has, and the commit that says it; neither where there is no such ref yet. */
export interface Seen {
  readonly commit?: string
  readonly text?: string
}

/** Longest pause before another try; each is drawn at random, so that two do not meet again and again. */
const LONGEST_PAUSE_MS = 1000

const WHAT = { tasks: 'The tasks', lanes: 'The tickets for landing', claims: 'What swarms work on' }
const theirs = ({ kind, name }: RefPlace) => `refs/oompa/${kind}/${name}`
const fileOf = ({ kind }: RefPlace) => `${kind}.json`

/** Between asking what the ref has and fetching that, somebody else may write it. */
const MOST_READS = 5

/**
 * Reads the ref as it is on the remote now. No ref of this clone takes part: an agent could make that a name for another.
 * @throws OompaError `store-away`
 */
export async function readRef(place: RefPlace): Promise<Seen> {
  const { root, remote, timeoutMs, signal } = place
  const ref = theirs(place)
  for (let read = 1; ; read++) {
    const listed = await remoteGit(root, remote, ['ls-remote', '--quiet', '--end-of-options', remote, ref], {
      timeoutMs,
      signal,
    })
    if (listed.status !== 0) throw away(place, listed)
    const commit = listed.stdout
      .split('\n')
      .flatMap((line) => (line.endsWith(`\t${ref}`) ? line.split('\t')[0]! : []))[0]
    if (commit === undefined) return {}
    const text = await textOf(place, commit)
    if (text !== undefined) return { commit, text }
    const args = [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--refmap=',
      '--end-of-options',
      remote,
      ref,
    ]
    const end = await remoteGit(root, remote, args, { timeoutMs, signal })
    const fetched = end.status === 0 ? await textOf(place, commit) : undefined
    if (fetched !== undefined) return { commit, text: fetched }
    const isMoved = end.status === 0 || /couldn't find remote ref/i.test(end.stderr)
    if (!isMoved || read === MOST_READS) throw away(place, end)
  }
}

/** The text in a commit; empty in one of somebody else's, and undefined where the commit is not here. */
async function textOf(place: RefPlace, commit: string): Promise<string | undefined> {
  const { status, stdout } = await git(place.root, ['cat-file', 'blob', `${commit}:${fileOf(place)}`])
  if (status === 0) return stdout
  return (await git(place.root, ['cat-file', '-e', commit])).status === 0 ? '' : undefined
}

/**
 * Writes a text over what was seen, or takes the ref away where there is none. The commit has no parent: the ref says how
 * things are, and a clone that looks again gets one small commit, however many there have been.
 * @returns what the ref has from then on; undefined if somebody else was quicker
 * @throws OompaError `store-away`, `store-refused` (status 4)
 */
export async function writeRef(
  place: RefPlace,
  seen: Seen,
  text: string | undefined,
  what: string,
): Promise<Seen | undefined> {
  const { root, remote, timeoutMs, signal } = place
  const commit = text === undefined ? undefined : await commitText(place, text, what)
  if (commit === seen.commit) return seen
  const lease = `--force-with-lease=${theirs(place)}:${seen.commit ?? ''}`
  const refspec = `${commit ?? ''}:${theirs(place)}`
  const args = ['push', '--porcelain', '--no-verify', lease, '--end-of-options', remote, refspec]
  const end = await remoteGit(root, remote, args, { timeoutMs, signal })
  if (end.status === 0) return { commit, text }
  // What was sent may have arrived although no answer came.
  const now = await readRef(place)
  if (now.commit === commit) return now
  const line = end.stdout.split('\n').find((one) => one.startsWith('!'))
  if (line === undefined) throw away(place, end)
  if (/stale info|cannot lock ref|failed to update ref|fetch first|already exists|failed to lock/.test(line))
    return undefined
  throw new OompaError({
    code: 'store-refused',
    message: `${WHAT[place.kind]} at ${theirs(place)} are not taken by ${remote}: ${wordsOf(end.stderr, line)}`,
    mend: `git push ${remote} HEAD:refs/oompa/try, and look at what the server says`,
    status: STATUS.refused,
  })
}

async function commitText(place: RefPlace, text: string, what: string): Promise<string> {
  const { root } = place
  const blob = await gitText(root, ['hash-object', '-w', '--stdin'], { input: text })
  const tree = await gitText(root, ['mktree'], { input: `100644 blob ${blob}\t${fileOf(place)}\n` })
  return gitText(root, ['commit-tree', '--no-gpg-sign', '-m', what, tree], { env: AS_US })
}

/** Drawn at random, and longer with each try that was lost. */
export async function pauseBefore(attempt: number): Promise<void> {
  await sleep(Math.random() * Math.min(LONGEST_PAUSE_MS, 50 * 2 ** attempt))
}

const AS_US = {
  GIT_AUTHOR_NAME: 'oompa',
  GIT_AUTHOR_EMAIL: 'oompa@localhost',
  GIT_COMMITTER_NAME: 'oompa',
  GIT_COMMITTER_EMAIL: 'oompa@localhost',
}

function away({ kind, remote }: RefPlace, end: NetworkEnd): OompaError {
  return new OompaError({
    code: 'store-away',
    message: `${WHAT[kind]} on ${remote} cannot be reached: ${end.ended ?? (wordsOf(end.stderr) || `git ended with status ${end.status}`)}`,
    mend: `git ls-remote ${remote}`,
  })
}
