// Where a merged tree is tested before the target moves: a worktree in the user's cache folder, used again and again.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { messageOf, OompaError } from '../errors.js'
import { kindOf } from '../files/kind.js'
import { cacheFolder, gatesFolder } from '../files/paths.js'
import { readProof, writeProof } from '../files/proofs.js'
import { gitFolders } from '../git/folders.js'
import { clearFlags } from '../git/index-flags.js'
import { clearLeftLocks } from '../git/left-locks.js'
import { requireOurs } from '../git/ours.js'
import { readStatus } from '../git/read-status.js'
import { registrationsOf } from '../git/registrations.js'
import { cachePlace, removeScratch } from '../git/remove.js'
import { git, gitFailed, gitText } from '../git/run-git.js'
import { someOf } from '../hooks/patterns.js'
import { type HeldLock, WORKTREE_LOCK, withLock } from '../locks/index.js'
import type { CommandResult } from '../processes/contract.js'
import { cleanOthers, MADE_FILE } from '../worktrees/made.js'
import type { LandContext } from './contract.js'

export interface GateTest {
  /** A shell line. */
  readonly command: string
  readonly timeoutMs: number
  /** Added to the environment: the lock that is held, so that the test may call `oompa lock` itself. */
  readonly env?: Readonly<Record<string, string>>
}

/** More gates than this at once for one repository, and something is wrong. */
const MOST_GATES = 64

/**
 * Runs the test on a commit, in a free gate. What passes has to be the commit's own files: where others stand there
 * afterwards, it is tested again.
 * @throws OompaError `gate-failed` if no gate can be made, its dependencies cannot be installed, or somebody writes in it
 */
export function testCommit(context: LandContext, commit: string, test: GateTest): Promise<CommandResult> {
  return inGate(context, commit, async (gate, lock) => {
    const first = await testOnce(context, { gate, commit, test, lock })
    if (first.result.status !== 0 || isOwnDoing(context.root, test.command, first.written)) return first.result
    await checkOut(context.root, gate, commit)
    const again = await testOnce(context, { gate, commit, test, lock })
    if (again.result.status !== 0) return again.result
    const files = someOf(first.written)
    if (again.written.length === 0) {
      const text = `Somebody wrote in ${gate} while ${commit.slice(0, 12)} was tested there (${files}): it was tested again, and passed.`
      context.emit({ type: 'note', level: 'warning', text })
      return again.result
    }
    if (first.written.join('\0') !== again.written.join('\0')) throw writtenIn(gate, again.written)
    rememberDoing(context.root, test.command, first.written)
    const text = `\`${test.command}\` changes files that git tracks (${files}): it passes on what it makes of them, and that is not what lands.`
    context.emit({ type: 'note', level: 'warning', text })
    return again.result
  })
}

async function testOnce(
  context: LandContext,
  { gate, commit, test, lock }: { gate: string; commit: string; test: GateTest; lock: HeldLock },
): Promise<{ result: CommandResult; written: readonly string[] }> {
  await context.prepare?.({ name: path.basename(gate), path: gate, branch: '', base: commit })
  const before = await differing(gate, commit)
  const result = await context.run(test.command, {
    cwd: gate,
    env: { ...context.env, ...test.env, ...lock.env, OOMPA_ROOT: context.root, OOMPA_WORKTREE: gate },
    timeoutMs: test.timeoutMs,
    // Never without one: some runners fall back to the swarm's.
    signal: context.testSignal ?? new AbortController().signal,
  })
  if (result.status !== 0) return { result, written: [] }
  return { result, written: (await differing(gate, commit)).filter((file) => !before.includes(file)) }
}

/** Takes the first gate that nobody is using, with `commit` checked out, and of the last test's nothing but what the person's set-up made. */
async function inGate<T>(
  context: LandContext,
  commit: string,
  work: (gate: string, lock: HeldLock) => Promise<T>,
): Promise<T> {
  const folder = cachePlace(cacheFolder(context.root), 'gates')
  for (let number = 1; number <= MOST_GATES; number++) {
    const gate = path.join(folder, `gate-${number}`)
    try {
      return await withLock(
        context.root,
        `gate-${number}`,
        async (lock) => {
          await checkOut(context.root, gate, commit)
          return work(gate, lock)
        },
        { timeoutMs: 0, signal: context.signal },
      )
    } catch (error) {
      if (!(error instanceof OompaError && error.code === 'lock-timeout')) throw error
    }
  }
  throw new OompaError({ code: 'gate-failed', message: `All ${MOST_GATES} gates of ${context.root} are in use.` })
}

/** Removes the gates that nobody is using, dependencies and all; gives their names. The next test makes a new one. */
export async function removeIdleGates(root: string): Promise<string[]> {
  const folder = gatesFolder(root)
  const removed: string[] = []
  for (const name of existsSync(folder) ? readdirSync(folder).filter((one) => /^gate-\d+$/.test(one)) : []) {
    const gate = path.join(folder, name)
    try {
      await withLock(root, name, async () => removeScratch(root, gate), { timeoutMs: 0 })
      removed.push(name)
    } catch (error) {
      if (!(error instanceof OompaError && error.code === 'lock-timeout')) throw error
    }
  }
  return removed
}

async function checkOut(root: string, gate: string, commit: string): Promise<void> {
  if (isWhole(root, gate) && (await reuse(root, gate, commit))) return
  // Ours, and nothing in it that is not in git.
  removeScratch(root, gate)
  const args = ['worktree', 'add', '--force', '--detach', gate, commit]
  const made = await withLock(root, WORKTREE_LOCK, () => git(root, args))
  if (made.status !== 0) {
    throw new OompaError({
      code: 'gate-failed',
      message: `The gate ${gate} could not be made: ${messageOf(gitFailed(root, args, made.status, made.stderr))}`,
      mend: 'oompa cleanup',
    })
  }
}

/** Whether the gate is the worktree that we made: its entry goes when somebody prunes, and a test writes where it likes. */
function isWhole(root: string, gate: string): boolean {
  if (kindOf(gate) !== 'folder' || registrationsOf(gitFolders(root).common, gate).length !== 1) return false
  try {
    return existsSync(path.join(requireOurs(gate).own, 'HEAD'))
  } catch (error) {
    if (error instanceof OompaError && error.code === 'worktree-changed') return false
    throw error
  }
}

async function reuse(root: string, gate: string, commit: string): Promise<boolean> {
  const { own } = gitFolders(gate)
  try {
    await clearLeftLocks(gate)
    await clearFlags(gate)
    await gitText(gate, ['checkout', '--quiet', '--force', '--detach', commit])
    await cleanOthers(root, gate, path.join(own, MADE_FILE))
    return true
  } catch (error) {
    if (error instanceof OompaError && error.code === 'git-failed') return false
    throw error
  }
}

// Which tracked files a test left changed in its gate. Some tests do so themselves, on every run; otherwise somebody else
// writes there, and what passed was not what is to land.

/** Tracked files of a gate that are not the commit's; `HEAD` if it is on another commit. */
async function differing(gate: string, commit: string): Promise<string[]> {
  try {
    await clearFlags(gate)
    const status = await readStatus(gate, { trackedOnly: true })
    const moved = status.commit === commit ? [] : ['HEAD']
    return [...moved, ...status.entries.map((entry) => entry.path)].sort()
  } catch (error) {
    if (error instanceof OompaError && error.code === 'worktree-changed') return ['.git']
    throw error
  }
}

/** Files that a test itself changes, by its command: what passes with these changes and no others has passed. */
const doings = new Map<string, ReadonlySet<string>>()

/** Whether these are files that the test is known to change. */
function isOwnDoing(root: string, command: string, written: readonly string[]): boolean {
  if (written.length === 0) return true
  const known = doings.get(doingName(root, command)) ?? readDoing(root, command)
  return written.every((file) => known.has(file))
}

/** Remembers which files a test changes, for later processes, too. */
function rememberDoing(root: string, command: string, written: readonly string[]): void {
  const name = doingName(root, command)
  doings.set(name, new Set(written))
  writeProof(root, 'tests', name, { command, files: written })
}

function readDoing(root: string, command: string): ReadonlySet<string> {
  const proof = readProof(root, 'tests', doingName(root, command))
  const files = typeof proof === 'object' && proof !== null && 'files' in proof ? proof.files : []
  return new Set(Array.isArray(files) ? files.filter((one): one is string => typeof one === 'string') : [])
}

function doingName(root: string, command: string): string {
  return createHash('sha256').update(`${root}\0${command}`).digest('hex').slice(0, 40)
}

/** The error for a gate in which somebody else works. */
function writtenIn(gate: string, files: readonly string[]): OompaError {
  return new OompaError({
    code: 'gate-failed',
    message: `Somebody writes in ${gate} while it is tested there: ${someOf(files)}.`,
    mend: 'Only oompa works there. End what else does: ps -ef',
  })
}
