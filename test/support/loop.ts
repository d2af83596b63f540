// Runs the built loop as a person would, and looks at what it leaves: events, refs, processes.

import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import type { OompaEvent } from '../../src/events/contract.js'
import { readLog, swarmIds } from '../../src/events/log.js'
import { type ScriptedAgent, scriptedAgent } from './agents.js'
import { type Ended, loopFile, oompa, type Running, start } from './oompa.js'
import { kill } from './processes.js'
import { type TestRepository, testRepository } from './repository.js'

/** What a level 1 repository holds. */
export const level1Files = { 'prompts/worker.md': 'Goal: match spec.md\nSay what you did.\n', 'spec.md': 'A spec.\n' }

export interface TestLoop {
  readonly repository: TestRepository
  readonly agent: ScriptedAgent
  readonly env: NodeJS.ProcessEnv
  /** Starts the loop file, and returns at once. */
  start(args?: readonly string[], options?: { env?: NodeJS.ProcessEnv; cwd?: string; detached?: boolean }): Running
  /** Runs the loop file to its end. */
  run(args?: readonly string[], options?: { env?: NodeJS.ProcessEnv; cwd?: string }): Promise<Ended>
  /** Runs `oompa …` to its end. */
  oompa(args: readonly string[], options?: { env?: NodeJS.ProcessEnv; cwd?: string }): Promise<Ended>
  /** Ids of its swarms. */
  swarms(): string[]
  /** All events of its only swarm (or of `swarm`), or those of one type. */
  events<T extends OompaEvent['type']>(type: T, swarm?: string): Extract<OompaEvent, { type: T }>[]
  /** Pids of processes that were started with its home, beside those of `except`. */
  processes(except?: readonly (number | undefined)[]): number[]
  /** Branches and kept refs, by name. */
  refs(pattern: string): string[]
}

/** A level 1 repository with a scripted `claude` on the PATH. */
export function level1(body: string, files: Readonly<Record<string, string>> = level1Files): TestLoop {
  const repository = testRepository(files)
  return loopIn(repository, scriptedAgent(repository, body))
}

export interface Level2Options {
  readonly workers?: number
  readonly iterations?: number
  readonly files?: Readonly<Record<string, string>>
  /** Further keys of `oompa.json`. */
  readonly config?: Readonly<Record<string, unknown>>
}

/** A level 2 repository whose workers are a scripted program; what it commits or leaves in its worktree lands. */
export function level2(body: string, options: Level2Options = {}): TestLoop {
  const config = {
    workers: [{ model: 'command:worker', count: options.workers ?? 1, iterations: options.iterations ?? 1 }],
    ...options.config,
  }
  const files = { ...level1Files, 'oompa.json': `${JSON.stringify(config, null, 2)}\n`, ...options.files }
  const repository = testRepository(files)
  return loopIn(repository, scriptedAgent(repository, body, 'worker'))
}

/** The same tools for a repository and an agent that are there already. */
export function loopIn(repository: TestRepository, agent: ScriptedAgent): TestLoop {
  const { root } = repository
  const loop: TestLoop = {
    repository,
    agent,
    env: agent.env,
    start(args = [], { env = agent.env, cwd = root, detached = false } = {}) {
      return start(process.execPath, [loopFile, ...args], { cwd, env, detached })
    },
    run: (args, options) => loop.start(args, options).ended,
    oompa: (args, { env = agent.env, cwd = root } = {}) => oompa(args, { cwd, env }),
    swarms: () => swarmIds(root),
    events<T extends OompaEvent['type']>(type: T, swarm = swarmIds(root)[0] ?? '') {
      return readLog(root, swarm).filter((event): event is Extract<OompaEvent, { type: T }> => event.type === type)
    },
    processes: (except = []) => processesOf(repository.home).filter((pid) => !except.includes(pid)),
    refs(pattern) {
      const text = repository.git(['for-each-ref', '--format=%(refname)', pattern])
      return text === '' ? [] : text.split('\n')
    },
  }
  // A test that failed half way must not leave a swarm behind.
  onTestFinished(() => {
    for (const pid of loop.processes()) kill(pid)
  })
  return loop
}

/** Living processes whose environment has this home; zombies have none. */
function processesOf(home: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return []
    try {
      return readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(`HOME=${home}`) ? Number(name) : []
    } catch {
      return []
    }
  })
}

/** Waits until `condition` gives something true; gives that. */
export async function until<T>(condition: () => T | Promise<T>, what: string, ms = 120_000): Promise<NonNullable<T>> {
  for (const deadline = Date.now() + ms; ; await sleep(20)) {
    const value = await condition()
    if (value) return value
    if (Date.now() > deadline) throw new Error(`Waited ${ms} ms for ${what}.`)
  }
}

/** Waits until no process of the loop is left. */
export function allEnded(loop: TestLoop, ms = 60_000): Promise<true> {
  return until(() => loop.processes().length === 0 || undefined, 'all processes to end', ms).then(() => true)
}
