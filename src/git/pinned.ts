// What the person's configuration does not decide for the gits that we run: what a merge comes to, what is committed,
// what we read. Group by group, with what is left to the person, in docs/decisions/0013-pinned-configuration.md.

/** Keys of git's configuration with the value that each git of ours has. Git's own defaults, where nothing is said. */
export const PINNED: Readonly<Record<string, string>> = {
  // What a merge comes to: the same for everybody who merges these two commits.
  'merge.ff': 'true',
  'merge.verifySignatures': 'false',
  'merge.autoStash': 'false',
  'merge.log': 'false',
  'merge.branchdesc': 'false',
  'merge.renames': 'true',
  'merge.renameLimit': '7000',
  'merge.directoryRenames': 'conflict',
  'merge.renormalize': 'false',
  'merge.verbosity': '2',
  // Both sides and what they come from, for the author who mends a conflict.
  'merge.conflictStyle': 'zdiff3',
  // A resolution that the person once recorded would be the author's, unseen.
  'rerere.enabled': 'false',
  'rerere.autoUpdate': 'false',
  // Whether work can be committed, and in which words.
  'core.safecrlf': 'false',
  'commit.cleanup': 'whitespace',
  'i18n.commitEncoding': 'UTF-8',
  // Of a file in a folder that a sparse index has as one entry, update-index of 2.39 writes its own entry beside it.
  'index.sparse': 'false',
  // A program at each look at the files, in nested repositories too, whose configuration an agent writes.
  'core.fsmonitor': 'false',
  // A submodule is somebody else's repository: its files do not move with ours.
  'submodule.recurse': 'false',
  // The target is pushed, and no tag that an agent has made on it.
  'push.followTags': 'false',
  'fetch.recurseSubmodules': 'false',
  // Nothing is packed or pruned by a git of ours, in front of a landing or behind its back.
  'gc.auto': '0',
  'maintenance.auto': 'false',
  // What we read, and show to reviewers.
  'i18n.logOutputEncoding': 'UTF-8',
  'log.showSignature': 'false',
  'color.ui': 'false',
  'color.diff': 'false',
  'core.quotePath': 'false',
  'diff.algorithm': 'histogram',
  'diff.context': '3',
  'diff.interHunkContext': '0',
  // What is in a submodule's files is looked at in one place (nested.ts).
  'diff.ignoreSubmodules': 'dirty',
  'diff.mnemonicPrefix': 'false',
  'diff.noprefix': 'false',
  'diff.orderFile': '/dev/null',
  'diff.relative': 'false',
  'diff.renameLimit': '1000',
  'diff.renames': 'true',
  'diff.suppressBlankEmpty': 'false',
}

/** Variables that decide in place of the configuration what a git of ours does or says. */
const DECIDING = [
  'GIT_ATTR_SOURCE',
  'GIT_DIFF_OPTS',
  'GIT_EXTERNAL_DIFF',
  'GIT_MERGE_AUTOEDIT',
  'GIT_MERGE_VERBOSITY',
  'GIT_REFLOG_ACTION',
]

/**
 * The environment with the pinned configuration. In variables and not in `-c`: what is pinned holds for the gits that
 * git starts, and an error does not name forty options. Variables of this kind that are there already stay.
 */
export function pinned(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !DECIDING.includes(name)))
  return withConfiguration(own, Object.entries(PINNED))
}

/** The environment with these keys and values over all configuration. */
export function withConfiguration(
  env: NodeJS.ProcessEnv,
  keys: readonly (readonly [key: string, value: string])[],
): NodeJS.ProcessEnv {
  const given = Number(env.GIT_CONFIG_COUNT)
  const first = Number.isInteger(given) && given > 0 ? given : 0
  const added = keys.flatMap(([key, value], at) => [
    [`GIT_CONFIG_KEY_${first + at}`, key],
    [`GIT_CONFIG_VALUE_${first + at}`, value],
  ])
  return { ...env, ...Object.fromEntries(added), GIT_CONFIG_COUNT: `${first + keys.length}` }
}
