// A hook's context for tests: real processes, events collected in a list.

import { spawn } from 'node:child_process'
import type { NewEvent } from '../../src/events/contract.js'
import type { HookContext, ReviewContext } from '../../src/hooks/contract.js'
import type { CommandOptions, CommandResult } from '../../src/processes/contract.js'
import { uniqueMarker } from '../../src/processes/marks.js'
import { shellIn } from '../../src/processes/zx.js'
import type { Change } from '../../src/words.js'
import type { TestRepository } from '../support/repository.js'

/** Runs a command for real, without the care of `src/processes` (which has tests of its own). */
export function runFor(repository: Pick<TestRepository, 'env' | 'root'>): HookContext['run'] {
  return (command, options: CommandOptions = {}) =>
    new Promise<CommandResult>((resolve, reject) => {
      const [file, ...args] = typeof command === 'string' ? (['sh', '-c', command] as const) : command
      const child = spawn(file, args, {
        cwd: options.cwd ?? repository.root,
        env: { ...repository.env, ...options.env },
        signal: options.signal,
      })
      let stdout = ''
      let stderr = ''
      let timedOut = false
      const timer =
        options.timeoutMs === undefined
          ? undefined
          : setTimeout(() => {
              timedOut = true
              child.kill('SIGKILL')
            }, options.timeoutMs)
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout += text
      })
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text
      })
      child.stdin.on('error', () => {})
      child.stdin.end(options.input)
      child.on('error', reject)
      child.on('close', (status, signal) => {
        clearTimeout(timer)
        resolve({ status, signal, timedOut, stdout, stderr, output: stdout + stderr, durationMs: 0 })
      })
    })
}

export interface TestContext {
  readonly context: ReviewContext
  readonly events: NewEvent[]
}

/** The context of worker w1, iteration 1. */
export function contextFor(repository: TestRepository, extra: Partial<ReviewContext> = {}): TestContext {
  const events: NewEvent[] = []
  const context: ReviewContext = {
    root: repository.root,
    swarm: '01234567',
    worker: 'w1',
    iteration: 1,
    tasks: `${repository.root}/tasks`,
    signal: new AbortController().signal,
    env: { OOMPA_ROOT: repository.root, OOMPA_WORKER: 'w1', OOMPA_SWARM: '01234567', OOMPA_ITERATION: '1' },
    emit: (event) => events.push(event),
    run: runFor(repository),
    $: shellIn({ cwd: repository.root, env: () => repository.env, marker: () => uniqueMarker('01234567') }),
    ask: noAgent,
    round: 1,
    rounds: [],
    ...extra,
  }
  return { context, events }
}

const noAgent: HookContext['ask'] = async (agent) => ({
  text: '',
  denials: [],
  failure: { kind: 'missing', message: `${agent} is not there` },
})

/** A change of worker w1: the commits of `branch` over its merge base with main. */
export function changeOf(repository: TestRepository, branch: string, extra: Partial<Change> = {}): Change {
  const commit = repository.git(['rev-parse', branch])
  const base = repository.git(['merge-base', 'main', commit])
  const files = repository
    .git(['diff', '--name-status', '-M', '-z', base, commit])
    .split('\0')
    .filter((part) => part !== '')
  return {
    swarm: '01234567',
    worker: 'w1',
    number: 1,
    attempt: 1,
    worktree: { name: '.w1-i1', path: repository.root, branch, base },
    branch,
    commit,
    base,
    into: 'main',
    files: pairs(files),
    ...extra,
  }
}

const STATUSES = { A: 'added', M: 'modified', D: 'removed', T: 'type' } as const

function pairs(parts: readonly string[]): Change['files'] {
  const files: Change['files'][number][] = []
  for (let i = 0; i < parts.length; ) {
    const letter = parts[i]?.[0] ?? ''
    if (letter === 'R' || letter === 'C') {
      files.push({ path: parts[i + 2] ?? '', from: parts[i + 1], status: letter === 'R' ? 'renamed' : 'copied' })
      i += 3
    } else {
      const status = letter === 'A' || letter === 'D' || letter === 'T' ? STATUSES[letter] : 'modified'
      files.push({ path: parts[i + 1] ?? '', status })
      i += 2
    }
  }
  return files
}
