// Work of this machine on the remote, where several share the tasks: pushed while it goes on and while it waits for its
// turn, and taken away when it has landed, by whoever pushed it.

import type { NetworkEnd, NetworkOptions } from '../git/network.js'
import { pushRef } from './remote.js'

/** The ref of the remote for the work on a task. Whatever an id holds that git takes in no ref is written as `%2F`. */
export function changeRef(swarm: string, worker: string, task: string): string {
  const safe = [...Buffer.from(task)].map((byte) => {
    const character = String.fromCharCode(byte)
    return /[A-Za-z0-9_-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  })
  return `refs/oompa/changes/${swarm}/${worker}/${safe.join('')}`
}

/** What this process has on remotes: the commit, by repository and ref. */
const onRemote = new Map<string, string>()

const keyOf = (root: string, ref: string): string => `${root}\0${ref}`

/** Pushes a commit to a ref of ours, unless it is there; undefined if it is. */
export async function pushChange(
  root: string,
  remote: string,
  { ref, commit }: { readonly ref: string; readonly commit: string },
  options: NetworkOptions,
): Promise<NetworkEnd | undefined> {
  const key = keyOf(root, ref)
  if (onRemote.get(key) === commit) return undefined
  const end = await pushRef(root, remote, `+${commit}:${ref}`, options)
  if (end.status === 0) onRemote.set(key, commit)
  return end
}

/** Takes a ref of ours away, if this process has pushed it; undefined if not. */
export async function takeAwayChange(
  root: string,
  remote: string,
  ref: string,
  options: NetworkOptions,
): Promise<NetworkEnd | undefined> {
  if (!onRemote.delete(keyOf(root, ref))) return undefined
  return pushRef(root, remote, `:${ref}`, options)
}
