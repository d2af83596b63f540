// Writes workers' conversations down with `codex-persist`, where it is installed, so that other programs can show them.

import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { findExecutable } from '../processes/find-executable.js'
import { runProcess } from '../processes/run-process.js'

/** It takes the text in argv, where Linux allows 128 KiB for one argument. */
const LONGEST_BYTES = 100_000
/** One call; more than this is in the way. */
const CALL_MS = 10_000

export interface Persistence {
  /**
   * Writes one message, in the order of the calls; never waits, never fails.
   * @param worktree absolute path of the worktree that it was said in
   */
  write(worktree: string, role: 'user' | 'assistant', text: string): void
}

export interface Persister {
  /**
   * The conversation of one worker, in a session of its own.
   * @param tag `[oompa:<swarm>:<worker>] `, put before the first message of the user unless it is there.
   */
  conversation(tag: string): Persistence
  /** Waits for the calls that are on their way, at most `limitMs`. */
  settle(limitMs: number): Promise<void>
}

/** How to call it: `CODEX_PERSIST_BIN`, then the PATH, then the checkout in the home folder; undefined if there is none. */
export function findPersister(env: NodeJS.ProcessEnv): { file: string; args: readonly string[] } | undefined {
  const named = env.CODEX_PERSIST_BIN
  if (named && /\.[cm]?js$/.test(named) && existsSync(named)) return { file: process.execPath, args: [named] }
  if (named) return findExecutable(named, env, '/') ? { file: named, args: [] } : undefined
  const onPath = findExecutable('codex-persist', env, '/')
  if (onPath) return { file: onPath, args: [] }
  const checkout = path.join(env.HOME || homedir(), 'git/codex-persist/dist/cli.js')
  return existsSync(checkout) ? { file: process.execPath, args: [checkout] } : undefined
}

/** Writes conversations down, or does nothing where `codex-persist` is not installed. */
export function openPersister(env: NodeJS.ProcessEnv): Persister {
  const command = findPersister(env)
  const stop = new AbortController()
  const pending = new Set<Promise<void>>()
  const call = async (args: readonly string[]): Promise<void> => {
    if (!command) return
    await runProcess({
      file: command.file,
      args: [...command.args, ...args],
      cwd: '/',
      env,
      timeoutMs: CALL_MS,
      signal: stop.signal,
    }).catch(() => {})
  }
  return {
    conversation(tag) {
      const session = randomUUID()
      let before = Promise.resolve()
      let first = true
      return {
        write(worktree, role, text) {
          if (!command) return
          const tagged = first && role === 'user' && !text.startsWith('[oompa') ? tag + text : text
          if (role === 'user') first = false
          before = before.then(() => call(['write', session, worktree, role, cut(tagged)]))
          const mine = before.finally(() => pending.delete(mine))
          pending.add(mine)
        },
      }
    },
    async settle(limitMs) {
      if (pending.size === 0) return
      const timer = setTimeout(() => stop.abort(), limitMs)
      await Promise.all(pending)
      clearTimeout(timer)
    },
  }
}

/** What fits into an argument; says so where it cuts. */
export function cut(text: string): string {
  const bytes = Buffer.from(text.replaceAll('\0', ''))
  if (bytes.length <= LONGEST_BYTES) return bytes.toString()
  // Back to the beginning of a character.
  let end = LONGEST_BYTES
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1
  return `${bytes.subarray(0, end)}\n[oompa: cut here, ${bytes.length - end} bytes more]`
}
