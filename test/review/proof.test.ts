// What a person is shown, and what lands in a reviewer's name, is git's and the proof's: files of ours that an agent
// can write change nothing.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { openLog } from '../../src/events/log.js'
import { proofFolder } from '../../src/files/paths.js'
import { excludeOurs } from '../../src/git/exclude.js'
import { holdForApproval, listApprovals } from '../../src/review/held-changes.js'
import { approvalsFolder } from '../../src/review/put-aside.js'
import type { Change } from '../../src/words.js'
import { changeOf, contextFor } from '../hooks/context.js'
import { oompa } from '../support/oompa.js'
import { type TestRepository, temporaryFolder, testRepository } from '../support/repository.js'

let repository: TestRepository

beforeEach(() => {
  repository = testRepository({ 'a.txt': 'a\n' })
  vi.stubEnv('OOMPA_STATE', repository.env.OOMPA_STATE)
  excludeOurs(path.join(repository.root, '.git'))
  return () => vi.unstubAllEnvs()
})

const run = (...args: string[]) => oompa(args, { cwd: repository.root, env: repository.env })
const task = { id: 'fix', summary: 'Fix it', acceptance: [], files: [], dependsOn: [], extra: {} }

/** Work of one worker, put aside for a person, reviewed by codex. */
async function hold(worker: string, files: Readonly<Record<string, string>>): Promise<Change> {
  repository.git(['checkout', '-q', '-B', `oompa/${worker}-i1`, 'main'])
  repository.commit('Work', files)
  repository.git(['checkout', '-q', 'main'])
  const change = changeOf(repository, `oompa/${worker}-i1`, { worker, reviewedBy: ['codex:o3'], task })
  await holdForApproval(change, ['ask Ann'], contextFor(repository).context)
  return change
}

const fileOf = ({ worker, commit }: Change) =>
  path.join(approvalsFolder(repository.root), `${worker}-1-${commit.slice(0, 7)}.json`)

/** What an agent makes of a record: another truth, in the right form. */
function rewrite(change: Change, lies: Readonly<Record<string, unknown>>): void {
  const record: Record<string, unknown> = JSON.parse(readFileSync(fileOf(change), 'utf8'))
  writeFileSync(fileOf(change), JSON.stringify({ ...record, ...lies }))
}

const lies = {
  files: ['docs/harmless.md'],
  reasons: ['a spelling mistake'],
  reviewedBy: ['claude:opus', 'Ann <ann@example.com>'],
  author: 'a person',
  summary: 'Harmless',
}

test('a record that was rewritten, with a line in the log that bears it out, changes neither what is shown nor what lands', async () => {
  const change = await hold('w1', { 'hooks/evil.ts': 'x\n', 'b.txt': 'b\n' })
  rewrite(change, lies)
  const log = openLog(repository.root, '01234567')
  log.emit({ type: 'review.ended', round: 1, verdict: 'approved', by: 'claude:opus', commit: change.commit })
  log.close()
  const shown = (await run('approvals')).stdout
  expect(shown).toContain('hooks/evil.ts')
  expect(shown).toContain('because: ask Ann')
  expect(shown).toContain('lands on main')
  expect(shown).not.toMatch(/harmless|spelling|opus|a person/i)
  expect((await run('approve', 'w1')).status).toBe(0)
  const message = repository.git(['log', '--format=%B', 'main'])
  expect(message).toContain('Reviewed-by: codex:o3')
  expect(message).not.toMatch(/opus|Ann/)
})

test('a record without a proof is shown by what git says, and names neither reviewer nor task in what lands', async () => {
  const change = await hold('w1', { 'hooks/evil.ts': 'x\n' })
  rmSync(proofFolder(repository.root), { recursive: true })
  rewrite(change, { ...lies, task: 'another' })
  repository.write('tasks/pending/another.json', '{"id":"another","summary":"Another"}')
  const [one] = JSON.parse((await run('approvals', '--json')).stdout)
  expect(one.files).toEqual(['hooks/evil.ts'])
  expect(one.reasons).toEqual([expect.stringContaining('hooks/evil.ts'), expect.stringContaining('no proof')])
  const { status, stderr } = await run('approve', one.id)
  expect(status).toBe(0)
  expect(stderr).toContain('was left as it is')
  expect(repository.git(['log', '--format=%B', 'main'])).not.toContain('Reviewed-by')
  expect(readdirSync(path.join(repository.root, 'tasks/pending'))).toEqual(['another.json'])
})

test('a proof is for this user alone; one that others could have written proves nothing', async () => {
  await hold('w1', { 'b.txt': 'b\n' })
  const folder = path.join(proofFolder(repository.root), 'approvals')
  const [name = ''] = readdirSync(folder)
  expect(statSync(path.join(folder, name)).mode & 0o777).toBe(0o600)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  expect((await listApprovals(repository.root)).waiting).toMatchObject([{ proven: true }])
  chmodSync(path.join(folder, name), 0o620)
  expect((await listApprovals(repository.root)).waiting).toMatchObject([{ proven: false }])
})

test('a record that was removed, and its ref with it, still waits and lands', async () => {
  const change = await hold('w1', { 'b.txt': 'b\n' })
  rmSync(approvalsFolder(repository.root), { recursive: true })
  repository.git(['update-ref', '-d', 'refs/oompa/kept/01234567/w1-1'])
  const approved = await run('approve', 'w1')
  expect(approved.status).toBe(0)
  repository.git(['merge-base', '--is-ancestor', change.commit, 'main'])
  expect((await run('approvals')).stdout).toBe('No change waits for you.\n')
})

test('a proof of another repository, which stood at this path before, is forgotten', async () => {
  const change = await hold('w1', { 'b.txt': 'b\n' })
  rmSync(path.join(repository.root, '.git'), { recursive: true })
  rmSync(path.join(repository.root, '.oompa'), { recursive: true })
  repository.git(['init', '-q', '-b', 'main'])
  repository.commit('Another')
  expect(await listApprovals(repository.root)).toEqual({ waiting: [], problems: [] })
  expect(existsSync(path.join(proofFolder(repository.root), 'approvals', path.basename(fileOf(change))))).toBe(false)
})

test.each([
  ['a folder', (file: string) => mkdirSync(file)],
  ['a link to itself', (file: string) => symlinkSync(path.basename(file), file)],
  ['a link to a record elsewhere', (file: string, record: string) => symlinkSync(record, file)],
  ['a text', (file: string) => writeFileSync(file, 'text')],
  ['a copy of another', (file: string, record: string) => writeFileSync(file, readFileSync(record))],
])('%s in place of a record is named in one line, and keeps nothing from working', async (_what, put) => {
  const change = await hold('w1', { 'b.txt': 'b\n' })
  rmSync(proofFolder(repository.root), { recursive: true })
  put(path.join(approvalsFolder(repository.root), 'w2-1-1234567.json'), fileOf(change))
  const { status, stdout, stderr } = await run('approvals')
  expect(status).toBe(0)
  expect(stderr.trim().split('\n')).toEqual([
    expect.stringContaining('.oompa/approvals/w2-1-1234567.json is no change'),
  ])
  expect(stdout).toContain('w1-1-')
  expect((await run('approve', 'w1')).status).toBe(0)
})

test.each(['a link that leads out', 'a link to itself', 'a file'])(
  '%s in place of the folder of records is not followed: changes wait all the same, and nothing is written elsewhere',
  async (what) => {
    const outside = temporaryFolder()
    const folder = approvalsFolder(repository.root)
    mkdirSync(path.dirname(folder), { recursive: true })
    if (what === 'a file') writeFileSync(folder, '')
    else symlinkSync(what === 'a link to itself' ? 'approvals' : outside, folder)
    await hold('w1', { 'b.txt': 'b\n' })
    expect(readdirSync(outside)).toEqual([])
    const { status, stdout, stderr } = await run('approvals')
    expect(status).toBe(0)
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining('.oompa/approvals is not the folder')])
    expect(stdout).toContain('because: ask Ann')
    expect((await run('approve', 'w1')).status).toBe(0)
    expect(readdirSync(outside)).toEqual([])
  },
)
