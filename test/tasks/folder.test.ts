// The folder store: claims, their end, and what may stand in the folders.

import { linkSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Claim, ClaimRequest, TaskStore } from '../../src/tasks/contract.js'
import { taskFolder } from '../../src/tasks/folder/folder-store.js'
import { linesOf, manyTasks, namesIn, repositoryWith, startClaimer, textOf } from './support.js'

const me = { worker: 'w1', pid: process.pid }
const done = { by: 'w1', at: '2026-01-02T03:04:05.000Z' }

async function claimed(store: TaskStore, request: Partial<ClaimRequest> = {}): Promise<Claim> {
  const answer = await store.claim({ claimer: me, ...request })
  if (answer.answer !== 'claimed') throw new Error(`${answer.answer}: ${answer.why}`)
  return answer.claim
}

function folderWith(files: Record<string, string>): { root: string; store: TaskStore } {
  const { root } = repositoryWith(files)
  return { root, store: taskFolder('tasks', root) }
}

describe('a claim', () => {
  it('moves the file to current as it is, and completion writes into it and moves it on', async () => {
    const text = '; keep me\n{:id "a" ; the id\n :summary "First"\n :x/unknown #{1 2}}\n'
    const { root, store } = folderWith({ 'tasks/pending/a.edn': text })
    const claim = await claimed(store)
    expect(claim.task.id).toBe('a')
    expect(textOf(root, 'tasks/current/a.edn')).toBe(text)
    await store.complete(claim, { ...done, reviewRounds: 2, mergedCommit: 'c0ffee' })
    expect(namesIn(root, 'tasks/current')).toEqual([])
    expect(textOf(root, 'tasks/complete/a.edn')).toBe(
      '; keep me\n{:id "a" ; the id\n :summary "First"\n :x/unknown #{1 2}\n :completed-by "w1"\n :completed-at "2026-01-02T03:04:05.000Z"\n :review-rounds 2\n :merged-commit "c0ffee"}\n',
    )
  })

  it('takes the lowest priority number first, then the file name, and none last', async () => {
    const { store } = folderWith({
      'tasks/pending/1.edn': '{:id "none" :summary "x"}',
      'tasks/pending/2.json': '{"id":"p2","summary":"x","priority":"P2"}',
      'tasks/pending/3.edn': '{:id "one-b" :summary "x" :priority 1}',
      'tasks/pending/0.edn': '{:id "one-a" :summary "x" :priority "1"}',
      'tasks/pending/9.edn': '{:id "zero" :summary "x" :priority :P0}',
    })
    const ids: string[] = []
    for (let count = 0; count < 5; count++) ids.push((await claimed(store)).task.id)
    expect(ids).toEqual(['zero', 'one-a', 'one-b', 'p2', 'none'])
    expect(await store.claim({ claimer: me })).toMatchObject({ answer: 'none' })
  })

  it('of a file without an id is by the file’s name, to its completion, in EDN and in JSON', async () => {
    const { root, store } = folderWith({
      'tasks/pending/001-parser.edn': '{:summary "Parse"}\n',
      'tasks/pending/002-empty.json': '{ "id": "", "summary": "Empty" }\n',
      'tasks/pending/003 spaces.edn': '{:id nil :summary "Nil" :depends-on ["001-parser"]}\n',
    })
    expect(await store.claim({ claimer: me, id: '003 spaces' })).toMatchObject({ answer: 'dependency-missing' })
    for (const [id, name] of [
      ['001-parser', '001-parser.edn'],
      ['002-empty', '002-empty.json'],
      ['003 spaces', '003 spaces.edn'],
    ] as const) {
      const claim = await claimed(store)
      expect(claim.task.id).toBe(id)
      await store.complete(claim, done)
      expect(textOf(root, `tasks/complete/${name}`)).toContain('completed-by')
    }
    expect((await store.list()).complete.map((task) => task.id)).toEqual(['001-parser', '002-empty', '003 spaces'])
  })

  it('waits for prerequisites, by id and not by file name', async () => {
    const { store } = folderWith({
      'tasks/pending/a.edn': '{:id "a" :summary "x" :depends-on ["base task"] :priority 0}',
      'tasks/pending/zzz.edn': '{:id "base task" :summary "x"}',
    })
    expect(await store.claim({ claimer: me, id: 'a' })).toMatchObject({ answer: 'dependency-missing' })
    const base = await claimed(store)
    expect(base.task.id).toBe('base task')
    expect(await store.claim({ claimer: me })).toMatchObject({ answer: 'none', why: '`a` waits for base task' })
    await store.complete(base, done)
    expect((await claimed(store)).task.id).toBe('a')
  })

  it('answers each way in which an id cannot be had', async () => {
    const { store } = folderWith({
      'tasks/pending/a.edn': '{:id "a" :summary "x"}',
      'tasks/complete/b.edn': '{:id "b" :summary "x"}',
    })
    await claimed(store, { id: 'a' })
    expect(await store.claim({ claimer: me, id: 'a' })).toMatchObject({ answer: 'already-taken' })
    expect(await store.claim({ claimer: me, id: 'b' })).toMatchObject({ answer: 'already-taken' })
    expect(await store.claim({ claimer: me, id: 'c' })).toMatchObject({ answer: 'not-found' })
    expect(await store.claim({ claimer: me, id: '../a' })).toMatchObject({ answer: 'not-found' })
  })

  it('is made of tasks of one story, priority, role or file where that is asked for', async () => {
    const { store } = folderWith({
      'tasks/pending/a.edn': '{:id "a" :summary "x" :story "s1" :priority 3 :role-hint :backend :files ["src/a.ts"]}',
      'tasks/pending/b.edn': '{:id "b" :summary "x" :story "s2" :priority 1 :role-hint :frontend :files ["web"]}',
    })
    const asked: [Partial<ClaimRequest>, string][] = [
      [{ story: 's1' }, 'a'],
      [{ priority: 2 }, 'b'],
      [{ role: 'backend' }, 'a'],
      [{ files: ['web/index.html'] }, 'b'],
      [{ files: ['src'] }, 'a'],
    ]
    for (const [request, id] of asked) {
      const claim = await claimed(store, request)
      expect(claim.task.id).toBe(id)
      await store.release(claim, '')
    }
    expect(await store.claim({ claimer: me, story: 's3' })).toMatchObject({ answer: 'none' })
  })

  it('is given back to pending with the reason in its notes', async () => {
    const { root, store } = folderWith({ 'tasks/pending/a.edn': '{:id "a" :summary "x"}\n' })
    await store.release(await claimed(store), 'Conflict in src/a.ts. Work: refs/oompa/kept/x')
    expect(namesIn(root, 'tasks/current')).toEqual([])
    expect(textOf(root, 'tasks/pending/a.edn')).toMatch(
      /^\{:id "a" :summary "x" :notes "[^"]* w1: Conflict in src\/a.ts/,
    )
    const again = await claimed(store)
    await store.release(again, 'second')
    const { pending } = await store.list()
    expect(pending[0]?.notes?.split('\n')).toHaveLength(2)
  })

  it('cannot be ended by one who lost it', async () => {
    const { store } = folderWith({ 'tasks/pending/a.edn': '{:id "a" :summary "x"}' })
    const first = await claimed(store)
    const second = await store.take!('a', { worker: 'w2' }, first.fence)
    await expect(store.complete(first, done)).rejects.toMatchObject({ code: 'not-yours', status: 4 })
    await expect(store.release(first, 'late')).rejects.toMatchObject({ code: 'not-yours', status: 4 })
    await store.complete(second, done)
    await expect(store.complete(second, done)).rejects.toMatchObject({ code: 'not-yours' })
    expect(await store.reopen!('a', 'again', 'me')).toBe(true)
    expect((await store.list()).pending[0]?.ready).toBe(true)
  })

  it('is seen, without a holder, where somebody moved the file by hand', async () => {
    const { store } = folderWith({ 'tasks/current/a.edn': '{:id "a" :summary "x"}' })
    const { current } = await store.list()
    expect(current).toMatchObject([{ id: 'a' }])
    expect(current[0]?.claim).toBeUndefined()
    expect(current[0]?.stale).toBeUndefined()
  })

  it('ends when somebody moves the file back by hand, at the next heartbeat', async () => {
    const { root, store } = folderWith({ 'tasks/pending/a.edn': '{:id "a" :summary "x"}' })
    const claim = await claimed(store)
    const file = (state: string) => path.join(root, 'tasks', state, 'a.edn')
    renameSync(file('current'), file('pending'))
    await store.renew!([claim])
    renameSync(file('pending'), file('current'))
    expect((await store.list()).current[0]?.claim).toBeUndefined()
    await expect(store.complete(claim, done)).rejects.toMatchObject({ code: 'not-yours' })
  })

  it('that was left half made by a dead process is put right by whoever looks next', async () => {
    const { root, store } = folderWith(manyTasks(2))
    const { child, ended } = startClaimer(root, 'w9', { KILL: '1' })
    await ended
    // As it stands between the rename and the link, and between the link and the unlink.
    const left = (what: string, name: string) =>
      path.join(root, `tasks/current/.${what}-0123456789abcdef-${child.pid}-${host}-1~${name}`)
    const host = hostname()
      .toLowerCase()
      .replace(/[^0-9a-z]/g, '')
      .slice(0, 12)
    renameSync(path.join(root, 'tasks/pending/t0002.edn'), left('claiming', 't0002.edn'))
    linkSync(path.join(root, 'tasks/current/t0001.edn'), left('settling', 't0001.edn'))
    writeFileSync(left('draft', 't0003.edn'), '{')
    const { pending, current, problems } = await store.list()
    expect([pending, current].map((list) => list.map((task) => task.id))).toEqual([['t0002'], ['t0001']])
    expect(problems).toEqual([])
    expect(namesIn(root, 'tasks/current')).toEqual(['t0001.edn'])
  })

  it('is stale when its process is gone', async () => {
    const { root, store } = folderWith(manyTasks(3))
    const dead = startClaimer(root, 'w9', { KILL: '2' })
    expect((await dead.ended).signal).toBe('SIGKILL')
    const { current } = await store.list()
    expect(current.map((task) => task.stale)).toEqual([
      `its process ${dead.child.pid} is gone`,
      `its process ${dead.child.pid} is gone`,
    ])
    await claimed(store)
    expect((await store.list()).current.at(-1)?.stale).toBeUndefined()
  })
})

describe('many processes', () => {
  it('never claim one task twice and lose none', async () => {
    const { root, store } = folderWith(manyTasks(400))
    const claimers = Array.from({ length: 16 }, (_, index) =>
      startClaimer(root, `w${index}`, index % 2 ? { COMPLETE: '1' } : {}),
    )
    const ids = (await Promise.all(claimers.map((one) => one.ended))).flatMap((one) => linesOf(one.stdout))
    expect(ids).toHaveLength(400)
    expect(new Set(ids).size).toBe(400)
    const { pending, current, complete, problems } = await store.list()
    expect(pending).toEqual([])
    expect(current.length + complete.length).toBe(400)
    expect(problems).toEqual([])
  })
})

describe('files that are no tasks', () => {
  it('are named with line and reason, stay where they are, and stop nobody', async () => {
    const { root, store } = folderWith({
      'tasks/pending/good.edn': '\uFEFF{:id "good"\r\n :summary "fine"}\r\n',
      'tasks/pending/empty.edn': '',
      'tasks/pending/open.edn': '{:id "open"\n :summary "x"',
      'tasks/pending/dotdot.edn': '{:id "../../etc/passwd" :summary "x"}',
      'tasks/pending/symbols.edn': '{:summary "x"\n id "symbols"}',
      'tasks/pending/twice.json': '{"id": "twice",\n "id": "twice"}',
      'tasks/pending/latin.edn': '{:id "latin"}',
      'tasks/pending/README.md': 'not a task',
    })
    symlinkSync('/etc/hostname', path.join(root, 'tasks/pending/link.edn'))
    writeFileSync(path.join(root, 'tasks/pending/latin.edn'), Buffer.from([0x7b, 0xff, 0x7d]))
    writeFileSync(path.join(root, 'tasks/pending/huge.edn'), '')
    truncateSync(path.join(root, 'tasks/pending/huge.edn'), 100e6)
    const before = namesIn(root, 'tasks/pending')
    const { pending, problems } = await store.list()
    expect(pending.map((task) => task.id)).toEqual(['good'])
    const reasons = Object.fromEntries(
      problems.map(({ path: file, line, reason }) => [path.basename(file), [line, reason]]),
    )
    expect(reasons).toEqual({
      'empty.edn': [1, 'there is nothing in it'],
      'open.edn': [1, '`{` is never closed'],
      'dotdot.edn': [1, 'its id "../../etc/passwd" is a path'],
      'symbols.edn': [2, 'its key `id` is a symbol: write `:id`'],
      'twice.json': [2, 'the object has this key twice: "id"'],
      'latin.edn': [undefined, 'it is not UTF-8 text'],
      'link.edn': [undefined, 'it is a symbolic link'],
      'huge.edn': [undefined, 'it has 100.0 MB: a task has at most 1 MB'],
    })
    const claim = await claimed(store)
    expect(await store.claim({ claimer: me })).toMatchObject({ answer: 'none' })
    await store.complete(claim, done)
    expect(namesIn(root, 'tasks/pending')).toEqual(before.filter((name) => name !== 'good.edn'))
    expect(textOf(root, 'tasks/complete/good.edn')).toBe(
      '\uFEFF{:id "good"\r\n :summary "fine"\r\n :completed-by "w1"\r\n :completed-at "2026-01-02T03:04:05.000Z"}\r\n',
    )
  })

  it('of one id are held back but for the first, and reported', async () => {
    const { store } = folderWith({
      'tasks/pending/a.edn': '{:id "same" :summary "first"}',
      'tasks/pending/b.edn': '{:id "same" :summary "second"}',
    })
    expect((await claimed(store)).task.summary).toBe('first')
    expect(await store.claim({ claimer: me })).toMatchObject({ answer: 'none' })
    expect(await store.claim({ claimer: me, id: 'same' })).toMatchObject({ answer: 'already-taken' })
    expect((await store.list()).problems[0]?.reason).toMatch(/its id `same` is also that of/)
  })

  it('in a cycle or without their prerequisite are named and hold back only themselves', async () => {
    const { store } = folderWith({
      'tasks/pending/a.edn': '{:id "a" :summary "x" :depends-on ["b"]}',
      'tasks/pending/b.edn': '{:id "b" :summary "x" :depends-on ["a"]}',
      'tasks/pending/c.edn': '{:id "c" :summary "x" :depends-on ["nowhere"]}',
      'tasks/pending/d.edn': '{:id "d" :summary "x"}',
    })
    const { problems } = await store.list()
    expect(problems.map((problem) => problem.reason)).toEqual([
      '`c` depends on `nowhere`, which is no task',
      'these tasks wait for each other: `a` → `b` → `a`',
    ])
    expect((await claimed(store)).task.id).toBe('d')
    expect(await store.claim({ claimer: me })).toMatchObject({ answer: 'none' })
  })
})

describe('adding', () => {
  it('makes an id of the summary, and a file that reads back', async () => {
    const { root, store } = folderWith({})
    const task = await store.add({
      summary: 'Write the "parser"\\',
      dependsOn: ['x'],
      acceptance: ['a\nb'],
      priority: 2,
    })
    expect(task.id).toBe('write-the-parser')
    expect(namesIn(root, 'tasks/pending')).toEqual(['write-the-parser.edn'])
    expect((await store.list()).pending[0]).toMatchObject({ ...task, ready: false, waitsFor: ['x'] })
    expect((await store.add({ summary: 'Write the parser', format: 'json' })).id).toBe('write-the-parser-2')
    await expect(store.add({ id: 'write-the-parser', summary: 'x' })).rejects.toMatchObject({
      code: 'duplicate-task',
      status: 4,
    })
    for (const id of ['', '../x', '-x', 'a\nb']) {
      await expect(store.add({ id, summary: 'x' })).rejects.toMatchObject({ code: 'bad-task', status: 2 })
    }
  })
})
