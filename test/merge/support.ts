// What the tests of landing share: a repository with branches, and a runner of commands.

import { execFileSync } from 'node:child_process'
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
  for (const [name, value] of [
    ['user.name', 'Person'],
    ['user.email', 'person@example.com'],
    ['gc.auto', '0'],
  ] as const) {
    repository.git(['config', name, value])
  }
  const events: NewEvent[] = []
  return {
    ...repository,
    events,
    branch(name, changed, from = 'main') {
      // Without a checkout, so that what the person has there stays as it is.
      const index = `${repository.root}/.git/index.test`
      const env = { ...repository.env, GIT_INDEX_FILE: index }
      const run = (args: string[], input?: string) => execute(repository.root, args, env, input)
      run(['read-tree', from])
      for (const [file, content] of Object.entries(changed)) {
        if (content === null) run(['update-index', '--force-remove', '--', file])
        else {
          const oid = run(['hash-object', '-w', '--stdin'], content)
          run(['update-index', '--add', '--cacheinfo', `100644,${oid},${file}`])
        }
      }
      const commit = run(['commit-tree', '-p', from, '-m', `Work of ${name}`, run(['write-tree'])])
      run(['update-ref', `refs/heads/${name}`, commit])
      return commit
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
