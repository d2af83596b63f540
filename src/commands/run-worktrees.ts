// `oompa run --worktrees alpha,beta`: a loop in each of several named worktrees, as one terminal for each would have it.

import { spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { STATUS, type Status, usageError } from '../errors.js'
import { packageFolder } from '../files/package.js'
import { findRepository } from '../git/repository.js'
import { type NamedLoop, namedLoop, namedPath } from '../worktrees/named.js'

/**
 * @param argv further words of the call, the same for all
 * @returns 0 if any loop has done something and none has failed
 */
export async function runInWorktrees(names: readonly string[], argv: readonly string[]): Promise<Status> {
  const { root } = await findRepository()
  const places = await Promise.all(names.map((name) => placeOf(root, name)))
  const widest = Math.max(...names.map((name) => name.length))
  const running = places.map((place) =>
    start(place, argv, argv.includes('--json') ? '' : place.name.padEnd(widest + 2)),
  )
  // On a terminal Ctrl-C reaches all of them; what is sent to us alone is passed on.
  const pass = (signal: NodeJS.Signals) => {
    for (const { child } of running) child.kill(signal)
  }
  const signals = ['SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, pass)
  const hold = () => {}
  process.on('SIGINT', hold)
  try {
    return worst(await Promise.all(running.map(({ ended }) => ended)))
  } finally {
    for (const signal of signals) process.off(signal, pass)
    process.off('SIGINT', hold)
  }
}

async function placeOf(root: string, name: string): Promise<NamedLoop> {
  const found = await namedLoop(root, namedPath(root, name))
  if (found) return found
  throw usageError(
    `There is no worktree \`${name}\` to run a loop in.`,
    `oompa worktree new ${name || 'NAME'}`,
    'not-found',
  )
}

function start({ path: cwd }: NamedLoop, argv: readonly string[], prefix: string) {
  const child = spawn(process.execPath, [path.join(packageFolder, 'bin', 'oompa'), 'run', ...argv], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const shown = [show(child.stdout, process.stdout, prefix), show(child.stderr, process.stderr, prefix)]
  const ended = new Promise<number>((resolve) => {
    child.on('error', () => resolve(STATUS.failed))
    child.on('close', (status) => resolve(status ?? STATUS.failed))
  })
  return { child, ended: Promise.all([ended, ...shown]).then(([status]) => status) }
}

async function show(from: Readable, to: NodeJS.WriteStream, prefix: string): Promise<void> {
  for await (const line of createInterface({ input: from })) to.write(`${prefix}${line}\n`)
}

/** One that found no task is no failure where others did. Pure. */
function worst(statuses: readonly number[]): Status {
  const bad = statuses.filter((status) => status !== STATUS.done && status !== STATUS.nothing)
  if (bad.length > 0) return Math.max(...bad) as Status
  return statuses.every((status) => status === STATUS.nothing) ? STATUS.nothing : STATUS.done
}
