// Runs git for us: never in a shell, never in the person's language, never with another repository's environment.
// Spawned directly, because the status is the answer, and names are bytes (docs/decisions/0001-git-by-spawn.md); what one
// would type oneself is asked by simple-git (simple-git.ts).

import { spawn } from 'node:child_process'
import { OompaError } from '../errors.js'
import { fromBytes, isText, toBytes } from '../files/bytes.js'
import { commandLine } from './arguments.js'
import { locating } from './folders.js'
import { gitEnvironment, UNINTERRUPTED } from './git-environment.js'
import { unsafeRepository } from './unsafe.js'

export interface GitOptions {
  /** Written to standard input. */
  input?: string | Uint8Array
  /** Added to the environment. */
  env?: NodeJS.ProcessEnv
  signal?: AbortSignal
  /** Run the person's git hooks; off unless `runGitHooks` has turned them on (docs/contract.md, 10). */
  hooks?: boolean
  /** Let git look for the repository above `cwd`, too: for the one that a command means, and nothing else. */
  discover?: boolean
}

export interface GitResult {
  /** Exit status. */
  status: number
  stdout: string
  stderr: string
}

/**
 * Runs git in `cwd`, the top of a checkout, and gives its status and output, whatever the status is. Arguments, input
 * and output may hold bytes that are not text (`fromBytes`). A git that was killed has answered nothing, neither yes nor
 * no: taken for "there is no such commit" it would let work go that is there.
 * @throws OompaError `git-missing` if git cannot be started, `git-failed` if a signal has ended it, `worktree-changed`
 * if `cwd` was a worktree of ours
 */
export async function git(cwd: string, args: readonly string[], options: GitOptions = {}): Promise<GitResult> {
  const result = await gitBytes(cwd, args, options)
  return { ...result, stdout: fromBytes(result.stdout) }
}

/** As `git`, with standard output as bytes: for the contents of files. */
export async function gitBytes(
  cwd: string,
  args: readonly string[],
  options: GitOptions = {},
): Promise<{ status: number; stdout: Buffer; stderr: string }> {
  const all = options.hooks ? args : [...withoutHooks(), ...args]
  const where = options.discover || options.env?.GIT_DIR ? {} : locating(cwd)
  return start(cwd, all, { ...gitEnvironment(), ...where, ...options.env }, options)
}

let hooksRun = false

/** Whether the person's git hooks run for our own commands, too (`git.hooks` of `oompa.json`), in this process. */
export function runGitHooks(on: boolean): void {
  hooksRun = on
}

/** Runs a hook of the person's that git itself does not run for what we did in `cwd`, where git hooks are to run. */
export async function runGitHook(cwd: string, name: 'post-checkout', args: readonly string[]): Promise<void> {
  if (hooksRun) await git(cwd, ['hook', 'run', '--ignore-missing', name, '--', ...args])
}

/** What turns the person's git hooks off for one call of git; nothing where they are to run. */
export function withoutHooks(): readonly string[] {
  return hooksRun ? [] : ['-c', 'core.hooksPath=/dev/null']
}

function start(
  cwd: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { signal, input }: GitOptions,
): Promise<{ status: number; stdout: Buffer; stderr: string }> {
  return new Promise((resolve, reject) => {
    // A submodule may have a name in which Node can start nothing.
    const command = commandLine(isText(cwd) ? args : ['-C', cwd, ...args])
    const child = spawn(command.file, command.args, {
      cwd: isText(cwd) ? cwd : '/',
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: UNINTERRUPTED,
      signal,
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.stdin.on('error', () => {}) // git may end before it has read everything
    child.stdin.end(typeof input === 'string' ? toBytes(input) : input)
    child.on('error', (cause) => {
      reject(
        new OompaError({
          code: 'git-missing',
          message: `Cannot start git in ${cwd}: ${cause.message}.`,
          mend: 'Install git 2.38 or newer, and check that the folder exists.',
          cause,
        }),
      )
    })
    child.on('close', (status, signal) => {
      const stderr = Buffer.concat(err).toString('utf8')
      if (status === null) reject(gitFailed(cwd, args, signal ?? 'no status', stderr))
      else resolve({ status, stdout: Buffer.concat(out), stderr })
    })
  })
}

/**
 * Runs git and gives its standard output without the last line end.
 * @throws OompaError `git-failed` with git's own words if the status is not 0.
 */
export async function gitText(cwd: string, args: readonly string[], options: GitOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await git(cwd, args, options)
  if (status !== 0) throw gitFailed(cwd, args, status, stderr || stdout)
  return stdout.replace(/\n$/, '')
}

/** The error for a git command that should have worked. */
export function gitFailed(cwd: string, args: readonly string[], status: number | string, output: string): OompaError {
  const unsafe = unsafeRepository(cwd, output)
  if (unsafe) return unsafe
  return new OompaError({
    code: 'git-failed',
    message: `\`git ${args.join(' ')}\` in ${cwd} ended with ${typeof status === 'number' ? `status ${status}` : status}: ${output.trim() || 'no output'}`,
  })
}
