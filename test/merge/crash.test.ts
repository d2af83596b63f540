// Killed between any two steps, a landing is either done or not begun for whoever starts next: nothing lost, nothing
// twice, and the person's edits as they were.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { OompaEvent } from '../../src/events/contract.js'
import { openLandings, recoverLandings } from '../../src/recovery/landings.js'
import { oompa, oompaBin, start } from '../support/oompa.js'
import { type LandingRepository, landingRepository } from './support.js'

const STEPS = ['stacked', 'tested', 'journal', 'prepared', 'files', 'swapped', 'finished', 'settled']

/** A repository whose person is in the middle of something, and a branch that adds, changes and removes files. */
function busyRepository(): { repository: LandingRepository; edits: () => string; tip: string } {
  const repository = landingRepository({
    'a.txt': 'a\n',
    'b.txt': 'b\n',
    'gone.txt': 'g\n',
    'mine.txt': 'm\n',
    's.txt': 's\n',
  })
  const tip = repository.branch('work', { 'a.txt': 'landed\n', 'new/x.txt': 'new\n', 'gone.txt': null })
  repository.write('mine.txt', 'my edit\n')
  repository.write('s.txt', 'my staged edit\n')
  repository.git(['add', 's.txt'])
  repository.write('untracked', 'mine\n')
  return { repository, tip, edits: () => repository.git(['status', '--porcelain']) }
}

/** Everything that must hold after the next start, whenever the first one died. */
function expectLandedOnce(repository: LandingRepository, tips: readonly string[]): void {
  const merges = repository
    .git(['log', '--first-parent', '--merges', '--format=%P', 'main'])
    .split('\n')
    .filter(Boolean)
  for (const tip of tips) expect(merges.filter((parents) => parents.split(' ')[1] === tip)).toHaveLength(1)
  repository.git(['fsck', '--strict', '--no-dangling'])
  expect(leftovers(repository)).toEqual([])
}

/** What a landing must not leave behind. */
function leftovers(repository: LandingRepository): string[] {
  const git = path.join(repository.root, '.git')
  const found = readdirSync(git).filter((name) => /^index\..*(lock|oompa)/.test(name) || name === 'index.lock')
  if (existsSync(path.join(git, 'refs/heads/main.lock'))) found.push('main.lock')
  return [...found, ...readdirSync(path.join(git, 'oompa/moves'))]
}

describe('a landing that is killed', () => {
  test.each(STEPS)('at the step `%s` is landed or not, and the next start lands it once', async (step) => {
    const { repository, edits, tip } = busyRepository()
    const { root: cwd, env } = repository
    const before = edits()
    const died = await oompa(['merge', 'work'], { cwd, env: { ...env, OOMPA_CRASH_AT: step } })
    expect(died.signal).toBe('SIGKILL')
    const again = await oompa(['merge', 'work'], { cwd, env })
    expect([0, 3]).toContain(again.status)
    expectLandedOnce(repository, [tip])
    // The next landing mends the checkout even where this one had landed already.
    expect(edits()).toBe(before)
    expect(readFileSync(path.join(cwd, 'a.txt'), 'utf8')).toBe('landed\n')
    expect(readFileSync(path.join(cwd, 'mine.txt'), 'utf8')).toBe('my edit\n')
  })

  test('with all its git processes, at 24 random moments, loses and doubles nothing', async () => {
    const { repository, edits } = busyRepository()
    const { root: cwd, env } = repository
    const before = edits()
    const tips: string[] = []
    // How long one takes here, so that the moments are spread over all of it.
    const began = performance.now()
    tips.push(repository.branch('first', { 'first.txt': '1\n' }))
    expect((await oompa(['merge', 'first'], { cwd, env })).status).toBe(0)
    const usual = performance.now() - began
    for (let trial = 0; trial < 24; trial++) {
      const name = `b${trial}`
      tips.push(repository.branch(name, { [`${name}.txt`]: name, 'a.txt': `${name}\n` }))
      const running = start(process.execPath, [oompaBin, 'merge', name], { cwd, env, detached: true })
      const timer = setTimeout(() => kill(running.child.pid!), usual * (0.2 + Math.random()))
      await running.ended
      clearTimeout(timer)
      for (const until = Date.now() + 10_000; ; ) {
        const { status, stderr } = await oompa(['merge', name, '--wait', '5'], { cwd, env })
        if (status === 0 || status === 3) break
        expect(stderr).toMatch(/held by another git process|another git command/)
        expect(Date.now()).toBeLessThan(until)
      }
      expect(edits()).toBe(before)
    }
    expectLandedOnce(repository, tips)
  }, 180_000)
})

/** The process and its git children, as a crash of the machine would. */
function kill(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

describe('what the log left open', () => {
  const at = '2026-01-01T00:00:00.000Z'
  const base = { at, swarm: '00000000' }
  const queued = (worker: string, branch: string, commit: string): OompaEvent => ({
    ...base,
    type: 'landing.queued',
    worker,
    iteration: 1,
    branch,
    commit,
    position: 1,
    task: `task-${worker}`,
  })

  test('is what was queued or landed, and did not end', () => {
    const events: OompaEvent[] = [
      {
        ...base,
        type: 'swarm.started',
        pid: 1,
        processStart: '',
        host: '',
        level: 2,
        workers: [],
        iterations: 1,
        version: '',
        into: 'main',
      },
      queued('w1', 'oompa/w1-i1', 'a'),
      queued('w2', 'oompa/w2-i1', 'b'),
      { ...base, type: 'landing.landed', worker: 'w1', iteration: 1, branch: 'oompa/w1-i1', into: 'main' },
    ]
    expect(openLandings(events)).toEqual([
      { worker: 'w1', iteration: 1, branch: 'oompa/w1-i1', into: 'main', said: true, commit: 'a' },
      { worker: 'w2', iteration: 1, branch: 'oompa/w2-i1', into: 'main', commit: 'b', task: 'task-w2' },
    ])
  })

  test('is told by git: landed by a merge, landed by a squash, or not', async () => {
    const repository = landingRepository()
    const tips = ['one', 'two', 'three'].map((name) => repository.branch(name, { [`${name}.txt`]: name }))
    await repository.land('one')
    await repository.land('two', { strategy: 'squash' })
    const squash = repository.git(['rev-parse', 'main'])
    repository.commit('By hand since', { 'hand.txt': '1' })
    const started = {
      ...base,
      type: 'swarm.started',
      pid: 1,
      processStart: '',
      host: '',
      level: 2,
      workers: [],
      iterations: 1,
      version: '',
      into: 'main',
    } as const
    const events: OompaEvent[] = [started, ...tips.map((tip, i) => queued(`w${i + 1}`, `b${i}`, tip))]
    expect(await recoverLandings(repository.root, events)).toMatchObject([
      { worker: 'w1', landed: repository.git(['rev-parse', 'main~2']), mergedCommit: tips[0] },
      { worker: 'w2', landed: squash },
      { worker: 'w3' },
    ])
    expect((await recoverLandings(repository.root, events))[2]).not.toHaveProperty('landed')
  })
})
