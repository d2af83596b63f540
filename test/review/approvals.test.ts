// Changes that wait for a person: why, where they are kept, and what the person's answer does.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { readLog } from '../../src/events/log.js'
import { excludeOurs } from '../../src/git/exclude.js'
import type { MergeHook } from '../../src/hooks/contract.js'
import { patternToRegExp } from '../../src/hooks/patterns.js'
import { landApproved, refuseAgents, rejectApproval } from '../../src/review/decide.js'
import {
  findApproval,
  holdForApproval,
  publicFields,
  reasonsToWait,
  waitingApprovals,
} from '../../src/review/held-changes.js'
import { approvalsFolder } from '../../src/review/put-aside.js'
import {
  approval,
  continuousIntegration,
  highRisk,
  largerThan,
  packageManifests,
  touches,
} from '../../src/review/risk.js'
import type { Change } from '../../src/words.js'
import { changeOf, contextFor } from '../hooks/context.js'
import { type TestRepository, temporaryFolder, testRepository } from '../support/repository.js'

let repository: TestRepository

beforeEach(() => {
  vi.stubEnv('OOMPA_CACHE', temporaryFolder())
  vi.stubEnv('OOMPA_STATE', temporaryFolder())
  repository = testRepository({ 'a.txt': 'a\n', 'hooks/review.ts': 'export default 1\n' })
  excludeOurs(path.join(repository.root, '.git'))
  return () => vi.unstubAllEnvs()
})

function work(files: Readonly<Record<string, string>>, extra: Partial<Change> = {}): Change {
  repository.git(['checkout', '-q', '-B', 'oompa/w1-i1', 'main'])
  repository.commit('Work', files)
  repository.git(['checkout', '-q', 'main'])
  return changeOf(repository, 'oompa/w1-i1', extra)
}

const merge: MergeHook = async (change) => {
  repository.git(['merge', '-q', '--no-ff', '-m', 'Land', change.commit])
  return { commit: repository.git(['rev-parse', 'HEAD']), into: 'main', mergedCommit: change.commit }
}

test('a change to what judges waits, without any hook', async () => {
  const { context } = contextFor(repository)
  expect(await reasonsToWait(work({ 'a.txt': 'b\n' }), [], context)).toEqual([])
  const [reason] = await reasonsToWait(work({ 'hooks/review.zz.sh': 'exit 0\n' }), [], context)
  expect(reason).toContain('hooks/review.zz.sh')
})

test('every hook is asked, and each reason counts; one that throws is a reason', async () => {
  const { context } = contextFor(repository)
  const reasons = await reasonsToWait(
    work({ 'oompa.json': '{}\n' }),
    [
      () => ({ approved: true }),
      () => ({ wait: 'ask Ann' }),
      () => {
        throw new Error('broken')
      },
    ],
    context,
  )
  expect(reasons).toEqual([expect.stringContaining('oompa.json'), 'ask Ann', 'An approve hook failed: broken'])
})

test('what waits is kept at a ref and listed with exactly the fields of the contract', async () => {
  const { context, events } = contextFor(repository)
  const task = { id: 'fix', summary: 'Fix it', acceptance: [], files: [], dependsOn: [], extra: {} }
  const change = work({ 'hooks/x.ts': 'x\n', 'a.txt': 'b\n' }, { task, reviewedBy: ['codex'] })
  const refusal = await holdForApproval(change, ['because'], context)
  expect(refusal).toMatchObject({ refused: 'approval', final: true })
  expect(repository.git(['rev-parse', 'refs/oompa/kept/01234567/w1-1'])).toBe(change.commit)
  const [waiting] = await waitingApprovals(repository.root)
  if (!waiting) throw new Error('nothing waits')
  expect(publicFields(waiting)).toEqual({
    id: `w1-1-${change.commit.slice(0, 7)}`,
    swarm: '01234567',
    worker: 'w1',
    task: 'fix',
    commit: change.commit,
    base: change.base,
    files: ['a.txt', 'hooks/x.ts'],
    reasons: ['because'],
    since: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  })
  expect(events).toMatchObject([{ type: 'approval.waiting', id: waiting.id, task: 'fix', commit: change.commit }])
  expect(refusal.feedback).toContain(`oompa approve ${waiting.id}`)
})

test('an approved change lands as it is, is forgotten, and the log of its swarm says so', async () => {
  const { context } = contextFor(repository)
  const change = work({ 'hooks/x.ts': 'x\n' })
  await holdForApproval(change, ['because'], context)
  repository.commit('Main moves', { 'b.txt': 'b\n' })
  const waiting = await findApproval(repository.root, 'w1-1')
  const seen: Change[] = []
  const landing = await landApproved(repository.root, waiting, async (approved) => {
    seen.push(approved)
    return merge(approved, context)
  })
  expect(landing).toMatchObject({ into: 'main', mergedCommit: change.commit })
  expect(seen[0]).toMatchObject({ commit: change.commit, files: [{ path: 'hooks/x.ts', status: 'added' }] })
  expect(await waitingApprovals(repository.root)).toEqual([])
  expect(repository.git(['for-each-ref', 'refs/oompa'])).toBe('')
  expect(readLog(repository.root, '01234567')).toMatchObject([{ type: 'approval.approved', id: waiting.id }])
})

test('a conflict or a failed test leaves it waiting', async () => {
  const { context } = contextFor(repository)
  await holdForApproval(work({ 'hooks/x.ts': 'x\n' }), ['because'], context)
  const refused = await landApproved(repository.root, await findApproval(repository.root, 'w1'), async () => ({
    refused: 'test',
    feedback: 'red',
  }))
  expect(refused).toEqual({ refused: 'test', feedback: 'red' })
  expect(await waitingApprovals(repository.root)).toHaveLength(1)
  expect(readLog(repository.root, '01234567')).toEqual([])
})

test('what has been changed since it was put aside does not land', async () => {
  const { context } = contextFor(repository)
  const land = async (change: Change) => merge(change, context)
  const change = work({ 'hooks/x.ts': 'x\n' })
  await holdForApproval(change, ['because'], context)
  const waiting = await findApproval(repository.root, 'w1-1')
  const other = work({ 'hooks/x.ts': 'evil\n' })
  repository.git(['update-ref', waiting.ref, other.commit])
  await expect(landApproved(repository.root, waiting, land)).rejects.toMatchObject({
    code: 'approval-changed',
    status: 4,
  })
  repository.git(['update-ref', waiting.ref, change.commit])
  await expect(landApproved(repository.root, { ...waiting, commit: other.commit }, land)).rejects.toMatchObject({
    code: 'approval-changed',
  })
  expect(existsSync(path.join(repository.root, 'hooks/x.ts'))).toBe(false)
})

test('files that are not approvals are passed over', async () => {
  const { context } = contextFor(repository)
  await holdForApproval(work({ 'hooks/x.ts': 'x\n' }), ['because'], context)
  const folder = approvalsFolder(repository.root)
  const [name = ''] = readdirSync(folder)
  const good: Record<string, unknown> = JSON.parse(readFileSync(path.join(folder, name), 'utf8'))
  writeFileSync(path.join(folder, 'broken.json'), '{')
  writeFileSync(
    path.join(folder, 'w1-2-1234567.json'),
    JSON.stringify({ ...good, id: 'w1-2-1234567', swarm: '../../x' }),
  )
  writeFileSync(
    path.join(folder, 'w1-3-1234567.json'),
    JSON.stringify({ ...good, id: 'w1-3-1234567', commit: '--all' }),
  )
  writeFileSync(path.join(folder, 'w1-4-1234567.json'), JSON.stringify(good))
  expect((await waitingApprovals(repository.root)).map((one) => one.id)).toEqual([good.id])
})

test('an id that is unknown or not enough is an error that names what waits', async () => {
  const { context } = contextFor(repository)
  await expect(findApproval(repository.root, 'x')).rejects.toThrow(expect.objectContaining({ status: 2 }))
  const one = await holdForApproval(work({ 'hooks/x.ts': 'x\n' }), ['r'], context)
  await holdForApproval({ ...work({ 'hooks/y.ts': 'y\n' }), number: 2 }, ['r'], context)
  await expect(findApproval(repository.root, 'w1')).rejects.toThrow(/beginning of 2 approvals/)
  await expect(findApproval(repository.root, '')).rejects.toThrow(/these wait/)
  expect((await findApproval(repository.root, 'w1-1')).id).toBe(one.details?.id)
})

test('a rejected change keeps its work, and the log says why', async () => {
  const { context } = contextFor(repository)
  const change = work({ 'hooks/x.ts': 'x\n' })
  await holdForApproval(change, ['because'], context)
  await rejectApproval(repository.root, await findApproval(repository.root, 'w1'), 'not this way')
  expect(await waitingApprovals(repository.root)).toEqual([])
  expect(repository.git(['rev-parse', 'refs/oompa/kept/01234567/w1-1'])).toBe(change.commit)
  expect(readLog(repository.root, '01234567')).toMatchObject([{ type: 'approval.rejected', reason: 'not this way' }])
})

test('an agent is told that approving is for a person', () => {
  expect(() => refuseAgents('approve', { OOMPA_WORKER: 'w1', OOMPA_SWARM: '01234567' })).toThrow(
    expect.objectContaining({ status: 4, code: 'not-a-person' }),
  )
  expect(() => refuseAgents('approve', {})).not.toThrow()
})

test.each([
  '.github/workflows/ci.yml',
  '.gitlab-ci.yml',
  'tools/Jenkinsfile',
  'package.json',
  'packages/a/package-lock.json',
  'requirements-dev.txt',
  'Cargo.toml',
  'go.sum',
  'PACKAGE.JSON',
])('%s is of high risk', async (file) => {
  const { context } = contextFor(repository)
  const answer = await approval({ when: highRisk })(work({ [file]: 'x\n' }), context)
  expect(answer).toEqual({ wait: expect.stringContaining(file) })
})

test('size is counted in files and lines, and an ordinary change needs nobody', async () => {
  const { context } = contextFor(repository)
  expect(await approval({ when: highRisk })(work({ 'a.txt': 'b\n' }), context)).toEqual({ approved: true })
  const many = work(Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`f${i}.txt`, 'x\n'.repeat(5)])))
  expect(await largerThan({ files: 3 })(many, context)).toMatch(/4 files/)
  expect(await largerThan({ lines: 19 })(many, context)).toMatch(/20 lines/)
  expect(await largerThan({ lines: 20 })(many, context)).toBeUndefined()
})

test('rules of one’s own: text, true, lists, nothing, and paths before a rename', async () => {
  const { context } = contextFor(repository)
  const change = work({ 'infra/main.tf': 'x\n' })
  const own = approval({
    when: [
      touches('infra/**', 'the servers'),
      () => undefined,
      () => true,
      () => ['a', 'b'],
      async () => '',
      () => false,
    ],
  })
  expect(await own(change, context)).toEqual({
    wait: 'It touches the servers: infra/main.tf.\nA rule of hooks/approve asks for a person.\na\nb',
  })
  const renamed: Change = { ...change, files: [{ path: 'x', from: 'infra/a', status: 'renamed' }] }
  expect(await touches(['infra/**'])(renamed, context)).toContain('infra/a')
  expect(() => approval({ when: [] })).toThrow(expect.objectContaining({ status: 2 }))
  expect(await continuousIntegration(change, context)).toBeUndefined()
  expect(await packageManifests(change, context)).toBeUndefined()
})

test('patterns match whole paths', () => {
  const match = (pattern: string, file: string) => patternToRegExp(pattern).test(file)
  expect(match('**/package.json', 'package.json')).toBe(true)
  expect(match('**/package.json', 'a/b/package.json')).toBe(true)
  expect(match('**/package.json', 'a/mypackage.json')).toBe(false)
  expect(match('infra/**', 'infra/a/b')).toBe(true)
  expect(match('infra/*', 'infra/a/b')).toBe(false)
  expect(match('a.b', 'axb')).toBe(false)
})
