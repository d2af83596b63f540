import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { readLog, swarmIds } from '../../src/events/log.js'
import { scriptedAgent } from '../support/agents.js'
import { loopFile, oompa, start } from '../support/oompa.js'
import { testRepository } from '../support/repository.js'

const prompt = { 'prompts/worker.md': 'Goal: match spec.md\nSay what you did.\n', 'spec.md': 'A spec.\n' }

function loop(repository: { root: string }, env: NodeJS.ProcessEnv, args: string[] = []) {
  return start(process.execPath, [loopFile, ...args], { cwd: repository.root, env }).ended
}

describe('level 1', () => {
  test('runs workers × iterations of `claude -p -` with the bash script’s input, from the root', async () => {
    const repository = testRepository(prompt)
    const agent = scriptedAgent(repository, 'echo done')
    const ended = await loop(repository, { ...agent.env, WORKERS: '2', ITERATIONS: '3' })
    expect(ended.stderr).toBe('')
    expect(ended.status).toBe(0)
    const calls = agent.calls()
    expect(calls).toHaveLength(6)
    for (const call of calls) {
      expect(call.argv).toEqual(['-p', '-'])
      expect(call.cwd).toBe(repository.root)
      expect(call.env.OOMPA_WORKTREE).toBe(
        path.join(repository.root, `.${call.env.OOMPA_WORKER}-i${call.env.OOMPA_ITERATION}`),
      )
    }
    expect(calls.map((call) => call.input).sort()).toEqual(
      [1, 2].flatMap((w) => [1, 2, 3].map((i) => `Worktree: .w${w}-i${i}\n${prompt['prompts/worker.md']}`)),
    )
  })

  test('makes a worktree for each iteration on a branch of its own, and leaves git status clean', async () => {
    const repository = testRepository(prompt)
    const agent = scriptedAgent(
      repository,
      'cd "$OOMPA_WORKTREE" && echo x > "$OOMPA_WORKER-$OOMPA_ITERATION" && git add -A && git commit -qm work',
    )
    await loop(repository, { ...agent.env, WORKERS: '2', ITERATIONS: '2' })
    for (const name of ['w1-i1', 'w1-i2', 'w2-i1', 'w2-i2']) {
      expect(repository.git(['log', '--format=%s', '-1', `oompa/${name}`])).toBe('work')
      expect(repository.git(['symbolic-ref', '--short', 'HEAD'], path.join(repository.root, `.${name}`))).toBe(
        `oompa/${name}`,
      )
    }
    expect(repository.git(['status', '--porcelain'])).toBe('')
  })

  test('a second run goes on with the worktrees that are there', async () => {
    const repository = testRepository(prompt)
    const agent = scriptedAgent(
      repository,
      'cd "$OOMPA_WORKTREE" && echo "$OOMPA_SWARM" >> log && git add -A && git commit -qm work',
    )
    const env = { ...agent.env, WORKERS: '1', ITERATIONS: '1' }
    await loop(repository, env)
    expect((await loop(repository, env)).status).toBe(0)
    expect(repository.git(['log', '--format=%s', 'oompa/w1-i1']).split('\n')).toEqual(['work', 'work', 'Start'])
  })

  test('an agent that fails does not stop the loop; the status is 1 only if every iteration failed', async () => {
    const repository = testRepository(prompt)
    const some = scriptedAgent(repository, '[ "$OOMPA_ITERATION" != 1 ]')
    expect((await loop(repository, { ...some.env, WORKERS: '1', ITERATIONS: '2' })).status).toBe(0)
    expect(some.calls()).toHaveLength(2)
    const none = scriptedAgent(repository, 'exit 7')
    expect((await loop(repository, { ...none.env, WORKERS: '1', ITERATIONS: '2' })).status).toBe(1)
  })

  test('a worktree that cannot be made is said, and its iteration starts no agent', async () => {
    const repository = testRepository(prompt)
    mkdirSync(path.join(repository.root, '.w1-i1'))
    writeFileSync(path.join(repository.root, '.w1-i1/mine'), 'mine')
    const agent = scriptedAgent(repository, 'echo done')
    const ended = await loop(repository, { ...agent.env, WORKERS: '1', ITERATIONS: '2' })
    expect(ended.status).toBe(0)
    expect(ended.stdout + ended.stderr).toContain('.w1-i1')
    expect(agent.calls().map((call) => call.env.OOMPA_ITERATION)).toEqual(['2'])
    expect(existsSync(path.join(repository.root, '.w1-i1/mine'))).toBe(true)
  })

  test('__DONE__ on a line of its own ends that worker', async () => {
    const repository = testRepository(prompt)
    const agent = scriptedAgent(repository, 'echo working; echo __DONE__')
    const ended = await loop(repository, { ...agent.env, WORKERS: '2', ITERATIONS: '5' })
    expect(ended.status).toBe(0)
    expect(agent.calls()).toHaveLength(2)
  })

  test('the log has one line for each fact, with the worker and the iteration', async () => {
    const repository = testRepository(prompt)
    const agent = scriptedAgent(repository, 'echo done')
    await loop(repository, { ...agent.env, WORKERS: '1', ITERATIONS: '1' })
    const [id] = swarmIds(repository.root)
    const events = readLog(repository.root, id!)
    const types = events.map((event) => event.type)
    for (const type of [
      'swarm.started',
      'iteration.started',
      'agent.started',
      'agent.ended',
      'iteration.ended',
      'swarm.stopped',
    ]) {
      expect(types).toContain(type)
    }
    for (const event of events) {
      expect(event.swarm).toBe(id)
      expect(Date.parse(event.at)).not.toBeNaN()
    }
  })

  test('`oompa run` runs the repository’s own copy of the loop', async () => {
    const repository = testRepository(prompt)
    const agent = scriptedAgent(repository, 'echo done')
    repository.write('oompa_loompas.mjs', "console.log('my own loop'); process.exitCode = 0\n")
    const ended = await oompa(['run'], { cwd: repository.root, env: agent.env })
    expect(ended.stdout).toContain('my own loop')
    expect(agent.calls()).toHaveLength(0)
  })

  test('--here is plain Ralph: one agent in the main checkout, no worktree', async () => {
    const repository = testRepository(prompt)
    const agent = scriptedAgent(repository, 'echo done')
    const ended = await loop(repository, { ...agent.env }, ['--here', '--workers', '1', '--iterations', '2'])
    expect(ended.status).toBe(0)
    expect(agent.calls()).toHaveLength(2)
    expect(repository.git(['worktree', 'list']).split('\n')).toHaveLength(1)
  })
})
