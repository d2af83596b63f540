// Swarms on several clones of one remote that see what the others work on: an agent runs once for each task.

import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesOf, type Team, team } from '../support/clones.js'
import { type TestLoop, until } from '../support/loop.js'
import { kill } from '../support/processes.js'

/** Makes a file of its task's name, after a while. */
const makes = 'cd "$OOMPA_WORKTREE"; sleep 0.3; echo "by $HOME" > "$OOMPA_TASK.txt"'
/** The same, but the first clone's agent for `slow` begins, and does not end before the test says how. */
const mayWait = `case $HOME:$OOMPA_TASK in *home-1:slow) touch "$HOME/began"; until test -e "$HOME/go"; do sleep 0.05; done; exit 1;; esac; ${makes}`

const at = (loop: TestLoop, name: string) => path.join(loop.repository.home, name)
const tasksOf = (loop: TestLoop) => loop.agent.calls().map((call) => call.env.OOMPA_TASK)
const listOf = ({ bare }: Team) =>
  bare.git(['for-each-ref', 'refs/oompa/claims']) === ''
    ? undefined
    : bare.git(['cat-file', 'blob', 'refs/oompa/claims/main:claims.json'])

describe.each(['folder', 'graph'] as const)('tasks in a %s', (store) => {
  test('two swarms that start at one time run one agent for each task, and leave nothing on the remote', async () => {
    const ids = Array.from({ length: 8 }, (_, index) => `task-${index}`)
    const all = team(makes, { worker: { count: 2, iterations: 8 }, files: filesOf(store, ids) })
    const ends = await Promise.all(all.clones.map((loop) => loop.run()))
    for (const { status, stdout } of ends) expect(status, stdout).toBe(0)
    expect(all.clones.flatMap(tasksOf).sort()).toEqual(ids)
    // Both were at work: else it shows nothing.
    for (const loop of all.clones) expect(tasksOf(loop).length).toBeGreaterThan(0)
    expect(all.history().filter((line) => line.startsWith('Merge branch'))).toHaveLength(8)
    expect(all.bare.git(['for-each-ref', 'refs/oompa'])).toBe('')
    for (const { repository } of all.clones) expect(repository.git(['status', '--porcelain'])).toBe('')
  }, 400_000)
})

describe('what another clone works on', () => {
  /** The first clone has begun `slow`; the second has done the other task, and waits. */
  async function waiting(config: Readonly<Record<string, unknown>> = {}) {
    const all = team(mayWait, { worker: { iterations: 2 }, files: filesOf('folder', ['slow', 'third']), config })
    const [one, other] = [all.clones[0]!, all.clones[1]!]
    const first = one.start(['--iterations', '1'])
    await until(() => existsSync(at(one, 'began')), 'the first clone to begin', 100_000)
    const second = other.start()
    await until(() => other.events('task.completed').length === 1, 'the other task', 100_000)
    return { all, one, other, first, second }
  }

  test('is waited for, and done once it is given back, without a note of any other', async () => {
    const { all, one, other, first, second } = await waiting()
    expect(tasksOf(other)).toEqual(['third'])
    expect(listOf(all)?.match(/"tasks":\["slow"\]/g)).toHaveLength(1)
    writeFileSync(at(one, 'go'), '')
    expect((await first.ended).status).toBe(1)
    const ended = await second.ended
    expect(ended.status, ended.stdout).toBe(0)
    expect(tasksOf(other)).toEqual(['third', 'slow'])
    expect(other.events('task.released')).toEqual([])
    expect(all.bare.git(['show', 'main:slow.txt'])).toContain('home-2')
    expect(listOf(all)).toBeUndefined()
  }, 400_000)

  test('is done when the other clone has been killed, after its lease, and nothing of it stays', async () => {
    const { all, one, other, first, second } = await waiting({ limits: { lease: '8s' } })
    expect(tasksOf(other)).toEqual(['third'])
    const killedAt = Date.now()
    kill(first.child.pid!)
    await first.ended
    const ended = await second.ended
    expect(ended.status, ended.stdout).toBe(0)
    expect(tasksOf(other)).toEqual(['third', 'slow'])
    const claimed = other.events('task.claimed').find(({ task }) => task === 'slow')
    expect(Date.parse(claimed!.at) - killedAt).toBeGreaterThan(4000)
    expect(listOf(all)).toBeUndefined()
    expect(one.events('task.claimed')).toHaveLength(1)
  }, 400_000)
})
