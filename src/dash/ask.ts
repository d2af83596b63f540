// Asks our own command line: what a person does by a button is what the command does, in a process of its own, with its
// own refusals. It also loads hooks, which the server has no need to.

import { execFile } from 'node:child_process'
import path from 'node:path'
import { packageFolder } from '../files/package.js'

export interface Asked {
  readonly status: number
  /** What it printed as JSON; undefined if it printed none. */
  readonly json?: unknown
  /** What it said beside it. */
  readonly words: string
}

/** A landing runs the whole test. */
const LONGEST_MS = 60 * 60_000
const MOST_BYTES = 16 << 20

/** Runs `oompa <words>` in `root`. */
export function ask(root: string, words: readonly string[]): Promise<Asked> {
  const program = path.join(packageFolder, 'bin', 'oompa')
  const options = { cwd: root, timeout: LONGEST_MS, maxBuffer: MOST_BYTES }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...words], options, (error, stdout, stderr) => {
      const status = error ? (typeof error.code === 'number' ? error.code : 1) : 0
      resolve({ status, json: parsed(stdout), words: stderr || (error && !stdout ? error.message : '') })
    })
    child.stdin?.end()
  })
}

/** Gives what asks the same, once in so many milliseconds: whoever comes meanwhile has that answer. */
export function askedAtMost(root: string, everyMs: number, words: readonly string[]): () => Promise<Asked> {
  let last: { readonly at: number; readonly answer: Promise<Asked> } | undefined
  return () => {
    const now = performance.now()
    if (!last || now - last.at > everyMs) last = { at: now, answer: ask(root, words) }
    return last.answer
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
