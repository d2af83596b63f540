// The environment that git, agents and hooks run in: the person's, without what would point them at another repository.

import { pinned, withConfiguration } from './pinned.js'

/** Variables that locate or alter a repository; inherited from a git hook or an alias, they would aim us elsewhere. */
export const LOCATING = new Set([
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
  'GIT_CEILING_DIRECTORIES',
  'GIT_DISCOVERY_ACROSS_FILESYSTEM',
  'GIT_QUARANTINE_PATH',
  'GIT_LITERAL_PATHSPECS',
  'GIT_GLOB_PATHSPECS',
  'GIT_NOGLOB_PATHSPECS',
  'GIT_ICASE_PATHSPECS',
  'GIT_INTERNAL_SUPER_PREFIX',
  'GIT_SHALLOW_FILE',
  'GIT_GRAFT_FILE',
  'GIT_REPLACE_REF_BASE',
  'GIT_IMPLICIT_WORK_TREE',
])

/** A session of its own: the terminal's Ctrl-C is for us, who end what is under way, and not for the git that does it. */
export const UNINTERRUPTED = true

/** `env` without the variables that locate a repository. */
export function withoutRepository(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !LOCATING.has(name)))
}

interface Committer {
  readonly variables: Readonly<Record<string, string>>
  readonly keys: readonly (readonly [key: string, value: string])[]
}

let committer: Committer = { variables: {}, keys: [] }

/** Says who commits and signs in every git that we start from now on (committer.ts). */
export function commitAs(variables: Committer['variables'], keys: Committer['keys']): void {
  committer = { variables, keys }
}

/**
 * What every git that we start gets: never the person's language, a question to a terminal, an editor, or their rules;
 * and no other object or parent than those that a commit names, whatever `git replace` or a file of grafts says.
 */
export function gitEnvironment(): NodeJS.ProcessEnv {
  const own = withConfiguration({ ...withoutRepository(), ...committer.variables }, committer.keys)
  return pinned({
    ...own,
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_EDITOR: 'true',
    GIT_NO_REPLACE_OBJECTS: '1',
    // A file that is there is complained about, an empty one too.
    GIT_GRAFT_FILE: '/dev/null/none',
  })
}
