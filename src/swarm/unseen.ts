// What a person means agents to work from, and they do not see: their worktrees are made from what is committed. And a
// spec.md that is still the sample, from which they can build nothing.

import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { git } from '../git/run-git.js'
import { someOf } from '../hooks/patterns.js'
import type { PromptText } from '../prompts/index.js'
import { isSampleSpec } from '../prompts/sample-spec.js'

export interface Unseen {
  /** Paths below the root whose content is not that of HEAD, or that HEAD lacks. */
  readonly paths: readonly string[]
  /** `spec.md` is still the form that `oompa init` wrote. */
  readonly isSample: boolean
}

/** A sentence, and the command that mends it. */
export interface UnseenWords {
  readonly text: string
  readonly mend: string
}

const SPEC = 'spec.md'
/** A word that may be a path: with a slash in it, or an ending. */
const PATH = /(?:[\w@-][\w.@-]*\/)+[\w.@-]*|[\w@-][\w.@-]*\.[A-Za-z]\w*/g
/** A longer word is no path that somebody wrote into a prompt. */
const MOST_LETTERS = 300
/** More is a list that somebody pasted. */
const MOST = 50

/** What may be paths in a text. Word by word: over a long one the pattern would take minutes. Pure. */
export function pathsNamed(text: string): string[] {
  const words = text.split(/[^\w@./-]+/).filter((word) => word.length <= MOST_LETTERS)
  return words.flatMap((word) => word.match(PATH) ?? [])
}

/**
 * Looks at spec.md, and at what the prompts name and the checkout has.
 * @param prompts their texts
 * @param level from 2 on tasks are those of the checkout, and nobody reads them in a worktree
 */
export async function unseenByAgents(root: string, prompts: readonly string[], level: number): Promise<Unseen> {
  const paths = [...new Set([SPEC, ...prompts.flatMap(pathsNamed)])]
    .map((name) => path.posix.normalize(name).replace(/\/$/, ''))
    .filter((name) => !name.startsWith('..') && !(level > 1 && /^tasks(\/|$)/.test(name)) && isThere(root, name))
    .slice(0, MOST)
  if (paths.length === 0) return { paths: [], isSample: false }
  const { status, stdout } = await git(root, [
    '--literal-pathspecs',
    ...['status', '--porcelain', '-z', '--untracked-files=all', '--no-renames', '--ignore-submodules=all'],
    ...['--', ...paths],
  ])
  const changed = status === 0 ? stdout.split('\0').flatMap((line) => line.slice(3) || []) : []
  return { paths: changed, isSample: isSample(root) }
}

function isThere(root: string, name: string): boolean {
  try {
    return statSync(path.join(root, name), { throwIfNoEntry: false }) !== undefined
  } catch {
    // Too long for a name, a loop of links: a word of a prompt, and no file.
    return false
  }
}

function isSample(root: string): boolean {
  try {
    return isSampleSpec(readFileSync(path.join(root, SPEC), 'utf8'))
  } catch {
    return false
  }
}

/** What to say of it, one for each mistake. Pure. */
export function unseenWords({ paths, isSample }: Unseen): UnseenWords[] {
  const one = paths.length === 1
  const shown = someOf(paths)
  const add = one
    ? paths[0]
    : [...new Set(paths.map((file) => (paths.length > 2 ? file.split('/')[0] : file)))].join(' ')
  return [
    ...(isSample
      ? [
          {
            text: 'spec.md is still the sample: it does not say what is to be built.',
            mend: '$EDITOR spec.md, then: git commit -m "Spec" spec.md',
          },
        ]
      : []),
    ...(paths.length > 0
      ? [
          {
            text: `${shown} ${one ? 'is' : 'are'} not committed as ${one ? 'it stands' : 'they stand'} here: agents work from what is committed, and do not see ${one ? 'it' : 'them'}.`,
            // What else the person has staged stays staged.
            mend: `git add -A -- ${add} && git commit -m Spec -- ${add}`,
          },
        ]
      : []),
  ]
}

/** What is to be said at a start, of all prompts of its workers. */
export async function lookForUnseen(root: string, prompts: readonly PromptText[], level: number) {
  const texts = prompts.map((prompt) => Buffer.from(prompt.bytes).toString('utf8'))
  return unseenWords(await unseenByAgents(root, [...new Set(texts)], level))
}
