// How a swarm was started, written down where its agents do not reach: what a resume starts again is this, and not what
// a line of the log says.

import { existsSync } from 'node:fs'
import type { EventFacts } from '../events/contract.js'
import { runFolder } from '../files/paths.js'
import { proofNames, readProof, removeProof, writeProof } from '../files/proofs.js'
import { removeOurs } from '../git/remove.js'

/** What a resume takes over from a start. */
export interface StartFacts {
  readonly argv: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly workers: EventFacts['swarm.started']['workers']
  /** The branch that it lands on, without `refs/heads/`: its own to its end, wherever the checkout is by then. */
  readonly into?: string
  readonly level?: number
  /** The named worktree that it is a loop in. */
  readonly named?: string
}

/** Writes it down, and forgets swarms whose log is gone. */
export function proveStart(root: string, swarm: string, facts: StartFacts): void {
  const { argv, environment, workers, into, level, named } = facts
  for (const old of proofNames(root, 'starts')) {
    if (old !== swarm && !existsSync(runFolder(root, old))) removeProof(root, 'starts', old)
  }
  writeProof(root, 'starts', swarm, { argv, environment, workers, into, level, named })
}

/** Takes away all that was written down of a swarm that could not start. */
export function forgetStart(root: string, swarm: string): void {
  removeOurs(runFolder(root, swarm))
  removeProof(root, 'starts', swarm)
}

/** The proof of a swarm's latest start; undefined where there is none. */
export function provenStart(root: string, swarm: string): StartFacts | undefined {
  return readStart(readProof(root, 'starts', swarm))
}

/** A start as a proof or a log has it; undefined if it has another form. Its workers' names become paths. Pure. */
export function readStart(value: unknown): StartFacts | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const argv: unknown = Reflect.get(value, 'argv') ?? ['run']
  const environment: unknown = Reflect.get(value, 'environment') ?? {}
  const workers: unknown = Reflect.get(value, 'workers')
  if (!Array.isArray(argv) || !Array.isArray(workers)) return undefined
  if (typeof environment !== 'object' || environment === null) return undefined
  const pairs = Object.entries(environment)
  if (!argv.every((word) => typeof word === 'string')) return undefined
  if (!pairs.every(([, one]) => typeof one === 'string') || !workers.every(isWorker)) return undefined
  const into: unknown = Reflect.get(value, 'into')
  const level: unknown = Reflect.get(value, 'level')
  const named: unknown = Reflect.get(value, 'named')
  return {
    argv,
    environment: Object.fromEntries(pairs),
    workers,
    ...(typeof into === 'string' ? { into } : {}),
    ...(typeof level === 'number' ? { level } : {}),
    ...(typeof named === 'string' ? { named } : {}),
  }
}

function isWorker(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const [worker, agent, iterations] = ['worker', 'agent', 'iterations'].map((key): unknown => Reflect.get(value, key))
  return /^w\d{1,6}$/.test(String(worker)) && typeof agent === 'string' && Number.isSafeInteger(iterations)
}

/** The command line that a start was, for a person. Pure. */
export function startWords({ argv, environment }: Pick<StartFacts, 'argv' | 'environment'>): string {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${shellWord(value)}`)
  return [...variables, 'oompa', ...argv.map(shellWord)].join(' ')
}

/** Whether a start has no flags and variables: then `oompa run` would be the same. Pure. */
export function isPlain({ argv, environment }: Pick<StartFacts, 'argv' | 'environment'>): boolean {
  return Object.keys(environment).length === 0 && (argv.length === 0 || (argv.length === 1 && argv[0] === 'run'))
}

function shellWord(word: string): string {
  return /^[A-Za-z0-9_./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
