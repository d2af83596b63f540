// simple-git for what a person would type (a log, a remote, a summary of a diff), under the rules of every git of ours.
// What decides by a status, has names that are bytes, or is asked at every turn stays with run-git.ts
// (docs/decisions/0042-simple-git-for-what-one-would-type.md).

import { GitError, type SimpleGit, simpleGit } from 'simple-git'
import { locating } from './folders.js'
import { gitEnvironment } from './git-environment.js'
import { gitFailed, withoutHooks } from './run-git.js'

/**
 * simple-git in the checkout `folder`: with our environment and configuration, without hooks, and never in a repository
 * above it. Each of its promises rejects (GitError, in git's own words) for every status that is not 0.
 * @throws OompaError `worktree-changed` if it was a worktree of ours
 */
export function gitFor(folder: string): SimpleGit {
  const env = { ...gitEnvironment(), ...locating(folder) }
  return simpleGit({
    baseDir: folder,
    config: withoutHooks().filter((word) => word !== '-c'),
    // It takes all of git's variables out that are not named here.
    allowEnvironment: Object.keys(env),
    unsafe: OF_THE_ENVIRONMENT,
    // By itself it takes what has come 50 ms after the exit for everything.
    completion: { onClose: true, onExit: false },
    // By itself it takes a status that is not 0 for success where git says nothing (`diff --quiet`).
    errors: (_error, { exitCode, stdErr, stdOut }) => {
      if (exitCode === 0) return undefined
      const said = Buffer.concat(stdErr.length > 0 ? stdErr : stdOut).toString()
      return new GitError(undefined, gitFailed(folder, [], exitCode, said).message)
    },
  }).env(env)
}

/**
 * What its guards would refuse in an environment: ours pins some of it, and the person's own (an ssh command, a proxy, a
 * credential helper of the CI) is theirs. No argument of ours is of this kind; what only an argument can be
 * (`--upload-pack`, an abbreviated option) stays refused.
 */
const OF_THE_ENVIRONMENT = {
  allowUnsafeAlias: true,
  allowUnsafeAskPass: true,
  allowUnsafeCommandBinaries: true,
  allowUnsafeConfigEnvCount: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeCredentialHelper: true,
  allowUnsafeDiffExternal: true,
  allowUnsafeDiffTextConv: true,
  allowUnsafeEditor: true,
  allowUnsafeExec: true,
  allowUnsafeFilter: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeGitProxy: true,
  allowUnsafeGpgProgram: true,
  allowUnsafeHooksPath: true,
  allowUnsafeInclude: true,
  allowUnsafeMergeDriver: true,
  allowUnsafePager: true,
  allowUnsafeProtocolOverride: true,
  allowUnsafeSshCommand: true,
  allowUnsafeSubmodule: true,
  allowUnsafeTemplateDir: true,
  allowUnsafeUrlRewrite: true,
} as const
