// The diff of a change, file by file, as git has it; a long one is cut with a sentence, and never in memory as a whole.

import { spawn } from 'node:child_process'
import { locating } from '../git/folders.js'
import { gitEnvironment } from '../git/git-environment.js'
import { resolveCommit } from '../git/repository.js'
import { withoutHooks } from '../git/run-git.js'
import type { Change } from './iteration-changes.js'

const MOST_BYTES = 400_000

export interface Diff {
  readonly commit: string
  readonly text: string
  /** Why it is not all of it. */
  readonly cut?: string
}

/** What a change adds to what it was built on; undefined while it has no commit. */
export async function diffOf(root: string, change: Change): Promise<Diff | undefined> {
  const names = [change.commit, change.kept, change.branch && `refs/heads/${change.branch}`]
  let commit: string | undefined
  for (const name of names) {
    // Names come from the log, where an agent may have written.
    if (commit || !name || !/^(refs\/(heads\/)?oompa\/[\w./-]+|[0-9a-f]{40,64})$/.test(name)) continue
    commit = await resolveCommit(root, name)
  }
  if (!commit) return undefined
  const base = change.base && (await resolveCommit(root, change.base))
  const range = base && base !== commit ? [`${base}...${commit}`] : [`${commit}^!`]
  const { text, more } = await bounded(root, [
    'diff',
    '--no-color',
    '--no-ext-diff',
    '--no-textconv',
    '-M',
    ...range,
    '--',
  ])
  return {
    commit,
    text,
    ...(more ? { cut: `It is longer than ${MOST_BYTES / 1000} kB; all of it: git diff ${range.join(' ')}` } : {}),
  }
}

/** The beginning of what git prints; git ends when nobody reads any more. */
function bounded(root: string, args: readonly string[]): Promise<{ text: string; more: boolean }> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', [...withoutHooks(), ...args], {
      cwd: root,
      env: { ...gitEnvironment(), ...locating(root) },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const parts: Buffer[] = []
    let length = 0
    child.stdout.on('data', (part: Buffer) => {
      length += part.length
      parts.push(part)
      if (length > MOST_BYTES) child.kill()
    })
    child.on('error', reject)
    child.on('close', () => {
      const bytes = Buffer.concat(parts)
      const more = length > MOST_BYTES
      const whole = more ? bytes.subarray(0, bytes.lastIndexOf(10, MOST_BYTES) + 1 || MOST_BYTES) : bytes
      resolve({ text: whole.toString('utf8'), more })
    })
  })
}
