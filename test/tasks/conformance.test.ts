// Every store passes the suite that we ship.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'vitest'
import type { Run } from '../../src/hooks/executable.js'
import { executableStore } from '../../src/hooks/executable-store.js'
import { conformance } from '../../src/tasks/conformance.js'
import type { StoreUnderTest } from '../../src/tasks/conformance-case.js'
import type { TaskStore } from '../../src/tasks/contract.js'
import { taskFolder } from '../../src/tasks/folder/folder-store.js'
import { taskGraph } from '../../src/tasks/graph/task-graph.js'
import { markdownLists } from '../../src/tasks/lists/markdown-lists.js'
import { storesAt } from '../../src/tasks/sharded.js'
import { packageRoot, start } from '../support/oompa.js'
import { temporaryFolder } from '../support/repository.js'

type Tasks = readonly { readonly id: string; readonly summary: string }[]

/** A folder and a graph as one, to which tasks are added in turn. */
function several(root: string): TaskStore {
  const web = 'tasks/web/task-graph.yaml'
  for (const folder of ['tasks/api', 'tasks/web']) mkdirSync(path.join(root, folder), { recursive: true })
  if (!existsSync(path.join(root, web))) writeFileSync(path.join(root, web), 'nodes: []\n')
  const store = storesAt(['tasks/api', web], root)
  let turn = 0
  return { ...store, add: (task) => store.add({ store: [...store.shards!.keys()][turn++ % 2], ...task }) }
}

/** Each store, and how many tasks are written into it at once. */
const stores: Record<string, { open(root: string): TaskStore; fill(root: string, tasks: Tasks): void }> = {
  'the folder': {
    open: (root) => taskFolder('tasks', root),
    fill(root, tasks) {
      mkdirSync(path.join(root, 'tasks/pending'), { recursive: true })
      for (const { id, summary } of tasks)
        writeFileSync(path.join(root, `tasks/pending/${id}.edn`), `{:id "${id}" :summary "${summary}"}\n`)
    },
  },
  'markdown lists': {
    open: (root) => markdownLists('tasks', root),
    fill(root, tasks) {
      mkdirSync(path.join(root, 'tasks'), { recursive: true })
      const items = tasks.map(({ id, summary }) => `- [ ] ${summary}\n  - id: ${id}\n`)
      writeFileSync(path.join(root, 'tasks/pending.md'), items.join(''))
    },
  },
  'a task graph': {
    open: (root) => taskGraph(undefined, root),
    fill(root, tasks) {
      const nodes = tasks.map(({ id, summary }) => `  - id: ${id}\n    title: ${summary}\n    status: ready\n`)
      writeFileSync(path.join(root, 'task-graph.yaml'), `nodes:\n${nodes.join('')}`)
    },
  },
  'a folder and a graph as one': {
    open: several,
    fill(root, tasks) {
      const half = Math.floor(tasks.length / 2)
      mkdirSync(path.join(root, 'tasks/api/pending'), { recursive: true })
      for (const { id, summary } of tasks.slice(0, half))
        writeFileSync(path.join(root, `tasks/api/pending/${id}.edn`), `{:id "${id}" :summary "${summary}"}\n`)
      const nodes = tasks.slice(half).map(({ id, summary }) => `  - id: ${id}\n    title: ${summary}\n`)
      mkdirSync(path.join(root, 'tasks/web'), { recursive: true })
      writeFileSync(path.join(root, 'tasks/web/task-graph.yaml'), `nodes:\n${nodes.join('')}`)
    },
  },
}

/** The record of a task's claim, of whatever store of ours. */
function recordOf(root: string, id: string): string {
  const claims = path.join(root, '.oompa/claims')
  const files = readdirSync(claims, { recursive: true, encoding: 'utf8' }).map((name) => path.join(claims, name))
  return files.find((file) => file.endsWith('.claim') && JSON.parse(readFileSync(file, 'utf8')).id === id)!
}

function age(root: string, id: string, ms: number): void {
  const file = recordOf(root, id)
  const then = (statSync(file).mtimeMs - ms) / 1000
  utimesSync(file, then, then)
}

function elsewhere(root: string, id: string): void {
  const file = recordOf(root, id)
  const { mtimeMs } = statSync(file)
  const record = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ ...record, host: 'elsewhere', start: 'another-system.1' }))
  utimesSync(file, mtimeMs / 1000, mtimeMs / 1000)
}

const inFolder = (root: string, open: () => TaskStore): StoreUnderTest => ({
  open,
  age: (id, ms) => age(root, id, ms),
  elsewhere: (id) => elsewhere(root, id),
})

for (const [name, { open, fill }] of Object.entries(stores)) {
  describe(name, () => {
    for (const test of conformance(() => {
      const root = temporaryFolder()
      return { ...inFolder(root, () => open(root)), fill: (tasks: Tasks) => fill(root, tasks) }
    })) {
      it(test.name, () => test.run())
    }
  })
}

describe('an executable', () => {
  const program = path.join(packageRoot, 'test/tasks/fixtures/store.mjs')
  const hook = { name: 'hooks/tasks', path: program, limitMs: 60_000, ready() {} }
  const run: Run = async (command, options) => {
    const [file = '', ...args] = command
    const env = { PATH: process.env.PATH, ...options?.env }
    const ended = await start(file, args, { cwd: options?.cwd ?? '/', env, input: options?.input }).ended
    return { ...ended, timedOut: false, output: ended.stdout + ended.stderr, durationMs: 0 }
  }
  for (const test of conformance(
    () => {
      const root = temporaryFolder()
      const away = path.join(root, 'away')
      return {
        ...inFolder(root, () => executableStore(hook, root, async () => run)),
        // As a program ends that does not reach its tracker: neither yes nor no.
        async away() {
          writeFileSync(away, '')
          return () => rmSync(away)
        },
      }
    },
    { tasks: 6, many: 15 },
  )) {
    it(test.name, () => test.run())
  }
})
