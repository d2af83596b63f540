// Where a remote is, and through what it is reached, as it was when the swarm started: an agent that writes one line into
// the repository's configuration must not send our pushes, or what we take in, somewhere else.

import { type NetworkEnd, type NetworkOptions, networkGit } from './network.js'
import { git } from './run-git.js'

/** Keys and values, in git's order, by repository and remote. */
const known = new Map<string, readonly string[]>()

/** Keys that decide where `git fetch` and `git push` go with a remote, and which programs they run on the way. */
function patternFor(remote: string): string {
  const name = remote.replace(/[^\w-]/g, '.')
  return `^(remote\\.${name}\\.|url\\.|core\\.(sshcommand|gitproxy|askpass)$|credential\\.|https?\\.|ssh\\.|protocol\\.|lfs\\..*url$|lfs\\.customtransfer\\.)`
}

async function read(root: string, remote: string): Promise<readonly string[]> {
  const { stdout } = await git(root, ['config', '--null', '--get-regexp', patternFor(remote)])
  return stdout.split('\0').filter(Boolean)
}

/** What is asked by its address is reached through the same configuration, but for a remote's own. */
const BY_ADDRESS = ''

/** Reads how a remote is reached now: what differs later is not followed. Without a name: what is asked by its address. */
export async function rememberDestination(root: string, remote = BY_ADDRESS): Promise<void> {
  known.set(`${root}\0${remote}`, await read(root, remote))
}

/** Why a remote is not to be talked to; undefined if it is what it was, or nobody has remembered it. */
export async function movedDestination(root: string, remote: string): Promise<string | undefined> {
  const name = known.has(`${root}\0${remote}`) ? remote : BY_ADDRESS
  const before = known.get(`${root}\0${name}`)
  if (!before) return undefined
  const now = await read(root, name)
  const keys = changedKeys(before, now)
  if (keys.length === 0) return undefined
  return `${keys.join(', ')} ${keys.length === 1 ? 'has' : 'have'} changed since the start, and ${remote} would be another place: put that back (git config --show-origin --get-all ${keys[0]}), or start again`
}

/** Runs git with a remote that it names, as `networkGit` does; ended before it begins where that is another place by now. */
export async function remoteGit(
  root: string,
  remote: string,
  args: readonly string[],
  options: NetworkOptions = {},
): Promise<NetworkEnd> {
  const ended = await movedDestination(root, remote)
  return ended === undefined ? networkGit(root, args, options) : { stdout: '', stderr: '', ended }
}

/** Pure: keys whose values are not the same, in the same order. */
export function changedKeys(before: readonly string[], after: readonly string[]): string[] {
  const keyOf = (entry: string) => entry.split('\n')[0]!
  const of = (entries: readonly string[], key: string) => JSON.stringify(entries.filter((one) => keyOf(one) === key))
  return [...new Set([...before, ...after].map(keyOf))].filter((key) => of(before, key) !== of(after, key))
}
