// Pull requests that are open, by their records in `.oompa/pulls/`: they outlive the swarm that opened them. What became
// of each is asked of the target's history.

import { rmSync } from 'node:fs'
import path from 'node:path'
import { entriesOf, replaceOwn, textOf, wrongOnTheWay } from '../files/own.js'
import { stateFolder } from '../files/paths.js'
import { makeStateFolder } from '../tasks/records.js'

export interface Pull {
  /** As it was pushed, without `refs/heads/`. */
  readonly branch: string
  readonly url: string
  /** What was pushed last: the work, and the status of its task. */
  readonly head: string
  /** The work alone. */
  readonly commit: string
  /** The target, without `refs/heads/`. */
  readonly into: string
  readonly remote: string
  readonly swarm: string
  readonly worker: string
  readonly iteration: number
  readonly task?: string
}

const folderOf = (root: string) => path.join(stateFolder(root), 'pulls')
const fileOf = (root: string, branch: string) => path.join(folderOf(root), `${branch.replaceAll('/', '-')}.json`)

export function writePull(root: string, pull: Pull): void {
  makeStateFolder(root, folderOf(root))
  replaceOwn(root, fileOf(root, pull.branch), `${JSON.stringify(pull)}\n`)
}

export function removePull(root: string, { branch }: Pick<Pull, 'branch'>): void {
  if (!wrongOnTheWay(root, folderOf(root))) rmSync(fileOf(root, branch), { force: true })
}

/** All of them; an agent can write there, so whatever is no record of ours is none. */
export function readPulls(root: string): Pull[] {
  return entriesOf(root, folderOf(root)).flatMap(({ name }) => {
    const text = name.endsWith('.json') ? textOf(path.join(folderOf(root), name)) : undefined
    const pull = text === undefined ? undefined : parse(text)
    return pull && path.basename(fileOf(root, pull.branch)) === name ? pull : []
  })
}

function parse(text: string): Pull | undefined {
  let pull: Partial<Record<keyof Pull, unknown>>
  try {
    pull = JSON.parse(text) as Partial<Record<keyof Pull, unknown>>
  } catch {
    return undefined
  }
  const { branch, url, head, commit, into, remote, swarm, worker, iteration, task } = pull ?? {}
  const words = [branch, url, head, commit, into, remote, swarm, worker]
  const isWhole = words.every((one) => typeof one === 'string') && Number.isInteger(iteration)
  const isOurs = BRANCH.test(String(branch)) && [head, commit].every((one) => /^[0-9a-f]{40,64}$/.test(String(one)))
  return isWhole && isOurs && (task === undefined || typeof task === 'string') ? (pull as Pull) : undefined
}

/** Worker branches are used again, so a request's branch has the swarm in its name. */
const BRANCH = /^oompa\/[0-9a-f]{8}\/[A-Za-z0-9_-]+-i\d+$/
