// A team: several clones of one bare repository, each with a home of its own, as on machines of their own.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { scriptedAgent } from './agents.js'
import { level1Files, loopIn, type TestLoop } from './loop.js'
import { repositoryAt, type TestRepository, testRepository } from './repository.js'

export interface Team {
  /** What all of them push to. */
  readonly bare: TestRepository
  readonly clones: readonly TestLoop[]
  /** The remote's main: its commits along the first parent, newest first. */
  history(): string[]
}

export interface TeamOptions {
  readonly clones?: number
  readonly files?: Readonly<Record<string, string>>
  readonly merge?: Readonly<Record<string, unknown>>
  /** One for all of a clone's workers. */
  readonly worker?: Readonly<Record<string, unknown>>
  readonly config?: Readonly<Record<string, unknown>>
}

/** The hook with which the loop claims tasks. */
export const claiming = {
  'hooks/tasks.mjs': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n",
}

/** A task of the folder store, by its path. */
export function pending(id: string, more: Readonly<Record<string, unknown>> = {}): Record<string, string> {
  return { [`tasks/pending/${id}.json`]: `${JSON.stringify({ id, summary: `The task ${id}`, ...more }, null, 2)}\n` }
}

/** A gate's test that writes down that it ran, and whether another one of the team ran at the same time. */
export const testsAlone =
  'at=$(dirname "$HOME"); echo x >> "$at/runs"; mkdir "$at/gate" || touch "$at/two"; sleep 1; rmdir "$at/gate" || :'

/** How often `testsAlone` ran, and whether it ever did so twice at one time. */
export function testRuns({ bare }: Pick<Team, 'bare'>): { readonly runs: number; readonly twice: boolean } {
  const at = path.dirname(bare.root)
  return { runs: readFileSync(path.join(at, 'runs'), 'utf8').length / 2, twice: existsSync(path.join(at, 'two')) }
}

type StoreName = 'folder' | 'graph'

const node = (id: string): string => `  - id: ${id}\n    title: The task ${id}\n    status: ready # by hand\n`

/** A store that the loop claims from, with these tasks. */
export function filesOf(store: StoreName, ids: readonly string[]): Record<string, string> {
  if (store === 'folder') return Object.assign({ ...claiming }, ...ids.map((id) => pending(id)))
  return {
    'hooks/tasks.mjs': "import { taskGraph } from 'oompa-loompas'\nexport default taskGraph()\n",
    'task-graph.yaml': `nodes:\n${ids.map(node).join('')}`,
  }
}

/** Commits one more task. */
export function addTask(store: StoreName, repository: TestRepository, id: string): void {
  const graph = () => readFileSync(path.join(repository.root, 'task-graph.yaml'), 'utf8')
  repository.commit(`Add ${id}`, store === 'folder' ? pending(id) : { 'task-graph.yaml': graph() + node(id) })
}

/** Clones whose swarms push, each with a scripted `worker`; what it leaves in its worktree lands. */
export function team(body: string, options: TeamOptions = {}): Team {
  const config = {
    workers: [{ model: 'command:worker', iterations: 1, can_plan: false, ...options.worker }],
    probe: false,
    merge: { push: true, ...options.merge },
    ...options.config,
  }
  const files = { ...level1Files, 'oompa.json': `${JSON.stringify(config, null, 2)}\n`, ...options.files }
  const first = testRepository(files)
  const base = path.dirname(first.root)
  first.git(['clone', '-q', '--bare', first.root, path.join(base, 'bare.git')])
  const bare = repositoryAt(path.join(base, 'bare.git'), first.home)
  const clones = Array.from({ length: options.clones ?? 2 }, (_, index) => {
    const home = path.join(base, `home-${index + 1}`)
    first.git(['clone', '-q', bare.root, path.join(base, `clone-${index + 1}`)])
    const repository = repositoryAt(path.join(base, `clone-${index + 1}`), home)
    repository.write('.git/home', home)
    return loopIn(repository, scriptedAgent(repository, body, 'worker'))
  })
  return {
    bare,
    clones,
    history: () => bare.git(['log', '--first-parent', '--format=%s', 'main']).split('\n'),
  }
}
