// Every store passes the suite that we ship.

import { describe, it } from 'vitest'
import { conformance } from '../../src/tasks/conformance.js'
import type { TaskStore } from '../../src/tasks/contract.js'
import { taskFolder } from '../../src/tasks/folder/store.js'
import { taskGraph } from '../../src/tasks/graph/store.js'
import { markdownLists } from '../../src/tasks/lists/store.js'
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
