// A text that stands in a commit behind one ref of a remote, changed by a push that says what it expects to be there: of
// two that push at one time the server lets one in, and the other looks again.

import { setTimeout as sleep } from 'node:timers/promises'
import { OompaError, STATUS } from '../../errors.js'
import { type NetworkEnd, networkGit, wordsOf } from '../../git/network.js'
import { git, gitFailed, gitText } from '../../git/run.js'

export interface RefPlace {
  readonly root: string
  readonly remote: string
  /** What the text says, and the folder of the ref's name. */
  readonly kind: 'tasks' | 'lanes'
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

const WHAT = { tasks: 'The tasks', lanes: 'The tickets for landing' }
const theirs = ({ kind, name }: RefPlace) => `refs/oompa/${kind}/${name}`
const ours = ({ kind, name }: RefPlace) => `refs/oompa/seen-${kind}/${name}`
const fileOf = ({ kind }: RefPlace) => `${kind}.json`

/**
 * Reads the ref as it is on the remote now.
 * @throws OompaError `store-away`
 */
export async function readRef(place: RefPlace): Promise<Seen> {
  const { root, remote, timeoutMs, signal } = place
  // A pattern that nothing matches is no error, and what was removed there goes here, too.
  const pattern = `+${theirs(place)}*:${ours(place)}*`
  const args = [
    'fetch',
    '--quiet',
    '--prune',
    '--no-tags',
    '--no-write-fetch-head',
    '--end-of-options',
    remote,
    pattern,
  ]
  const end = await networkGit(root, args, { timeoutMs, signal })
  if (end.status !== 0) throw away(place, end)
  // The commit, and then the text, by one git.
  const both = [
    'show',
    '--no-patch',
    '--no-textconv',
    '--no-show-signature',
    '--format=%H',
    ours(place),
    `${ours(place)}:${fileOf(place)}`,
  ]
  const { status, stdout, stderr } = await git(root, both)
  if (status !== 0 && /unknown revision|bad revision|ambiguous argument/.test(stderr)) return {}
  // Somebody else's commit, where ours has to be.
  if (status !== 0 && /does not exist in|exists on disk, but not in/.test(stderr))
    return { commit: await gitText(root, ['rev-parse', '--verify', ours(place)]), text: '' }
  if (status !== 0) throw gitFailed(root, both, status, stderr)
  const line = stdout.indexOf('\n')
  return { commit: stdout.slice(0, line), text: stdout.slice(line + 1) }
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
  const end = await networkGit(root, args, { timeoutMs, signal })
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

/** Takes away what this clone has seen of the ref. */
export async function forgetRef(place: RefPlace): Promise<void> {
  await git(place.root, ['update-ref', '-d', ours(place)])
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
