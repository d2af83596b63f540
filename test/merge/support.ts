// What the tests of landing share: a repository with branches, and a runner of commands.

import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import path from 'node:path'
import type { NewEvent } from '../../src/events/contract.js'
import { commandRunner } from '../../src/hooks/commandRunner.js'
import type { MergeHook } from '../../src/hooks/contract.js'
import { type LandBranchOptions, landBranch } from '../../src/merge/branch.js'
import { $ } from '../../src/processes/zx.js'
import type { Landing, Refusal, StatusEdits } from '../../src/words.js'
import { type TestRepository, testRepository } from '../support/repository.js'

export interface LandingRepository extends TestRepository {
  /** Makes a branch from `from` with these files changed; `null` removes one. */
  branch(name: string, files: Readonly<Record<string, string | null>>, from?: string): string
  land(branch: string, options?: Partial<LandBranchOptions>): Promise<Landing | Refusal>
  readonly events: NewEvent[]
  /** First-parent commits of main, newest first. */
  values(branch?: string): string[]
}

/** A repository whose own configuration has an identity, as a person's has. */
export function landingRepository(files?: Readonly<Record<string, string>>, name?: string): LandingRepository {
  const repository = testRepository(files, name)
  process.env.OOMPA_CACHE = `${repository.home}/.cache`
  appendFileSync(
    path.join(repository.root, '.git/config'),
    '[user]\n\tname = Person\n\temail = person@example.com\n[gc]\n\tauto = 0\n',
  )
  const events: NewEvent[] = []
  return {
    ...repository,
    events,
    branch(name, changed, from = 'main') {
      // Without a checkout, so that what the person has there stays as it is; and in one process.
      const lines = Object.entries(changed).map(([file, content]) =>
        content === null ? `D ${file}\n` : `M 100644 inline ${file}\ndata ${Buffer.byteLength(content)}\n${content}\n`,
      )
      const subject = `Work of ${name}`
      const header = [
        `commit refs/heads/${name}`,
        'mark :1',
        `committer Test <test@example.com> ${Math.floor(Date.now() / 1000)} +0000`,
        `data ${Buffer.byteLength(subject)}`,
        subject,
        `from ${from}^0`,
      ]
      const stream = `${header.join('\n')}\n${lines.join('')}\nget-mark :1\ndone\n`
      return execute(repository.root, ['fast-import', '--quiet', '--done', '--force'], repository.env, stream)
    },
    land: (branch, options = {}) =>
      landBranch({
        root: repository.root,
        branch,
        run: commandRunner(repository.root),
        emit: (event) => events.push(event),
        ...options,
      }),
    values: (branch = 'main') => repository.git(['rev-list', '--first-parent', branch]).split('\n'),
  }
}

function execute(cwd: string, args: string[], env: NodeJS.ProcessEnv, input?: string): string {
  return execFileSync('git', args, { cwd, env, input: input ?? '', encoding: 'utf8' }).trimEnd()
}

/** Submits branches to a merge hook as a swarm's workers do; gives the answers in the order of the branches. */
export function submit(
  repository: LandingRepository,
  hook: MergeHook,
  branches: readonly string[],
  options: {
    into?: string
    base?: string
    workers?: number
    signal?: AbortSignal
    status?: (branch: string) => StatusEdits
  } = {},
): Promise<(Landing | Refusal)[]> {
  return Promise.all(
    branches.map(async (branch, at) => {
      const worker = `w${(at % (options.workers ?? branches.length)) + 1}`
      const commit = repository.git(['rev-parse', branch])
      const worktree = { name: '.w1-i1', path: repository.root, branch, base: options.base ?? '' }
      const status = options.status?.(branch)
      const change = {
        swarm: '00000000',
        worker,
        number: 1,
        attempt: 1,
        worktree,
        branch,
        commit,
        base: options.base ?? commit,
      }
      return hook(
        { ...change, into: options.into ?? 'main', files: [], ...(status ? { status } : {}) },
        {
          root: repository.root,
          swarm: '00000000',
          worker,
          iteration: 1,
          tasks: '',
          signal: options.signal ?? new AbortController().signal,
          env: {},
          emit: (event) => repository.events.push(event),
          run: commandRunner(repository.root),
          $,
          ask: () => Promise.reject(new Error('nobody is asked')),
          workers: options.workers ?? branches.length,
        },
      )
    }),
  )
}

/** Resolves when the condition holds, looking again and again; rejects after 20 s. */
export async function eventually(condition: () => boolean): Promise<void> {
  for (const until = Date.now() + 20_000; !condition(); ) {
    if (Date.now() > until) throw new Error('it never came')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
