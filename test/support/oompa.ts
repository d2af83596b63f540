// Runs the built command line as a person's shell would.

import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'

export const packageRoot = path.resolve(import.meta.dirname, '../..')
export const oompaBin = path.join(packageRoot, 'bin/oompa')
export const loopFile = path.join(packageRoot, 'oompa_loompas.mjs')

export interface Ended {
  status: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when the output so far matches; rejects if the process ends first. */
  prints(pattern: RegExp): Promise<void>
}

/** Starts a program and collects what it prints. */
export function start(
  file: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv; input?: string; detached?: boolean },
): Running {
  const child = spawn(file, [...args], {
    cwd: options.cwd,
    env: options.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: options.detached ?? false,
  })
  let stdout = ''
  let stderr = ''
  const watchers = new Set<() => void>()
  const changed = () => {
    for (const watcher of watchers) watcher()
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    changed()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    changed()
  })
  child.stdin.on('error', () => {})
  child.stdin.end(options.input)
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr }))
  })
  return {
    child,
    ended,
    prints: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!pattern.test(stdout + stderr)) return
          watchers.delete(look)
          resolve()
        }
        watchers.add(look)
        void ended.then(() => reject(new Error(`ended without printing ${pattern}:\n${stdout}${stderr}`)))
        look()
      }),
  }
}

/** Runs `oompa …` to its end. */
export function oompa(
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv; input?: string },
): Promise<Ended> {
  return start(process.execPath, [oompaBin, ...args], options).ended
}
