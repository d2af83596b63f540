// Task folders for tests, and processes that work at them.

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { packageRoot, type Running, start } from '../support/oompa.js'
import { cleanEnvironment, type TestRepository, testRepository } from '../support/repository.js'

export type Files = Readonly<Record<string, string>>

/** A repository with task files; not committed. */
export function repositoryWith(files: Files): TestRepository {
  const repository = testRepository()
  for (const [file, text] of Object.entries(files)) repository.write(file, text)
  return repository
}

/** `count` tasks, `t0001` and on. */
export function manyTasks(count: number, ending: 'edn' | 'json' = 'edn'): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => {
      const id = `t${String(index + 1).padStart(4, '0')}`
      const text =
        ending === 'edn' ? `{:id "${id}" :summary "Task ${id}"}\n` : JSON.stringify({ id, summary: `Task ${id}` })
      return [`tasks/pending/${id}.${ending}`, text]
    }),
  )
}

/** Visible names in a folder below the root. */
export function namesIn(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder)).sort()
}

export function textOf(root: string, file: string): string {
  return readFileSync(path.join(root, file), 'utf8')
}

/** Starts `test/tasks/fixtures/claimer.mjs`. */
export function startClaimer(root: string, worker: string, env: NodeJS.ProcessEnv = {}): Running {
  const file = path.join(packageRoot, 'test/tasks/fixtures/claimer.mjs')
  return start(process.execPath, [file, root, worker], { cwd: root, env: cleanEnvironment(root, env) })
}

export function linesOf(text: string): string[] {
  return text.split('\n').filter(Boolean)
}
