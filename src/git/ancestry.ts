// Questions about how commits are related, answered from the `cat-file` that is open anyway: what is asked is nearly
// always near, a few commits from where a worktree began. What is further away is left to `git merge-base`.

import { type Objects, sharedObjects } from './objects.js'
import { git, gitFailed } from './run.js'

/** So many commits are read before git is asked: about what starting a git costs. */
const NEAR = 64

/** Whether `ancestor` is reachable from `commit` (a commit is its own ancestor). Names or ids, as `root` sees them. */
export async function isAncestor(root: string, ancestor: string, commit: string): Promise<boolean> {
  const [a, b] = await resolve(root, ancestor, commit)
  if (!a || !b) return false
  const near = await nearBase(sharedObjects(root), a, b)
  if (near !== undefined) return near === a
  return (await git(root, ['merge-base', '--is-ancestor', a, b])).status === 0
}

/**
 * The best common ancestor, or undefined if there is none. Names or ids, as `root` sees them.
 * @throws OompaError `git-failed` if one of them does not exist
 */
export async function mergeBase(root: string, a: string, b: string): Promise<string | undefined> {
  const [first, second] = await resolve(root, a, b)
  const near = first && second && (await nearBase(sharedObjects(root), first, second))
  if (near) return near
  const args = ['merge-base', '--end-of-options', a, b]
  const { status, stdout, stderr } = await git(root, args)
  if (status > 1) throw gitFailed(root, args, status, stderr)
  return stdout.split('\n')[0] || undefined
}

async function resolve(root: string, ...names: string[]): Promise<(string | undefined)[]> {
  const objects = sharedObjects(root)
  return Promise.all(names.map(async (name) => (await objects.info(`${name}^{commit}`))?.oid))
}

/** Reachable from one side, from the other, and from a common ancestor already found. */
const [ONE, OTHER, STALE] = [1, 2, 4]

interface Seen {
  readonly oid: string
  readonly date: number
  readonly parents: readonly string[]
  flags: number
}

/**
 * Git's own way: both sides are walked together, the youngest commit first, until all that is left is behind a common
 * ancestor. Undefined if that takes too long, or has not exactly one answer.
 */
async function nearBase(objects: Objects, a: string, b: string): Promise<string | undefined> {
  if (a === b) return a
  const seen = new Map<string, Seen>()
  const queue: Seen[] = []
  const found = new Set<Seen>()
  const add = async (oid: string, flags: number): Promise<boolean> => {
    let one = seen.get(oid)
    if (!one) {
      const facts = seen.size < NEAR ? await commitFacts(objects, oid) : undefined
      if (!facts) return false
      one = { oid, ...facts, flags: 0 }
      seen.set(oid, one)
    }
    if ((one.flags & flags) === flags) return true
    one.flags |= flags
    if (!queue.includes(one)) queue.push(one)
    return true
  }
  if (!(await add(a, ONE)) || !(await add(b, OTHER))) return undefined
  while (queue.some((one) => !(one.flags & STALE))) {
    queue.sort((x, y) => y.date - x.date)
    const one = queue.shift()!
    let { flags } = one
    if ((flags & (ONE | OTHER)) === (ONE | OTHER)) {
      if (!(flags & STALE)) found.add(one)
      flags |= STALE
    }
    for (const parent of one.parents) if (!(await add(parent, flags))) return undefined
  }
  const best = [...found].filter((one) => !(one.flags & STALE))
  return best.length === 1 ? best[0]!.oid : undefined
}

const known = new Map<string, Pick<Seen, 'date' | 'parents'>>()
/** Commits never change; a swarm of days meets many of them. */
const MOST_KNOWN = 10_000

async function commitFacts(objects: Objects, oid: string): Promise<Pick<Seen, 'date' | 'parents'> | undefined> {
  const before = known.get(oid)
  if (before) return before
  const text = (await objects.contents(oid))?.toString('latin1')
  if (text === undefined) return undefined
  const header = text.slice(0, text.indexOf('\n\n'))
  const date = Number(/^committer .*> (\d+) /m.exec(header)?.[1])
  if (Number.isNaN(date)) return undefined
  const facts = { date, parents: [...header.matchAll(/^parent ([0-9a-f]+)$/gm)].map((match) => match[1]!) }
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(oid, facts)
  return facts
}
