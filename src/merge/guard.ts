// Keeps agents from moving the target by mistake: in their environment, git asks a hook of ours before a ref moves.
// It is a fence and not a wall: what gets past it is noticed (bypass.ts, src/swarm/watch-shared.ts).

import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { isErrno, OompaError } from '../errors.js'
import { gitFolders, ourFolder } from '../git/folders.js'
import { remembered } from '../git/remembered.js'
import { removeOurs } from '../git/remove.js'
import { git } from '../git/run-git.js'
import { findExecutable } from '../processes/find-executable.js'
import { type GuardFacts, guardScripts } from './guard-scripts.js'

export interface GuardOptions {
  /** The main checkout, absolute. */
  readonly root: string
  readonly swarm: string
  /** The target, without `refs/heads/`. */
  readonly into: string
  /** The agent's own branch, without `refs/heads/`. */
  readonly branch: string
  /** The environment that the agent gets otherwise; ours unless given. */
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Variables for an agent's environment, under which git refuses to move the target, other workers' branches, kept work
 * and the stash, and runs the person's own hooks as before. Each worktree has a guard of its own, which is looked at
 * here, before each turn, and made anew where it is not what we wrote.
 */
export async function guardEnvironment(options: GuardOptions): Promise<Record<string, string>> {
  const { root, swarm, branch, into } = options
  const { common } = gitFolders(root)
  const theirs = (await hooksPath(root)) || path.join(common, 'hooks')
  const env = options.env ?? process.env
  const count = Number.parseInt(env.GIT_CONFIG_COUNT ?? '0', 10) || 0
  const folder = guardFolder(common, swarm, branch)
  const own = ownFolder(folder)
  mkdirSync(path.join(own, 'hooks'), { recursive: true })
  const facts: GuardFacts = { common, theirs, into, own, git: findGit(env), at: count }
  const scripts = guardScripts(facts, hookNames(path.resolve(root, theirs)))
  if (!isAsWritten(folder, scripts)) writeScripts(folder, scripts)
  removeEarlier(folder)
  const guard: Record<string, string> = {
    OOMPA_BRANCH: branch,
    PATH: [path.join(folder, 'bin'), ...(env.PATH ? [env.PATH] : [])].join(path.delimiter),
    GIT_CONFIG_COUNT: String(count + 1),
  }
  // All of them, because an allow-list may keep the others from the agent, and git dies of a gap.
  for (let at = 0; at < count; at++) {
    for (const name of [`GIT_CONFIG_KEY_${at}`, `GIT_CONFIG_VALUE_${at}`]) guard[name] = env[name] ?? ''
  }
  guard[`GIT_CONFIG_KEY_${count}`] = 'core.hooksPath'
  guard[`GIT_CONFIG_VALUE_${count}`] = path.join(folder, 'hooks')
  return guard
}

/** The person's `core.hooksPath`, which an install may set while we run; empty if there is none. */
const hooksPath = remembered(async (root) => {
  const { stdout } = await git(root, ['config', '--type=path', '--get', 'core.hooksPath'], { hooks: true })
  return stdout.trim()
})

function guardsFolder(common: string, swarm: string): string {
  return path.join(ourFolder(common), 'guard', swarm)
}

function guardFolder(common: string, swarm: string, branch: string): string {
  return path.join(guardsFolder(common, swarm), branch.replace(/^oompa\//, '').replace(/[^\w.-]/g, '-'))
}

/** What belongs to the agent of a guard: hooks that it installs, and what was recorded of it. */
function ownFolder(folder: string): string {
  return `${folder}.own`
}

/** What a guard has recorded of its agent: commands that write what is shared, and refs that they moved. Data. */
export function guardRecord(root: string, swarm: string, branch: string): string[] {
  const { common } = gitFolders(root)
  try {
    const text = readFileSync(path.join(ownFolder(guardFolder(common, swarm, branch)), 'record'), 'utf8')
    return text.split('\n').filter(Boolean)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EISDIR', 'ENOTDIR')) return []
    throw error
  }
}

/** Whether somebody has changed a guard since it was made; it is made anew before the next turn. */
export function guardIsChanged(options: Pick<GuardOptions, 'root' | 'swarm' | 'branch'>): boolean {
  const { root, swarm, branch } = options
  const folder = guardFolder(gitFolders(root).common, swarm, branch)
  const written = made.get(folder)
  return written !== undefined && !isAsWritten(folder, written)
}

/** The scripts of each guard, as they were written. */
const made = new Map<string, Readonly<Record<string, string>>>()

/** Removes the guards of a swarm that has ended. */
export function removeGuards(root: string, swarm: string): void {
  remove(guardsFolder(gitFolders(root).common, swarm))
}

/** An iteration's guard is of no use when its worker is in the next one. */
function removeEarlier(folder: string): void {
  const worker = /^(w\d+)-i\d+$/.exec(path.basename(folder))?.[1]
  if (!worker) return
  const others = readdirSync(path.dirname(folder)).filter((name) => new RegExp(`^${worker}-i\\d+(\\.own)?$`).test(name))
  for (const name of others) {
    const other = path.join(path.dirname(folder), name)
    if (other !== folder && other !== ownFolder(folder)) remove(other)
  }
}

/** What is in a folder that nobody may write to cannot be removed from it. */
function remove(folder: string): void {
  made.delete(folder)
  makeWritable(folder)
  removeOurs(folder)
}

function makeWritable(folder: string): void {
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
  chmodSync(folder, 0o755)
  for (const name of readdirSync(folder)) makeWritable(path.join(folder, name))
}

/** These files and no others, with these contents, and executable. */
function isAsWritten(folder: string, scripts: Readonly<Record<string, string>>): boolean {
  try {
    const there = ['hooks', 'bin'].flatMap((one) => readdirSync(path.join(folder, one)).map((name) => `${one}/${name}`))
    if (there.length !== Object.keys(scripts).length) return false
    return Object.entries(scripts).every(([name, script]) => {
      const file = path.join(folder, name)
      const facts = lstatSync(file)
      return facts.isFile() && (facts.mode & 0o111) === 0o111 && readFileSync(file, 'utf8') === script
    })
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return false
    throw error
  }
}

/** Whole or not at all, and not to be written to: installers of hooks are to find another place (guard-scripts.ts). */
function writeScripts(folder: string, scripts: Readonly<Record<string, string>>): void {
  const making = `${folder}.${process.pid}`
  remove(making)
  for (const [name, script] of Object.entries(scripts)) {
    const file = path.join(making, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, script, { mode: 0o555 })
  }
  for (const part of ['hooks', 'bin']) chmodSync(path.join(making, part), 0o555)
  remove(folder)
  renameSync(making, folder)
  chmodSync(folder, 0o555)
  made.set(folder, scripts)
}

function hookNames(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(folder).filter((name) => {
    if (name.includes('.')) return false
    const facts = statSync(path.join(folder, name), { throwIfNoEntry: false })
    return facts?.isFile() === true && (facts.mode & 0o111) !== 0
  })
}

/** The git that the agent has otherwise. */
function findGit(env: NodeJS.ProcessEnv): string {
  const found = findExecutable('git', env, '/')
  if (found) return found
  throw new OompaError({
    code: 'git-missing',
    message: 'There is no git on the PATH.',
    mend: 'Install git 2.38 or newer.',
  })
}
