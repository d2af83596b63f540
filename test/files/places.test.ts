// Whatever stands in the place of a file or folder of ours is data: it is never followed, it is named in one line, and
// nothing stops working that does not need it.

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { OompaError } from '../../src/errors.js'
import { requestStop, stopRequested } from '../../src/events/control.js'
import { openLog, readLog, strayRuns } from '../../src/events/log.js'
import { listRuns } from '../../src/events/runs.js'
import { thisOwner } from '../../src/processes/owner.js'
import type { TaskStore } from '../../src/tasks/contract.js'
import { taskFolder } from '../../src/tasks/folder/folder-store.js'
import { taskGraph } from '../../src/tasks/graph/task-graph.js'
import { readHistory } from '../../src/tasks/history.js'
import { markdownLists } from '../../src/tasks/lists/markdown-lists.js'
import { oompa } from '../support/oompa.js'
import { type TestRepository, temporaryFolder, testRepository } from '../support/repository.js'

let repository: TestRepository
let outside: string

beforeEach(() => {
  repository = testRepository()
  outside = temporaryFolder('oompa-outside-')
  writeFileSync(path.join(outside, 'theirs'), 'theirs\n')
})

/** What an agent may put in a place: each leads out, leads nowhere, or never ends. */
const things: Readonly<Record<string, (place: string) => void>> = {
  'a link that leads out': (place) => symlinkSync(outside, place),
  'a link to itself': (place) => symlinkSync(path.basename(place), place),
  'a pipe': (place) => execFileSync('mkfifo', [place]),
  'a folder': (place) => mkdirSync(path.join(place, 'in'), { recursive: true }),
  'a file': (place) => writeFileSync(place, 'text'),
}

function put(thing: string, place: string): void {
  const full = path.join(repository.root, place)
  rmSync(full, { recursive: true, force: true })
  mkdirSync(path.dirname(full), { recursive: true })
  things[thing]?.(full)
}

/** Nothing was written, and nothing removed, where the link leads. */
function outsideIsAsItWas(): void {
  expect(readdirSync(outside)).toEqual(['theirs'])
}

/** Does it, or is refused with words that name the place. */
async function doneOrRefused(work: () => unknown, place: string): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (!(error instanceof OompaError)) throw error
    expect(error.message).toContain(place)
    expect(error.mend).toContain('mv ')
    expect(error.status).toBe(4)
    return false
  }
}

const claimer = { worker: 'w1', pid: process.pid }
const task = (id: string) => `{"id":"${id}","summary":"${id}"}`

describe.each(['tasks', 'tasks/pending', 'tasks/current', 'tasks/complete'])('in place of %s', (place) => {
  test.each(Object.keys(things).filter((thing) => thing !== 'a folder'))(
    '%s is named, and not followed',
    async (thing) => {
      for (const id of ['one', 'two']) repository.write(`tasks/pending/${id}.json`, task(id))
      put(thing, place)
      // A task that somebody else has there is none of ours.
      if (thing === 'a link that leads out') {
        mkdirSync(path.join(outside, 'pending'))
        writeFileSync(path.join(outside, 'pending', 'theirs.json'), task('theirs'))
        writeFileSync(path.join(outside, 'theirs.json'), task('theirs'))
      }
      const before = readdirSync(outside, { recursive: true }).sort()
      const store = taskFolder('tasks', repository.root)
      const { problems, pending, complete } = await store.list()
      expect(problems.map((problem) => path.relative(repository.root, problem.path))).toContain(place)
      expect([...pending, ...complete].map((one) => one.id)).not.toContain('theirs')
      expect(pending).toHaveLength(place === 'tasks' || place === 'tasks/pending' ? 0 : 2)
      const added = await doneOrRefused(() => store.add({ id: 'three', summary: 'Three' }), place)
      const claimed = await doneOrRefused(async () => {
        const answer = await store.claim({ claimer, id: 'one' })
        if (answer.answer !== 'claimed') return
        await store.complete(answer.claim, { by: 'w1', at: '2026-01-02T03:04:05.000Z' })
      }, place)
      expect([added, claimed]).toEqual(
        place === 'tasks/complete' ? [true, false] : place === 'tasks/current' ? [false, false] : [false, true],
      )
      expect(readdirSync(outside, { recursive: true }).sort()).toEqual(before)
    },
  )
})

test('a folder of tasks that is a link within the repository is followed: somebody has set it up so', async () => {
  repository.write('work/tasks/pending/one.json', task('one'))
  symlinkSync('work/tasks', path.join(repository.root, 'tasks'))
  const store = taskFolder('tasks', repository.root)
  const answer = await store.claim({ claimer })
  expect(answer.answer).toBe('claimed')
  expect(existsSync(path.join(repository.root, 'work/tasks/current/one.json'))).toBe(true)
})

const stores: Readonly<Record<string, { open: () => TaskStore; place: string; text: string; claim: string }>> = {
  folder: {
    open: () => taskFolder('tasks', repository.root),
    place: 'tasks/pending/one.json',
    text: task('one'),
    claim: '.oompa/claims/tasks/one.json.claim',
  },
  lists: {
    open: () => markdownLists('tasks', repository.root),
    place: 'tasks/pending.md',
    text: '- [ ] One {#one}\n',
    claim: '.oompa/claims/tasks-lists/one.claim',
  },
  graph: {
    open: () => taskGraph('graph.yaml', repository.root),
    place: 'graph.yaml',
    text: 'nodes:\n  - id: one\n    title: One\n    status: pending\n',
    claim: '.oompa/claims/graph-yaml/one.claim',
  },
}

describe.each(Object.keys(stores))('the store of a %s', (name) => {
  const { open, place, text, claim } = stores[name]!

  test.each(Object.keys(things).filter((thing) => thing !== 'a file'))(
    'takes %s in place of its file for no task, names it, and writes nothing through it',
    async (thing) => {
      put(thing, place)
      const store = open()
      const { pending, problems } = await store.list()
      expect(pending).toEqual([])
      expect(problems.map((problem) => path.relative(repository.root, problem.path))).toEqual([place])
      expect((await store.claim({ claimer, id: 'one' })).answer).toBe('not-found')
      await doneOrRefused(() => store.add({ id: 'new', summary: 'New' }), place)
      outsideIsAsItWas()
    },
  )

  test.each(Object.keys(things).filter((thing) => thing !== 'a file'))(
    'takes %s in place of a record for no claim, names it, and claims all the same',
    async (thing) => {
      repository.write(place, text)
      put(thing, claim)
      const store = open()
      expect((await store.list()).problems.map((problem) => path.relative(repository.root, problem.path))).toEqual([
        claim,
      ])
      const answer = await store.claim({ claimer, id: 'one' })
      if (answer.answer !== 'claimed') throw new Error(answer.why)
      expect((await store.list()).current).toMatchObject([{ id: 'one', claim: { fence: answer.claim.fence } }])
      // Again, while the claim is held.
      put(thing, claim)
      expect(['one', undefined]).toContain((await store.list()).current[0]?.id)
      outsideIsAsItWas()
    },
  )

  test.each(['.oompa', '.oompa/claims'])('writes no record through a link in place of %s', async (folder) => {
    repository.write(place, text)
    put('a link that leads out', folder)
    await open().list()
    expect(await doneOrRefused(() => open().claim({ claimer, id: 'one' }), folder)).toBe(false)
    outsideIsAsItWas()
  })
})

test('the history of tasks is written through no link, and goes on', async () => {
  for (const thing of Object.keys(things)) {
    put(thing, '.oompa/tasks.jsonl')
    const store = taskFolder('tasks', repository.root)
    const { id } = await store.add({ summary: thing })
    expect(readHistory(repository.root).map((entry) => entry.task)).toEqual([id])
    outsideIsAsItWas()
  }
})

describe.each(['.oompa/runs', '.oompa/runs/01234567', '.oompa/runs/01234567/events.jsonl'])(
  'in place of %s',
  (place) => {
    const kept = place === '.oompa/runs' ? [] : ['89abcdef']

    test.each(
      Object.keys(things).filter((thing) => (place.endsWith('jsonl') ? thing !== 'a file' : thing !== 'a folder')),
    )('%s is named in one line, and the other swarms are listed', async (thing) => {
      const log = openLog(repository.root, '89abcdef')
      log.emit({ type: 'note', text: 'here' })
      log.close()
      put(thing, place)
      expect(listRuns(repository.root).map((run) => run.swarm)).toEqual(kept)
      expect(readLog(repository.root, '01234567')).toEqual([])
      expect(strayRuns(repository.root)).toEqual([expect.stringContaining(place)])
      const opened = () => openLog(repository.root, '01234567').close()
      expect(opened).toThrow(/is not the (folder|file) that it has to be/)
      outsideIsAsItWas()
    })
  },
)

test('a request to stop is written through no link, and read from none', () => {
  const log = openLog(repository.root, '01234567')
  const { pid, start, host } = thisOwner()
  log.emit({ type: 'swarm.started', pid, processStart: start, host, level: 1, workers: [], iterations: 1, version: '' })
  log.close()
  for (const thing of Object.keys(things)) {
    put(thing, '.oompa/runs/01234567/control')
    expect(stopRequested(repository.root, '01234567', thisOwner())).toBe(false)
    requestStop(repository.root, '01234567')
    expect(stopRequested(repository.root, '01234567', thisOwner())).toBe(true)
    outsideIsAsItWas()
  }
})

test('the commands of a person say it, and go on', async () => {
  repository.write('tasks/pending/one.json', task('one'))
  put('a link to itself', 'tasks/complete')
  put('a folder', '.oompa/claims/tasks/one.json.claim')
  put('a link that leads out', '.oompa/runs/01234567')
  cpSync(path.join(repository.root, 'tasks'), path.join(repository.home, 'tasks'), {
    recursive: true,
    verbatimSymlinks: true,
  })
  const run = (...args: string[]) => oompa(args, { cwd: repository.root, env: repository.env })
  const [tasks, lint, list, status, claim] = [
    await run('tasks'),
    await run('tasks', 'lint'),
    await run('list'),
    await run('status'),
    await run('tasks', 'claim', '--worker', 'me'),
  ]
  expect(tasks.status).toBe(0)
  expect(tasks.stdout + tasks.stderr).toContain('tasks/complete')
  expect(lint.status).toBe(1)
  expect(lint.stdout + lint.stderr).toContain('one.json.claim')
  expect(list).toMatchObject({
    status: 0,
    stderr: expect.stringMatching(/^oompa: \.oompa\/runs\/01234567 is no swarm: [^\n]*\n$/),
  })
  expect(status).toMatchObject({ status: 3, stderr: expect.stringContaining('01234567') })
  expect(claim.status).toBe(0)
  outsideIsAsItWas()
})
