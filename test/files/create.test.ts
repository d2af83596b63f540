// A disk that is full lets a file be made, and not be written. Whatever makes a file leaves none then, and keeps what a
// file held before. A process that may write no byte (`ulimit -f 0`) meets the same as on a full disk.

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createFile } from '../../src/files/create.js'
import { replaceOwn } from '../../src/files/own.js'
import { testRepository } from '../support/repository.js'

const dist = path.join(import.meta.dirname, '../../dist')

/** Runs `code`, with the modules of `dist` by their paths, where nothing can be written; gives what it throws. */
function onFullDisk(root: string, code: string): string {
  // signal-exit, which proper-lockfile brings, would end the process by the signal of that limit.
  const script = `process.on('SIGXFSZ', () => {})
    const root = process.argv[1]
    const load = (name) => import(${JSON.stringify(`${dist}/`)} + name + '.js')
    ;(async () => { ${code} })().then(() => console.log('no error'), (error) => console.log(String(error)))`
  const line = 'ulimit -f 0; exec "$@"'
  const node = [process.execPath, '--input-type=module', '-e', script, root]
  const env = { ...process.env, OOMPA_STATE: path.join(root, 'state') }
  const { stdout, stderr } = spawnSync('sh', ['-c', line, 'sh', ...node], { encoding: 'utf8', env })
  return stdout + stderr
}

/** Every plain file below a folder, without git's. */
function filesIn(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((name) => !name.startsWith('.git/'))
    .sort()
}

const RECORD = "{ id: '1', worker: 'w1', swarm: 's', fence: 'f', since: '2026-01-01T00:00:00Z' }"
const ASIDE = `{ id: 'w1-1-0123456', swarm: 's', worker: 'w1', iteration: 1, task: null, commit: '0123456', base: '0',
  branch: 'b', into: 'main', ref: 'r', files: [], reasons: [], reviewedBy: [], since: '' }`

test.each([
  ['a new file', "(await load('files/create')).createFile(root + '/new', 'text')"],
  ['a claim', `(await load('tasks/records')).claimRecords(root, 'tasks').write('1', ${RECORD})`],
  [
    'a claim that is written again',
    `(await load('tasks/records')).claimRecords(root, 'tasks').restore('1', ${RECORD})`,
  ],
  ['a change that waits', `(await load('review/put-aside')).writeAside(root, ${ASIDE})`],
  ['the mark of our cache', "(await load('git/remove')).openCache(root + '/cache')"],
  ['an intent', "(await load('merge/journal')).writeIntent(root, {})"],
  ['a lock', "await (await load('locks/index')).withLock(root, 'landing', async () => {})"],
  ['notes', "(await load('tasks/notes')).writeNotes(root, root + '/.oompa/claims', '1', 'more')"],
])('%s is there whole or not at all', (_name, code) => {
  const { root } = testRepository({ a: '1\n' })
  const before = filesIn(root)
  expect(onFullDisk(root, code)).toMatch(/EFBIG|file too large|cannot/i)
  expect(filesIn(root)).toEqual(before)
})

test('what a file of ours held stays where its new content cannot be written', () => {
  const { root } = testRepository({ a: '1\n' })
  const file = path.join(root, '.oompa', 'notes')
  replaceOwn(root, file, 'first\n')
  const said = onFullDisk(root, "(await load('files/own')).replaceOwn(root, root + '/.oompa/notes', 'second')")
  expect(said).toMatch(/EFBIG/)
  expect(readFileSync(file, 'utf8')).toBe('first\n')
  expect(readdirSync(path.dirname(file))).toEqual(['notes'])
  replaceOwn(root, file, 'second\n')
  expect(readFileSync(file, 'utf8')).toBe('second\n')
})

test('a name that is taken is left alone, with the mode that was asked for otherwise', () => {
  const { root } = testRepository({ a: '1\n' })
  const file = path.join(root, 'new')
  createFile(file, 'text', 0o600)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(() => createFile(file, 'other')).toThrow(/EEXIST/)
  expect(readFileSync(file, 'utf8')).toBe('text')
})
