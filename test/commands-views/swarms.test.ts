import { mkdirSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readRun } from '../../src/events/runs.js'
import { olderOutput, outputFile, runFolder } from '../../src/files/paths.js'
import { isAlive, processStart } from '../../src/processes/identity.js'
import { startedByTheDead, startedHere, stopped, writeEvents } from '../events/folder.js'
import { at, COMMIT, sampleEvents } from '../events/sample.js'
import { type Ended, oompa, packageRoot, type Running, start } from '../support/oompa.js'
import { type TestRepository, testRepository } from '../support/repository.js'

const [A, B] = ['aaaa0001', 'bbbb0002']

function run(repository: TestRepository, ...args: string[]): Promise<Ended> {
  return oompa(args, { cwd: repository.root, env: repository.env })
}

/** The loop's stand-in, ended with the test. */
async function loop(repository: TestRepository, swarm: string, ...manners: string[]): Promise<Running> {
  const file = path.join(packageRoot, 'test/commands-views/loop.mjs')
  const running = start(process.execPath, [file, repository.root, swarm, ...manners], {
    cwd: repository.root,
    env: repository.env,
  })
  onTestFinished(() => void running.child.kill('SIGKILL'))
  await running.prints(/ready/)
  return running
}

/** A swarm of this very process, that seems to run. */
function runningHere(repository: TestRepository, swarm = A): void {
  const events = sampleEvents().map((event) => ({ ...event, swarm }))
  writeEvents(repository.root, swarm, [startedHere(0, swarm), ...events.slice(1, 7)])
}

test('without a swarm, status, view, logs, stop and kill have nothing to do, and list is empty', async () => {
  const repository = testRepository()
  for (const name of ['status', 'view', 'logs', 'stop', 'kill']) {
    const ended = await run(repository, name)
    expect([name, ended.status]).toEqual([name, 3])
    expect(ended.stderr).toContain('oompa run')
  }
  expect(await run(repository, 'status', '--json')).toMatchObject({ status: 3, stdout: '[]\n' })
  expect(await run(repository, 'list', '--json')).toMatchObject({ status: 0, stdout: '[]\n' })
  expect(await run(repository, 'worktrees')).toMatchObject({ status: 0 })
})

test('each command explains itself, with an example', async () => {
  const repository = testRepository()
  for (const name of ['status', 'list', 'view', 'logs', 'stop', 'kill', 'worktrees']) {
    const { status, stdout } = await run(repository, name, '--help')
    expect([status, stdout]).toEqual([0, expect.stringMatching(/Examples:[\s\S]+oompa /)])
    expect(stdout).toContain('--json')
  }
})

test('status --json is the list that the contract says, also from a folder below and a linked worktree', async () => {
  const repository = testRepository({ 'a/b.txt': 'x' })
  runningHere(repository)
  repository.git(['worktree', 'add', '-q', '.w1-i1', '-b', 'oompa/w1-i1'])
  for (const cwd of ['.', 'a', '.w1-i1']) {
    const { status, stdout } = await oompa(['status', '--json'], {
      cwd: path.join(repository.root, cwd),
      env: repository.env,
    })
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toEqual([
      {
        swarm: A,
        state: 'running',
        pid: process.pid,
        startedAt: startedHere(0, A).at,
        workers: [
          { worker: 'w1', iteration: 1, state: 'working', task: 't-1', agent: 'claude:opus', costUsd: null },
          { worker: 'w2', iteration: 1, state: 'preparing', task: null, agent: 'codex:o3', costUsd: null },
        ],
        queue: [],
      },
    ])
  }
})

test('status shows a running swarm as a table, a crashed one as crashed and with nobody at work', async () => {
  const repository = testRepository()
  runningHere(repository)
  const shown = await run(repository, 'status')
  expect(shown.stdout).toContain(`Swarm ${A} is running (pid ${process.pid})`)
  expect(shown.stdout).toMatch(/^w1 +1\/2 +t-1 +silent for \d+d: Edit src\/a.ts/m)
  expect(shown.stdout).not.toContain('\x1b')
  const other = testRepository()
  writeEvents(other.root, A, [startedByTheDead(0, A), ...sampleEvents().slice(1, 6)])
  expect((await run(other, 'status')).stdout).toContain(
    `Swarm ${A} crashed: its process is gone.\n  → oompa resume ${A}`,
  )
  expect((await run(other, 'status')).stdout).toMatch(/^w1 +1\/2 +t-1 +was cut off +0:03/m)
  const [facts] = JSON.parse((await run(other, 'status', '--json')).stdout)
  expect(facts).toMatchObject({ state: 'crashed', workers: [{ state: 'ended' }, { state: 'ended' }] })
})

test('list has the columns of the earlier system for programs, the latest first', async () => {
  const repository = testRepository()
  writeEvents(repository.root, A, [startedByTheDead(0, A), ...sampleEvents().slice(1), stopped(30, A)])
  runningHere(repository, B)
  writeEvents(repository.root, B, [at(3600, { type: 'note', text: 'later' }, B)])
  const { stdout } = await run(repository, 'list')
  const [header, ...rows] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
  expect(header).toEqual(['ID', 'State', 'PID', 'Workers', 'Active', 'Cycles', 'Merged', 'Failed', 'Done', 'Started'])
  expect(rows.map((row) => row.slice(0, 9)).sort()).toEqual([
    [A, 'stopped', '-', '2', '0', '2', '1', '1', '0'],
    [B, 'running', String(process.pid), '2', '2', '0', '0', '0', '0'],
  ])
  const all = JSON.parse((await run(repository, 'list', '--all', '--json')).stdout)
  expect(all).toContainEqual(expect.objectContaining({ swarm: A, state: 'stopped', cycles: 2, merged: 1, failed: 1 }))
})

test('list shows twenty, and says how many more there are', async () => {
  const repository = testRepository()
  for (let i = 0; i < 25; i++) {
    const swarm = (0xa0000000 + i).toString(16)
    writeEvents(repository.root, swarm, [startedByTheDead(i, swarm), stopped(i + 1, swarm)])
  }
  const short = (await run(repository, 'list')).stdout.trimEnd().split('\n')
  expect(short).toHaveLength(22)
  expect(short[1]).toContain('a0000018')
  expect(short.at(-1)).toBe('… and 5 earlier: oompa list --all')
  expect((await run(repository, 'list', '--all')).stdout.trimEnd().split('\n')).toHaveLength(26)
})

test('view tells what a swarm did, by the beginning of its id; a wrong id is wrong usage', async () => {
  const repository = testRepository()
  writeEvents(repository.root, A, [startedByTheDead(0, A), ...sampleEvents().slice(1), stopped(30, A)])
  writeEvents(repository.root, B, [startedHere(0, B)])
  const shown = await run(repository, 'view', 'aa')
  expect(shown.stdout).toContain(`#1  landed  t-1  ${COMMIT.slice(0, 8)}`)
  expect((await run(repository, 'view')).stdout).toContain(`Swarm ${B} is running`)
  const wrong = await run(repository, 'view', 'ffff')
  expect(wrong).toMatchObject({ status: 2, stderr: expect.stringContaining('oompa list --all') })
})

test("view --json has the state and the earlier system's files", async () => {
  const repository = testRepository()
  writeEvents(repository.root, A, [startedByTheDead(0, A), ...sampleEvents().slice(1), stopped(30, A)])
  const facts = JSON.parse((await run(repository, 'view', '--json')).stdout)
  expect(facts).toMatchObject({
    swarm: A,
    state: 'stopped',
    costUsd: 0.25,
    counts: { iterations: 2, landed: 1 },
    workers: [{ worker: 'w1', ended: [{ outcome: 'landed', landed: COMMIT }] }, { worker: 'w2' }],
    started: { 'swarm-id': expect.any(String), pid: process.pid },
    stopped: { reason: 'all workers have ended' },
    cycles: [
      { 'worker-id': 'w1', outcome: 'merged' },
      { 'worker-id': 'w2', outcome: 'rejected' },
    ],
    reviews: [{ round: 1 }, { round: 2 }],
  })
})

test('view --watch follows a swarm of another process until it ends, and sums up', async () => {
  const repository = testRepository()
  const swarm = await loop(repository, A)
  const watching = start(process.execPath, [path.join(packageRoot, 'bin/oompa'), 'view', '--watch'], {
    cwd: repository.root,
    env: repository.env,
  })
  onTestFinished(() => void watching.child.kill('SIGKILL'))
  writeEvents(repository.root, A, [at(1, { type: 'agent.activity', worker: 'w1', text: 'before or after' }, A)])
  // What was written before the view began is not said again.
  const again = setInterval(
    () => writeEvents(repository.root, A, [at(2, { type: 'note', text: 'something new' }, A)]),
    500,
  )
  await watching.prints(/something new/).finally(() => clearInterval(again))
  swarm.child.kill('SIGTERM')
  const ended = await watching.ended
  expect(ended.status).toBe(0)
  expect(ended.stdout).toContain('[w1] iteration 1 interrupted')
  expect(ended.stdout).toContain(`Swarm ${A} ended: interrupted by SIGTERM`)
  expect(ended.stdout).not.toContain('swarm aaaa0001 started')
})

test('view --watch tells when the process of the swarm dies', async () => {
  const repository = testRepository()
  const swarm = await loop(repository, A)
  const watching = start(process.execPath, [path.join(packageRoot, 'bin/oompa'), 'view', '-w'], {
    cwd: repository.root,
    env: repository.env,
  })
  writeEvents(repository.root, A, [at(2, { type: 'note', text: 'still here' }, A)])
  swarm.child.kill('SIGKILL')
  const ended = await watching.ended
  expect(ended.stdout).toContain(`Swarm ${A} crashed: its process is gone and wrote no end`)
  expect(ended.stdout).toMatch(/#1 {2}cut off {2}on oompa\/w1-i1 {2}in .w1-i1/)
})

test('stop asks the running swarm, which ends gently; --wait returns when it has', async () => {
  const repository = testRepository()
  const swarm = await loop(repository, A)
  const asked = await run(repository, 'stop', '--wait')
  expect(asked).toMatchObject({ status: 0, stdout: expect.stringContaining(`Swarm ${A} has ended.`) })
  expect((await swarm.ended).status).toBe(0)
  expect(await run(repository, 'stop')).toMatchObject({ status: 3 })
})

test('kill ends the swarm and what it started; its log says that it was interrupted', async () => {
  const repository = testRepository()
  const swarm = await loop(repository, A, 'agent')
  await swarm.prints(/agent \d+/)
  const facts = JSON.parse((await run(repository, 'kill', '--json')).stdout)
  expect(facts).toEqual({ swarm: A, ended: 'gently', processes: 1, state: 'stopped' })
  const { stdout, status } = await swarm.ended
  expect(status).toBe(130)
  const agent = Number(/agent (\d+)/.exec(stdout)?.[1])
  expect(processStart(agent)).toBeUndefined()
})

test('kill ends by force what does not listen, and afterwards what was left behind', async () => {
  const repository = testRepository()
  const swarm = await loop(repository, A, 'stubborn', 'agent')
  const killed = await run(repository, 'kill', A.slice(0, 3), '--grace', '0.5')
  expect(killed).toMatchObject({
    status: 0,
    stdout: expect.stringContaining(`Swarm ${A} was ended by force; 1 process`),
  })
  expect((await swarm.ended).signal).toBe('SIGKILL')
  expect(readRun(repository.root, A)?.state).toBe('crashed')
  expect(await run(repository, 'kill', A)).toMatchObject({ status: 3 })
})

test('kill of a crashed swarm ends what it left behind, and nothing of anybody else', async () => {
  const repository = testRepository()
  const swarm = await loop(repository, A, 'agent')
  const mine = await loop(repository, B)
  swarm.child.kill('SIGKILL')
  const agent = Number(/agent (\d+)/.exec((await swarm.ended).stdout)?.[1])
  expect(processStart(agent)).toBeDefined()
  expect((await run(repository, 'kill', A)).stdout).toContain('was not running; 1 process')
  expect(processStart(agent)).toBeUndefined()
  expect(isAlive(mine.child.pid ?? 0, processStart(mine.child.pid ?? 0) ?? '')).toBe(true)
})

test('with two running swarms, stop and kill want to be told which', async () => {
  const repository = testRepository()
  runningHere(repository, A)
  runningHere(repository, B)
  for (const name of ['stop', 'kill']) {
    expect(await run(repository, name)).toMatchObject({ status: 2, stderr: expect.stringContaining(`${A}`) })
  }
})

test('logs prints the latest iteration of a worker, made readable and harmless, or raw', async () => {
  const repository = testRepository()
  runningHere(repository)
  mkdirSync(runFolder(repository.root, A), { recursive: true })
  writeFileSync(outputFile(repository.root, A, 'w1', 1), 'old\n')
  const stream =
    '{"type":"assistant","message":{"content":[{"type":"text","text":"hello \\u001b[2J"}]}}\nplain\x1b[31m\n'
  writeFileSync(outputFile(repository.root, A, 'w1', 2), stream)
  writeFileSync(outputFile(repository.root, A, 'w2', 1), 'other without an end')
  expect((await run(repository, 'logs', 'w1')).stdout).toBe('hello \nplain\n')
  expect((await run(repository, 'logs', 'w1', '--raw')).stdout).toBe(stream)
  expect((await run(repository, 'logs', 'w1', '--iteration', '1')).stdout).toBe('old\n')
  expect((await run(repository, 'logs')).stdout).toBe('[w1] hello \n[w1] plain\n[w2] other without an end\n')
  expect(JSON.parse((await run(repository, 'logs', '--json')).stdout)).toMatchObject([
    { worker: 'w1', iteration: 2 },
    { worker: 'w2', iteration: 1 },
  ])
  expect(await run(repository, 'logs', 'w3')).toMatchObject({ status: 2, stderr: expect.stringContaining('w1, w2') })
  expect(await run(repository, 'logs', 'w1', '--iteration', '9')).toMatchObject({ status: 3 })
})

test('logs ends at once where nobody reads on, and holds no more than a piece of a long log', async () => {
  const repository = testRepository()
  runningHere(repository)
  const file = outputFile(repository.root, A, 'w1', 1)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, 'first\n')
  // A terabyte without a line end, and none of it on the disk: to read it all would take longer than any test may.
  truncateSync(file, 1e12)
  const bin = path.join(packageRoot, 'bin/oompa')
  for (const flags of ['', '--raw']) {
    const script = `${process.execPath} --max-old-space-size=256 '${bin}' logs w1 ${flags} | head -1; echo "status \${PIPESTATUS[0]}"`
    const ended = await start('bash', ['-c', script], { cwd: repository.root, env: repository.env }).ended
    expect(ended.stdout).toBe('first\nstatus 0\n')
    expect(ended.stderr).toBe('')
  }
})

test('logs prints what was put aside first, and follows a log that is put aside', async () => {
  const repository = testRepository()
  const swarm = await loop(repository, A)
  const file = outputFile(repository.root, A, 'w1', 1)
  writeFileSync(olderOutput(file), 'zero\n')
  writeFileSync(file, 'one\n')
  expect((await run(repository, 'logs', 'w1')).stdout).toBe('zero\none\n')
  const following = start(process.execPath, [path.join(packageRoot, 'bin/oompa'), 'logs', '-f'], {
    cwd: repository.root,
    env: repository.env,
  })
  await following.prints(/one/)
  writeFileSync(file, 'two\n', { flag: 'a' })
  renameSync(file, olderOutput(file))
  writeFileSync(file, 'three\n')
  await following.prints(/three/)
  swarm.child.kill('SIGTERM')
  expect((await following.ended).stdout).toBe('[w1] zero\n[w1] one\n[w1] two\n[w1] three\n')
})

test('logs -f follows a worker into its next iteration, and ends when the swarm ends', async () => {
  const repository = testRepository()
  const swarm = await loop(repository, A)
  writeFileSync(outputFile(repository.root, A, 'w1', 1), 'one\n')
  const following = start(process.execPath, [path.join(packageRoot, 'bin/oompa'), 'logs', '-f'], {
    cwd: repository.root,
    env: repository.env,
  })
  await following.prints(/\[w1\] one/)
  writeFileSync(outputFile(repository.root, A, 'w1', 1), 'two', { flag: 'a' })
  writeFileSync(outputFile(repository.root, A, 'w1', 2), 'three\n')
  await following.prints(/three/)
  swarm.child.kill('SIGTERM')
  expect(await following.ended).toMatchObject({ status: 0, stdout: '[w1] one\n[w1] two\n[w1] three\n' })
})

test('worktrees lists ours: clean or not, commits ahead, in use', async () => {
  const repository = testRepository()
  for (const name of ['w1-i1', 'w1-i2', 'w2-i1'])
    repository.git(['worktree', 'add', '-q', `.${name}`, '-b', `oompa/${name}`])
  repository.git(['worktree', 'add', '-q', '../theirs', '-b', 'theirs'])
  const second = path.join(repository.root, '.w1-i2')
  writeFileSync(path.join(second, 'new.txt'), 'x')
  repository.git(['add', '-A'], second)
  repository.git(['commit', '-q', '-m', 'Work'], second)
  writeFileSync(path.join(repository.root, '.w2-i1', 'unsaved.txt'), 'x')
  const facts = JSON.parse((await run(repository, 'worktrees', '--json')).stdout)
  expect(facts).toMatchObject([
    { worktree: '.w1-i1', branch: 'oompa/w1-i1', unsaved: 0, ahead: 0, usedBy: null, missing: false },
    { worktree: '.w1-i2', unsaved: 0, ahead: 1 },
    { worktree: '.w2-i1', unsaved: 1, ahead: 0 },
  ])
  const { stdout } = await run(repository, 'worktrees')
  expect(stdout).toMatch(/^\.w1-i2 +\d+s +1 commit not landed +– +oompa\/w1-i2$/m)
  expect(stdout).toMatch(/^\.w2-i1 +\d+s +1 file not committed +– +oompa\/w2-i1$/m)
})
