// Moves a ref from a value that it must have to a new one: the compare-and-swap on which every landing rests.

import { spawn } from 'node:child_process'
import { OompaError } from '../errors.js'
import { toBytes } from '../files/bytes.js'
import { commandLine } from './arguments.js'
import { type Conversation, converse } from './batch.js'
import { gitFolders, locating } from './folders.js'
import { gitEnvironment, UNINTERRUPTED } from './git-environment.js'
import { clearRefLock, clearSwapLocks } from './left-locks.js'
import { gitText, withoutHooks } from './run-git.js'

export interface Swap {
  /** The whole name, `refs/heads/main`. */
  readonly ref: string
  readonly from: string
  readonly to: string
  /** For the reflog. */
  readonly message: string
}

/** A swap that has been checked and holds the ref: until its end nobody else can move it. */
export interface PreparedSwap {
  commit(): Promise<void>
  /** Lets go of the ref, which keeps its value. */
  abort(): Promise<void>
}

/**
 * Checks that the ref has the value `from`, and holds it.
 * If we die, git sees the end of its input and lets go by itself.
 * @returns undefined if the ref has another value, or is gone
 * @throws OompaError `ref-locked` (status 4) if something else holds it
 */
export async function prepareSwap(root: string, swap: Swap): Promise<PreparedSwap | undefined> {
  for (let attempt = 1; ; attempt++) {
    const made = await tryPrepare(root, swap)
    if (typeof made !== 'string') return made
    if (made === KILLED && attempt < 10) continue
    if (!/File exists|Unable to create|cannot lock ref/i.test(made) || /but expected|unable to resolve/i.test(made)) {
      if (/but expected|unable to resolve|reference is missing/i.test(made)) return undefined
      throw new OompaError({ code: 'git-failed', message: `Git cannot move ${swap.ref} in ${root}: ${made}` })
    }
    if (attempt === 10) {
      throw new OompaError({
        code: 'ref-locked',
        message: `${swap.ref} is held by another git process: ${made}`,
        mend: `If no git is running: rm "$(git rev-parse --git-common-dir)/${swap.ref}.lock"`,
        status: 4,
      })
    }
    await new Promise((resolve) => setTimeout(resolve, 20 * attempt))
  }
}

const KILLED = 'it was killed'
/** A file's time may be of the tick before, milliseconds. */
const CLOCK_MS = 20

/** Gives git's own words if it cannot. A git of its own for each: one that stays dates every reflog line as its first. */
function tryPrepare(root: string, swap: Swap): Promise<PreparedSwap | string> {
  return new Promise((resolve, reject) => {
    const sinceMs = Date.now() - CLOCK_MS
    const { common } = gitFolders(root)
    const args = [...withoutHooks(), 'update-ref', '-m', swap.message.split('\n')[0]!, '--stdin']
    const command = commandLine(args)
    const child = spawn(command.file, command.args, {
      cwd: root,
      env: { ...gitEnvironment(), ...locating(root) },
      detached: UNINTERRUPTED,
    })
    let out = ''
    let err = ''
    child.stdin.on('error', () => {})
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text
    })
    const ended = new Promise<string | undefined>((done) => {
      child.on('error', (error) => done(error.message))
      child.on('close', (status, signal) => {
        const why = status === 0 ? undefined : err.trim() || `status ${status}`
        if (signal === null) return done(why)
        // What it held would hold the ref for ever, since we live.
        void clearSwapLocks(common, swap, sinceMs)
          .catch(() => {})
          .then(() => done(KILLED))
      })
    })
    void ended.then((why) => resolve(why ?? 'it ended early'), reject)
    const finish = async (word: 'commit' | 'abort') => {
      child.stdin.end(`${word}\n`)
      const why = await ended
      if (why && word === 'commit') {
        throw new OompaError({ code: 'git-failed', message: `Git cannot move ${swap.ref} in ${root}: ${why}` })
      }
    }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      if (out.includes('prepare: ok')) resolve({ commit: () => finish('commit'), abort: () => finish('abort') })
    })
    child.stdin.write(toBytes(`start\nupdate ${swap.ref} ${swap.to} ${swap.from}\nprepare\n`))
  })
}

/**
 * Lets a ref of ours name a commit, also where a git that was killed has left its lock on it. One that an agent has made
 * a symbolic ref is written itself, and not what it names.
 * @throws OompaError `git-failed`
 */
export async function pointRef(root: string, ref: string, commit: string, message: string): Promise<void> {
  const point = () => gitText(root, ['update-ref', '--no-deref', '-m', message, '--', ref, commit])
  try {
    await point()
  } catch (error) {
    if (!(await clearRefLock(gitFolders(root).common, ref))) throw error
    await point()
  }
}

/** One git that stays for the deletions of a repository, and the end of the last of them. */
const deletions = new Map<string, { readonly talk: Conversation; last: Promise<unknown> }>()

/**
 * Deletes a ref if it has the value `from`. One that an agent has made a symbolic ref goes itself, not what it names.
 * @returns false if it has another by now, is gone, or is held by somebody else
 */
export function deleteRef(root: string, ref: string, from: string): Promise<boolean> {
  const one = deletions.get(root) ?? { talk: converse(root, ['update-ref', '--stdin']), last: Promise.resolve() }
  deletions.set(root, one)
  // One after another: a deletion that git refuses ends it, and whatever was asked behind it.
  const deleted = one.last.then(async () => {
    try {
      return await one.talk.ask(`start\noption no-deref\ndelete ${ref} ${from}\nprepare\ncommit\n`, (bytes) => {
        const end = bytes.indexOf(DELETED)
        return end < 0 ? undefined : { answer: true, taken: end + DELETED.length }
      })
    } catch (error) {
      if (error instanceof OompaError && error.code === 'git-ended') return false
      throw error
    }
  })
  one.last = deleted.catch(() => {})
  return deleted
}

const DELETED = 'commit: ok\n'
