// Every command uses the store of `hooks/tasks`, whatever kind it is; the repository's own folder is then not looked at.

import { cpSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Ended } from '../support/oompa.js'
import { oompa, packageRoot } from '../support/oompa.js'
import { type TestRepository, testRepository } from '../support/repository.js'

const MODULE = `import { taskFolder } from 'oompa-loompas'
export default (root) => {
  const { list, claim, complete, release, add, renew, take, reopen } = taskFolder('.git/own', root)
  return { name: 'own', list, claim, complete, release, add, renew, take, reopen }
}
`

/** The example of an executable store, on the same folder. */
const EXECUTABLE = `#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { taskFolder } from '${packageRoot}/dist/tasks/folder/folder-store.js'
const { operation, request, claim, completion, reason, task, claims, id, by } = JSON.parse(readFileSync(0, 'utf8'))
const store = taskFolder('.git/own', process.env.OOMPA_ROOT)
const operations = {
  list: () => store.list(),
  claim: () => store.claim(request),
  complete: () => store.complete(claim, completion),
  release: () => store.release(claim, reason),
  add: () => store.add(task),
  renew: () => store.renew(claims),
  reopen: () => store.reopen(id, reason, by),
}
try {
  console.log(JSON.stringify((await operations[operation]()) ?? null))
} catch (error) {
  console.log(error.message)
  process.exitCode = 1
}
`

/** A store that is not told where it is, as in the sample. */
const ELSEWHERE = `import { taskFolder } from 'oompa-loompas'\nexport default taskFolder('work/items')\n`

const kinds = {
  'a module': ['hooks/tasks.ts', MODULE],
  'an executable': ['hooks/store.mjs', EXECUTABLE],
  'a folder elsewhere': ['hooks/tasks.ts', ELSEWHERE],
} as const

function repositoryOf(kind: keyof typeof kinds): TestRepository {
  const repository = testRepository({ 'README.md': 'hello\n', 'sub/file.txt': 'x\n', 'tasks/pending/.gitkeep': '' })
  const [name, text] = kinds[kind]
  if (kind === 'an executable') {
    // A module by its name, an executable by its mode and first line.
    repository.write('hooks/store.mjs', text, 0o755)
    repository.write('hooks/tasks.sh', '#!/bin/sh\nexec "$(dirname "$0")/store.mjs"\n', 0o755)
  } else repository.write(name, text)
  repository.commit('A store')
  return repository
}

describe.each(Object.keys(kinds) as (keyof typeof kinds)[])('with %s in hooks/tasks', (kind) => {
  it('each command reads and changes its tasks, from a folder below the root, too', async () => {
    const repository = repositoryOf(kind)
    // An enclosing swarm's root is not this repository's.
    const env = { ...repository.env, OOMPA_ROOT: repository.home }
    mkdirSync(path.join(repository.root, 'sub'), { recursive: true })
    const run = (...args: string[]): Promise<Ended> => oompa(args, { cwd: path.join(repository.root, 'sub'), env })
    const out = async (...args: string[]) => {
      const ended = await run(...args)
      return [ended.status, ended.stdout.trim() || ended.stderr.trim()] as const
    }

    expect(await out('tasks', 'add', 'Write the parser', '--id', 'parser')).toEqual([0, 'parser'])
    expect(await out('tasks', 'add', 'Test it', '--id', 'tests', '--depends-on', 'parser')).toEqual([0, 'tests'])
    expect((await run('tasks')).stdout).toContain('Pending:  2')
    expect((await run('tasks', 'claim', '--worker', 'me')).stdout).toContain('parser: Write the parser')
    expect((await run('tasks', 'show', 'parser')).stdout).toContain('held by: me')
    expect((await run('tasks', 'complete', 'parser', '--worker', 'you')).status).toBe(4)
    expect(await out('tasks', 'release', 'parser', '--worker', 'me', '--reason', 'later')).toEqual([
      0,
      'Released parser.',
    ])
    await run('tasks', 'claim', 'parser', '--worker', 'me')
    expect((await run('tasks', 'complete', 'parser', '--worker', 'me')).stdout).toContain('Ready now: tests')
    expect(await out('tasks', 'reset', 'parser')).toEqual([0, 'Task parser is pending again.'])
    expect((await run('tasks', 'graph')).stdout).toContain('tests')
    expect((await run('tasks', 'lint')).status).toBe(0)
    expect((await run('tasks', 'stale')).stdout).toContain('No stale claims.')
    expect((await run('requeue')).status).toBe(3)
    const audit = (await run('tasks', 'audit', 'parser')).stdout
    for (const word of ['added', 'claimed by me', 'released by me', 'completed by me', 'reopened']) {
      expect(audit.replace(/ {2,}/g, ' ')).toContain(
        word.replace(' by', ' parser by').replace(/^(added|reopened)$/, '$1 parser'),
      )
    }
    expect((await run('check')).stdout).toMatch(/tasks +2 pending, 0 current, 0 complete/)
    // The repository's own folder has nothing of it.
    expect(repository.git(['status', '--porcelain', 'tasks'])).toBe('')
  })

  it('`oompa merge --task` completes its task with the landing', async () => {
    const repository = repositoryOf(kind)
    const run = (...args: string[]) => oompa(args, { cwd: repository.root, env: repository.env })
    repository.git(['checkout', '-q', '-b', 'work'])
    repository.commit('Work', { 'made.txt': 'x\n' })
    repository.git(['checkout', '-q', 'main'])
    await run('tasks', 'add', 'Write the parser', '--id', 'parser')
    await run('tasks', 'claim', 'parser', '--worker', 'me')
    const landed = await run('merge', 'work', '--task', 'parser', '--worker', 'me')
    expect(landed.status, landed.stderr).toBe(0)
    expect((await run('tasks')).stdout).toContain('Complete: 1')
  })
})

it('a hook that cannot be loaded is said, and nothing else is taken for its tasks', async () => {
  const repository = testRepository({
    'hooks/tasks.ts': 'export default {',
    'tasks/pending/a.edn': '{:id "a" :summary "A"}',
  })
  cpSync(path.join(repository.root, 'tasks'), path.join(repository.home, 'tasks'), { recursive: true })
  const ended = await oompa(['tasks', 'claim'], { cwd: repository.root, env: repository.env })
  expect(ended.status).toBe(2)
  expect(ended.stderr).toContain('hooks/tasks.ts')
})
