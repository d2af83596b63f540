// Pins the programs that judge when a swarm starts. An agent can write them in the main checkout, where they run: so
// they are looked at before each use and after it, and only what stood there at the start, or what has landed, judges.

import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { OompaError, STATUS } from '../errors.js'
import { sharedObjects } from '../git/objects.js'
import type { Program } from '../hooks/programs.js'

export interface Judges {
  /** The programs that hooks and reviewers run. */
  readonly programs: readonly Program[]
  /** Those that are neither as they were at the start nor as the target has them. */
  changed(): Promise<readonly Program[]>
  /** A text that is another one after any write to one of them, also one that was taken back. */
  stamp(): string
}

/** Where nothing is pinned: level 1, and hooks that run no program of the repository. */
export const NO_JUDGES: Judges = { programs: [], changed: async () => [], stamp: () => '' }

/**
 * Takes down what the programs are now.
 * @param into the target: what has landed there was approved
 */
export function pinPrograms(root: string, programs: readonly Program[], into: string): Judges {
  const pins = new Map(programs.map(({ path: name }) => [name, hashOf(contentOf(root, name))]))
  return {
    programs,
    async changed() {
      const answers = await Promise.all(programs.map(async (one) => ((await holds(one)) ? [] : [one])))
      return answers.flat()
    },
    stamp: () => programs.map(({ path: name }) => stampOf(path.join(root, name))).join('\n'),
  }

  async function holds({ path: name }: Program): Promise<boolean> {
    const now = contentOf(root, name)
    if (hashOf(now) === pins.get(name)) return true
    const target = await sharedObjects(root).contents(`refs/heads/${into}:${name}`)
    return hashOf(now) === hashOf(target)
  }
}

function contentOf(root: string, name: string): Buffer | undefined {
  try {
    return readFileSync(path.join(root, name))
  } catch {
    return undefined
  }
}

function hashOf(content: Buffer | undefined): string {
  return content === undefined ? 'none' : createHash('sha256').update(content).digest('hex')
}

/** The time of the last change of the inode, which no program can set, and which file it is. */
function stampOf(file: string): string {
  try {
    const { ino, ctimeNs, size } = statSync(file, { bigint: true })
    return `${ino} ${ctimeNs} ${size}`
  } catch {
    return 'none'
  }
}

/** One line on what was changed, and how it is mended. Pure. */
export function changedWords(changed: readonly Program[], into: string): { message: string; mend: string } {
  const list = changed.map((one) => `${one.path} (run by ${one.by})`).join(', ')
  const [is, it] = changed.length === 1 ? ['is', 'it'] : ['are', 'them']
  return {
    message: `What judges was changed while the swarm runs: ${list} ${is} neither what stood there at the start nor what ${into} has. An agent may have written ${it}, or you.`,
    mend: `git checkout -- ${changed.map((one) => one.path).join(' ')}   (or commit ${it} on ${into}, if the edit is yours)`,
  }
}

/** The error of a judgement that was not made. */
export function changedError(changed: readonly Program[], into: string): OompaError {
  return new OompaError({ code: 'judge-changed', ...changedWords(changed, into), status: STATUS.refused })
}
