// `oompa review`, `approvals`, `approve` and `reject` as a person runs them, with scripted agents that are real programs.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { readLog } from '../../src/events/log.js'
import { excludeOurs } from '../../src/git/exclude.js'
import { holdForApproval, waitingApprovals } from '../../src/review/held-changes.js'
import { taskFolder } from '../../src/tasks/folder/folder-store.js'
import type { Change } from '../../src/words.js'
import { changeOf, contextFor } from '../hooks/context.js'
import { oompa } from '../support/oompa.js'
import { type TestRepository, testRepository } from '../support/repository.js'

let repository: TestRepository

beforeEach(() => {
  repository = testRepository({ 'a.txt': 'a\n', '.gitignore': 'agent.sh\n' })
  vi.stubEnv('OOMPA_STATE', repository.env.OOMPA_STATE)
  excludeOurs(path.join(repository.root, '.git'))
  return () => vi.unstubAllEnvs()
})

const run = (...args: string[]) => oompa(args, { cwd: repository.root, env: repository.env })

function work(files: Readonly<Record<string, string>>, extra: Partial<Change> = {}): Change {
  repository.git(['checkout', '-q', '-B', 'oompa/w1-i1', 'main'])
  repository.commit('Work', files)
  repository.git(['checkout', '-q', 'main'])
  return changeOf(repository, 'oompa/w1-i1', extra)
}

/** A reviewer that is a program: what it prints is its final message. */
const agent = (script: string) =>
  `command:${repository.write('../agents/reviewer.sh', `#!/bin/sh\n${script}\n`, 0o755)}`

async function hold(files: Readonly<Record<string, string>>, extra: Partial<Change> = {}) {
  const change = work(files, extra)
  await holdForApproval(change, ['it touches hooks/'], contextFor(repository).context)
  const [waiting] = await waitingApprovals(repository.root)
  if (!waiting) throw new Error('nothing waits')
  return { change, waiting }
}

test('review prints the feedback: 0 approved, 4 rejected, 1 if nobody could judge', async () => {
  work({ 'a.txt': 'b\n' })
  const yes = agent('grep -q "^+b" && cat a.txt && echo Fine. && echo "VERDICT: APPROVED"')
  const approved = await run('review', 'oompa/w1-i1', '--agent', yes)
  expect(approved.stdout).toBe('b\nFine.\n')
  expect(approved.status).toBe(0)
  const rejected = await run('review', 'oompa/w1-i1', '--agent', agent('cat > /dev/null; echo Split this.'))
  expect(rejected).toMatchObject({ status: 4, stdout: 'Split this.\n' })
  const failed = await run('review', 'oompa/w1-i1', '--agent', agent('echo APPROVED; exit 3'), '--json')
  expect(failed.status).toBe(1)
  expect(JSON.parse(failed.stdout)).toMatchObject({ verdict: 'unavailable', by: [] })
  expect(repository.git(['worktree', 'list']).split('\n')).toHaveLength(1)
  expect(repository.git(['status', '--porcelain'])).toBe('')
})

test('review asks the hooks and the reviewers of oompa.json, and says where there is none', async () => {
  work({ 'b.txt': 'b\n' })
  expect(await run('review', 'oompa/w1-i1')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('no reviewer'),
  })
  repository.write('oompa.json', JSON.stringify({ review_model: agent('cat > /dev/null; echo no') }))
  expect(await run('review', 'oompa/w1-i1')).toMatchObject({ status: 4, stdout: 'no\n' })
  repository.write('hooks/review.sh', '#!/bin/sh\ncat > /dev/null\ntest -f b.txt || exit 1\n', 0o755)
  expect((await run('review', 'oompa/w1-i1')).status).toBe(0)
  expect((await run('review', 'no-such-branch')).status).toBe(2)
  expect((await run('review', 'main', '--into', 'main')).status).toBe(3)
})

test('what waits is listed for people and for programs, and nothing is listed where nothing waits', async () => {
  expect((await run('approvals')).stdout).toBe('No change waits for you.\n')
  expect((await run('approvals', '--json')).stdout).toBe('[]\n')
  const { waiting, change } = await hold({ 'hooks/evil\u001b[31m.ts': 'x\n' })
  const { stdout } = await run('approvals')
  expect(stdout).toContain(waiting.id)
  expect(stdout).toContain('because: it touches hooks/')
  expect(stdout).not.toContain('\u001b')
  const [listed] = JSON.parse((await run('approvals', '--json')).stdout)
  expect(Object.keys(listed)).toEqual(['id', 'swarm', 'worker', 'task', 'commit', 'base', 'files', 'reasons', 'since'])
  expect(listed).toMatchObject({ commit: change.commit, task: null })
})

test('approve lands the commit through the merge and the test of the repository', async () => {
  repository.commit('Hooks', {
    'hooks/merge.ts':
      "import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({ test: 'test -f hooks/new.ts' })\n",
  })
  const { waiting, change } = await hold({ 'hooks/new.ts': 'x\n' })
  repository.commit('Main moves', { 'c.txt': 'c\n' })
  const { status, stdout, stderr } = await run('approve', waiting.id)
  expect(stderr).toContain('has landed on main')
  expect(status).toBe(0)
  expect(stdout.trim()).toBe(repository.git(['rev-parse', 'main']))
  repository.git(['merge-base', '--is-ancestor', change.commit, 'main'])
  expect(existsSync(path.join(repository.root, 'hooks/new.ts'))).toBe(true)
  expect(await waitingApprovals(repository.root)).toEqual([])
  const types = readLog(repository.root, '01234567').map((event) => event.type)
  expect(types).toContain('landing.landed')
  expect(types).toContain('approval.approved')
})

test('a failed test leaves it waiting, with status 4 and the output', async () => {
  repository.commit('Hooks', {
    'hooks/merge.ts':
      "import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({ test: 'echo too red; exit 1' })\n",
  })
  const { waiting } = await hold({ 'hooks/new.ts': 'x\n' })
  const before = repository.git(['rev-parse', 'main'])
  const { status, stderr } = await run('approve', waiting.id)
  expect(status).toBe(4)
  expect(stderr).toContain('too red')
  expect(repository.git(['rev-parse', 'main'])).toBe(before)
  expect(await waitingApprovals(repository.root)).toHaveLength(1)
})

test('an edit of yours in the way is said at once, and the change waits on', async () => {
  const { waiting } = await hold({ 'a.txt': 'changed\n' })
  const before = repository.git(['rev-parse', 'main'])
  writeFileSync(path.join(repository.root, 'a.txt'), 'mine\n')
  const { status, stderr } = await run('approve', waiting.id)
  expect(stderr).toContain('a.txt')
  expect(status).toBe(4)
  expect(repository.git(['rev-parse', 'main'])).toBe(before)
  expect(readFileSync(path.join(repository.root, 'a.txt'), 'utf8')).toBe('mine\n')
  expect(await waitingApprovals(repository.root)).toHaveLength(1)
})

test('an agent that is told to approve itself is refused', async () => {
  const { waiting } = await hold({ 'hooks/new.ts': 'x\n' })
  const env = { ...repository.env, OOMPA_SWARM: '01234567', OOMPA_WORKER: 'w1' }
  for (const words of [
    ['approve', waiting.id],
    ['reject', waiting.id, 'x'],
  ]) {
    const { status, stderr } = await oompa(words, { cwd: repository.root, env })
    expect(status).toBe(4)
    expect(stderr).toContain('is for a person')
  }
  expect(await waitingApprovals(repository.root)).toHaveLength(1)
})

test.each([
  ['gives the task back with the reason', '01234567', 'pending'],
  ['leaves a task alone that somebody else holds by now', '89abcdef', 'current'],
])('reject keeps the work and %s', async (_what, swarm, folder) => {
  const task = { id: 'fix', summary: 'Fix it', acceptance: [], files: [], dependsOn: [], extra: {} }
  const { waiting, change } = await hold({ 'hooks/new.ts': 'x\n' }, { task })
  repository.write('tasks/pending/fix.json', '{"id":"fix","summary":"Fix it"}')
  const store = taskFolder('tasks', repository.root)
  expect(await store.claim({ claimer: { worker: 'w1', swarm, pid: process.pid } })).toMatchObject({ answer: 'claimed' })
  const { status, stdout } = await run('reject', waiting.id, 'Not', 'this way')
  expect(status).toBe(0)
  expect(stdout).toContain(waiting.ref)
  expect(repository.git(['rev-parse', waiting.ref])).toBe(change.commit)
  expect(await waitingApprovals(repository.root)).toEqual([])
  expect(readLog(repository.root, '01234567')).toContainEqual(
    expect.objectContaining({ type: 'approval.rejected', reason: 'Not this way' }),
  )
  const text = readFileSync(path.join(repository.root, 'tasks', folder, 'fix.json'), 'utf8')
  expect(text.includes('Rejected by a person: Not this way')).toBe(folder === 'pending')
  expect((await run('reject', waiting.id, 'again')).status).toBe(2)
  expect((await run('reject', waiting.id)).status).toBe(2)
})

test.each(['the swarm still holds', 'went back when the swarm ended'])(
  'approve completes the task that %s',
  async (how) => {
    const task = { id: 'fix', summary: 'Fix it', acceptance: [], files: [], dependsOn: [], extra: {} }
    const { waiting, change } = await hold({ 'hooks/new.ts': 'x\n' }, { task })
    repository.write('tasks/pending/fix.json', '{"id":"fix","summary":"Fix it"}')
    const store = taskFolder('tasks', repository.root)
    if (how === 'the swarm still holds') {
      await store.claim({ claimer: { worker: 'w1', swarm: '01234567', pid: process.pid } })
    }
    expect((await run('approve', waiting.id)).status).toBe(0)
    const done = JSON.parse(readFileSync(path.join(repository.root, 'tasks/complete/fix.json'), 'utf8'))
    expect(JSON.stringify(done)).toContain(change.commit)
  },
)
