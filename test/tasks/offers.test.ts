// Changes of several machines that land in one tested batch: real swarms on clones of one remote, tasks in PostgreSQL.

import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { TaskStore } from '../../src/tasks/contract.js'
import { postgresTasks } from '../../src/tasks/postgres/postgres-store.js'
import { team, testRuns } from '../support/clones.js'
import { until } from '../support/loop.js'
import { describeWhere } from '../support/optional.js'
import { hasPostgres, type PostgresServer, postgresServer, STARTING_MS } from '../support/postgres.js'
import { temporaryFolder } from '../support/repository.js'

let server: PostgresServer
let serial = 0

/** Runs of the gate are written down; the first ends when there is a file `go-1`, and so on. A file `bad` fails it. */
const TEST =
  'at=$(dirname "$HOME"); echo x >> "$at/runs"; until test -e "$at/go-$(grep -c x "$at/runs")" || test -e "$at/go"; do sleep 0.05; done; ! ls | grep -q ^bad'

describeWhere('PostgreSQL', hasPostgres)('changes that wait for their turn', () => {
  beforeAll(async () => {
    server = await postgresServer()
  }, STARTING_MS)
  afterAll(() => server?.remove())

  /** Three machines with a task each: `first` is in its turn, and so many others wait behind it with their offers. */
  async function play(ids: readonly string[], merge: { batch?: number } = {}) {
    const schema = `offers_${serial++}`
    const store: TaskStore = postgresTasks({ url: server.url, schema }, temporaryFolder())
    onTestFinished(() => store.close!())
    for (const id of ids) await store.add({ id, summary: `The task ${id}` })
    const all = team('cd "$OOMPA_WORKTREE"; echo "$OOMPA_SWARM" > "$OOMPA_TASK-$OOMPA_SWARM.txt"', {
      clones: ids.length,
      merge: { test: TEST, ...merge },
      files: {
        'hooks/tasks.ts': `import { postgresTasks } from 'oompa-loompas'\nexport default postgresTasks({ url: '${server.url}', schema: '${schema}' })\n`,
      },
    })
    const at = path.dirname(all.bare.root)
    const machine = (number: number) => ({
      env: { ...all.clones[number]!.agent.env, OOMPA_HOST: ['alder', 'birch', 'cedar'][number]! },
    })
    const first = all.clones[0]!.start([], machine(0))
    const isTesting = until(() => existsSync(path.join(at, 'runs')), 'the first gate')
    const early = await Promise.race([isTesting, first.ended])
    if (typeof early === 'object') throw new Error(`It has ended: ${early.stdout}${early.stderr}`)
    const others = []
    for (let number = 1; number < ids.length; number++) {
      others.push(all.clones[number]!.start([], machine(number)))
      const tickets = number + 1
      await until(async () => {
        const rows = await server.sql(
          `select jsonb_array_length(offers) as offers from ${schema}.lanes order by ticket`,
        )
        return (
          rows.length === tickets && rows.slice(1).every(({ offers }) => Number(offers) === (merge.batch === 1 ? 0 : 1))
        )
      }, `${number} machines that wait`)
    }
    const go = (name = 'go') => writeFileSync(path.join(at, name), '')
    const runs = (count: number) => until(() => testRuns(all).runs === count, `${count} runs of the gate`)
    return { all, store, schema, first, others, machine, go, runs }
  }

  it('land in one batch with those of whose turn it is, and each machine completes its own', async () => {
    const { all, store, schema, first, others, go } = await play(['a', 'b', 'c'])
    go()
    const ended = await Promise.all([first, ...others].map((one) => one.ended))
    expect(ended.map(({ status }) => status)).toEqual([0, 0, 0])
    expect(all.history().slice(0, 2)).toEqual(['Merge 2 changes into main', "Merge branch 'oompa/w1-i1': The task a"])
    expect(testRuns(all).runs).toBe(2)
    expect((await store.list()).complete.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    expect(await completions(schema)).toEqual(['a alder', 'b birch', 'c cedar'])
    const members = all.bare.git(['log', '--merges', '--format=%(trailers:key=Oompa-Worker,valueonly)', 'main'])
    expect(members.split('\n').filter(Boolean).sort()).toEqual(['alder/w1', 'birch/w1', 'cedar/w1'])
    expect(all.bare.git(['log', '-1', '--format=%b', 'main'])).toContain('oompa/w1-i1, cedar/oompa/w1-i1')
    // Both say what has landed, as the same value of main, and no machine takes it for a push past it.
    const landed = all.clones.flatMap((clone) => clone.events('landing.landed').map(({ commit }) => commit))
    expect(landed).toHaveLength(3)
    expect(new Set(landed.slice(1))).toEqual(new Set([all.bare.git(['rev-parse', 'main']).trim()]))
    expect(all.clones.flatMap((clone) => clone.events('landing.bypassed'))).toEqual([])
    // Nothing of it is left on the remote.
    expect(all.bare.git(['for-each-ref', 'refs/oompa'])).toBe('')
  })

  it('do not keep those back with which they were tested, if they fail; their own machine hears why', async () => {
    const { all, store, first, others, go } = await play(['a', 'b', 'bad'])
    go()
    await Promise.all([first, ...others].map((one) => one.ended))
    expect((await store.list()).complete.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(all.history().slice(0, 2)).toEqual([1, 2].map((n) => `Merge branch 'oompa/w1-i1': The task ${'ba'[n - 1]}`))
    const refused = all.clones.map((clone) => clone.events('landing.refused').length)
    expect([refused[0], refused[1], refused[2]! > 0]).toEqual([0, 0, true])
  })

  it('have landed, although their machine was killed: whoever finds its claim completes the task', async () => {
    const { all, store, schema, first, others, machine, go } = await play(['a', 'b', 'c'])
    others[1]!.child.kill('SIGKILL')
    await others[1]!.ended
    go()
    await Promise.all([first, others[0]!].map((one) => one.ended))
    expect(all.history()[0]).toBe('Merge 2 changes into main')
    expect((await store.list()).current.map(({ id }) => id)).toEqual(['c'])
    const swarm = all.clones[2]!.swarms()[0]!
    const left = `refs/oompa/changes/${swarm}/w1/c`
    expect(all.bare.git(['for-each-ref', '--format=%(refname)', 'refs/oompa'])).toBe(left)
    const next = await all.clones[0]!.run([], machine(0))
    expect(next.stdout).toContain('[cedar/w1] completed c')
    expect((await store.list()).complete.map(({ id, extra }) => `${id} ${extra['completed-by']}`)).toContain(
      'c cedar/w1',
    )
    expect(await completions(schema)).toHaveLength(3)
    expect(all.bare.git(['for-each-ref', 'refs/oompa'])).toBe('')
  })

  it('are not done again by whoever finds the claim while another machine lands them', async () => {
    const { all, store, schema, first, others, machine, go, runs } = await play(['a', 'b', 'c'])
    go('go-1')
    await runs(2)
    await first.ended
    others[1]!.child.kill('SIGKILL')
    await others[1]!.ended
    const next = all.clones[0]!.start([], machine(0))
    const asks = async () => {
      const tickets = await server.sql(`select ticket from ${schema}.lanes`)
      return tickets.length === 3 || all.clones[0]!.events('task.released').length > 0
    }
    await until(asks, 'a machine that has found the claim')
    go()
    await Promise.all([others[0]!, next].map((one) => one.ended))
    expect((await store.list()).complete.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    const tasks = all.bare.git(['log', '--merges', '--format=%(trailers:key=Oompa-Task,valueonly)', 'main'])
    expect(tasks.split('\n').filter(Boolean).sort()).toEqual(['a', 'b', 'c'])
  })

  it('are left out where their machine gave up meanwhile: its task is somebody else’s by then', async () => {
    const { all, store, schema, first, others, go, runs } = await play(['a', 'b', 'c'])
    go('go-1')
    await runs(2)
    others[1]!.child.kill('SIGKILL')
    await others[1]!.ended
    await server.sql(`delete from ${schema}.lanes where ticket = (select max(ticket) from ${schema}.lanes)`)
    go()
    await Promise.all([first, others[0]!].map((one) => one.ended))
    expect(all.history().slice(0, 2)).toEqual(['b', 'a'].map((id) => `Merge branch 'oompa/w1-i1': The task ${id}`))
    expect((await store.list()).current.map(({ id }) => id)).toEqual(['c'])
  })

  it('land one by one where the person wants no batches', async () => {
    const { all, first, others, go } = await play(['a', 'b'], { batch: 1 })
    go()
    await Promise.all([first, ...others].map((one) => one.ended))
    expect(all.history()[0]).toBe("Merge branch 'oompa/w1-i1': The task b")
  })
})

async function completions(schema: string): Promise<string[]> {
  const rows = await server.sql(`select task, host from ${schema}.history where type = 'completed'`)
  return rows.map(({ task, host }) => `${task} ${host}`).sort()
}
