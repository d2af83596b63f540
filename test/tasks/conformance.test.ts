// Every store passes the suite that we ship.

import path from 'node:path'
import { describe, it } from 'vitest'
import type { Run } from '../../src/hooks/executable.js'
import { executableStore } from '../../src/hooks/executable-store.js'
import { conformance } from '../../src/tasks/conformance.js'
import type { TaskStore } from '../../src/tasks/contract.js'
import { taskFolder } from '../../src/tasks/folder/store.js'
import { taskGraph } from '../../src/tasks/graph/store.js'
import { markdownLists } from '../../src/tasks/lists/store.js'
import { packageRoot, start } from '../support/oompa.js'
import { temporaryFolder } from '../support/repository.js'

const stores: Record<string, (root: string) => TaskStore> = {
  'the folder': (root) => taskFolder('tasks', root),
  'markdown lists': (root) => markdownLists('tasks', root),
  'a task graph': (root) => taskGraph(undefined, root),
}

for (const [name, open] of Object.entries(stores)) {
  describe(name, () => {
    for (const test of conformance(() => {
      const root = temporaryFolder()
      return { open: () => open(root) }
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
      return { open: () => executableStore(hook, root, async () => run) }
    },
    { tasks: 6 },
  )) {
    it(test.name, () => test.run())
  }
})
