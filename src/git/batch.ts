// A git command that stays and answers one request after another: starting one costs more than most answers do.

import { type ChildProcess, spawn } from 'node:child_process'
import { OompaError } from '../errors.js'
import { toBytes } from '../files/bytes.js'
import { locating } from './folders.js'
import { gitEnvironment, UNINTERRUPTED } from './git-environment.js'
import { withoutHooks } from './run-git.js'
import { unsafeRepository } from './unsafe.js'

export interface Conversation {
  /**
   * Sends a request and gives its answer. `read` looks at all bytes since the last answer, and gives the answer and
   * how many of them it took, or undefined while there is not enough.
   * @throws OompaError `git-ended` if git ends before it has answered; the next request starts it again.
   */
  ask<T>(request: string, read: (bytes: Buffer) => { answer: T; taken: number } | undefined): Promise<T>
  /** Starts git before the first request, while we have something else to wait for. */
  start(): void
  close(): void
}

interface Asked {
  look(bytes: Buffer): number | undefined
  fail(error: Error): void
}

/** Starts `git <args>` in `cwd` at the first request, and again whenever it has ended. Does not keep us alive. */
export function converse(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Conversation {
  let child: ChildProcess | undefined
  let bytes: Buffer = Buffer.alloc(0)
  let asked: Asked[] = []
  /** What is asked at one moment goes out in one write: each wakes git, which takes our core. */
  let unsent = ''

  function send(request: string): void {
    if (unsent === '') queueMicrotask(flush)
    unsent += request
  }

  function flush(): void {
    // Git may have ended since, and then nobody waits for these answers any more.
    child?.stdin?.write(toBytes(unsent))
    unsent = ''
  }

  function begin(): ChildProcess {
    const started = spawn('git', [...withoutHooks(), ...args], {
      cwd,
      env: { ...gitEnvironment(), ...(env.GIT_DIR ? {} : locating(cwd)), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: UNINTERRUPTED,
    })
    let stderr = ''
    bytes = Buffer.alloc(0)
    started.stdout.on('data', (chunk: Buffer) => {
      bytes = bytes.length ? Buffer.concat([bytes, chunk]) : chunk
      for (let first = asked[0]; first; first = asked[0]) {
        const taken = first.look(bytes)
        if (taken === undefined) break
        bytes = bytes.subarray(taken)
        asked.shift()
      }
      keepAlive(asked.length > 0)
    })
    started.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-4000)
    })
    started.stdin.on('error', () => {})
    const ended = (why: string) => {
      if (child !== started) return
      child = undefined
      const waiting = asked
      asked = []
      unsent = ''
      const message = `\`git ${args.join(' ')}\` in ${cwd} ended: ${why}`
      const error = unsafeRepository(cwd, why) ?? new OompaError({ code: 'git-ended', message })
      for (const one of waiting) one.fail(error)
    }
    started.on('error', (error) => ended(error.message))
    started.on('close', (status) => ended(stderr.trim() || `status ${status}`))
    return started
  }

  /** Only an answer that somebody waits for may hold the process back from its end. */
  function keepAlive(yes: boolean): void {
    if (!child) return
    const handles = [child, child.stdin, child.stdout, child.stderr] as { ref?(): void; unref?(): void }[]
    for (const handle of handles) yes ? handle.ref?.() : handle.unref?.()
  }

  return {
    ask(request, read) {
      return new Promise((resolve, reject) => {
        child ??= begin()
        asked.push({
          look(all) {
            const found = read(all)
            if (found) resolve(found.answer)
            return found?.taken
          },
          fail: reject,
        })
        keepAlive(true)
        send(request)
      })
    },
    start() {
      child ??= begin()
      keepAlive(asked.length > 0)
    },
    close() {
      // Whoever asks next gets a new one; what is under way is answered.
      if (asked.length > 0) return
      child?.stdin?.end()
      child = undefined
    },
  }
}
