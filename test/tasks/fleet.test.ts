// Three machines on one graph of tasks, while one of them is killed, and the engine and the remote go away for a while
// each: `npm run fleet`. In full: OOMPA_FLEET_TASKS=60 OOMPA_FLEET_AWAY_S=60, five minutes on two processors.

import { renameSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { postgresTasks } from '../../src/tasks/postgres/postgres-store.js'
import { serve } from '../dash/support.js'
import { team } from '../support/clones.js'
import { type TestLoop, until } from '../support/loop.js'
import { oompaBin, start } from '../support/oompa.js'
import { postgresServer } from '../support/postgres.js'
import { type TestRepository, temporaryFolder } from '../support/repository.js'

const number = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise)
const TASKS = number('OOMPA_FLEET_TASKS', 12)
const WORKERS = number('OOMPA_FLEET_WORKERS', 3)
const AWAY_MS = number('OOMPA_FLEET_AWAY_S', 15) * 1000
const HOUR = 3_600_000

const needsOf = (at: number): string[] => [at - 3, at - 7].flatMap((one) => (one >= 0 ? [`t${one}`] : []))

/** The work that a landing on the target brought, wherever it landed first, and what that was built on. */
function changeOf(bare: TestRepository, landing: string): { readonly tip: string; readonly base: string } {
  const [subject, parents = ''] = bare.git(['log', '-1', '--format=%s%n%P', landing]).split('\n')
  const [onto = '', tip = ''] = parents.split(' ')
  // It was put on top of what another machine had pushed.
  if (bare.git(['log', '-1', '--format=%s', tip]) === subject) return changeOf(bare, tip)
  return { tip, base: bare.git(['merge-base', onto, tip]) }
}

/** The tasks that main has, each with the commit that brought it: a value of main, or one of those in a batch. */
function changesOn(bare: TestRepository): (readonly [string, string])[] {
  const log = (range: string) => bare.git(['log', '--first-parent', '--format=%H %s', range]).split('\n')
  const [, ...values] = log('main').reverse()
  const members = values.flatMap((line) =>
    / Merge \d+ changes into main$/.test(line) ? log(`${line.slice(0, 40)}^1..${line.slice(0, 40)}^2`) : [line],
  )
  return members.map((line) => {
    const [, commit, task] = /^(\S+) Merge branch .*: The task (t\d+)$/.exec(line) ?? []
    if (commit === undefined || task === undefined) throw new Error(`Somebody else's: ${line}`)
    return [task, commit] as const
  })
}

it.skipIf(!process.env.OOMPA_FLEET)(
  'three machines do a graph of tasks once, whatever goes away meanwhile',
  async () => {
    const server = await postgresServer()
    onTestFinished(() => server.remove())
    const store = postgresTasks({ url: server.url, patience: 120 }, temporaryFolder())
    onTestFinished(() => store.close!())
    for (let at = 0; at < TASKS; at++)
      await store.add({ id: `t${at}`, summary: `The task t${at}`, dependsOn: needsOf(at) })
    const { bare, clones } = team('cd "$OOMPA_WORKTREE"; ls > "saw-$OOMPA_TASK"; echo done > "$OOMPA_TASK.txt"', {
      clones: 3,
      worker: { count: WORKERS, iterations: TASKS, max_wait_for_tasks: 600 },
      merge: { test: 'true' },
      files: { 'hooks/tasks.ts': `import { postgresTasks } from 'oompa-loompas'\nexport default postgresTasks()\n` },
    })
    const join = (clone: TestLoop, host: string) =>
      start(process.execPath, [oompaBin, 'join', server.url], {
        cwd: clone.repository.root,
        env: { ...clone.env, OOMPA_HOST: host },
      })
    const complete = async () => (await store.list()).complete.length
    const reach = (part: number) => until(async () => (await complete()) >= part * TASKS, `${part} of the tasks`, HOUR)
    const hosts = ['alder', 'birch', 'cedar']
    const [alder, birch, cedar] = clones.map((clone, at) => join(clone, hosts[at]!))
    await reach(0.2)
    alder!.child.kill('SIGKILL')
    await reach(0.3)
    await server.stop()
    await sleep(AWAY_MS)
    await server.start()
    await reach(0.5)
    renameSync(bare.root, `${bare.root}.away`)
    await sleep(AWAY_MS)
    renameSync(`${bare.root}.away`, bare.root)
    for (const { status, stdout, stderr } of await Promise.all([birch!.ended, cedar!.ended])) {
      expect(status, stdout + stderr).toBe(0)
    }
    const { pending, current, complete: done } = await store.list()
    expect([pending, current, done].map(({ length }) => length)).toEqual([0, 0, TASKS])
    const completions = await server.sql(`select task from oompa.history where type = 'completed'`)
    expect(new Set(completions.map(({ task }) => task)).size).toBe(completions.length)
    const all = changesOn(bare)
    const landings = new Map(all)
    // Each has landed once, alone or in a batch, and there is nothing else on main.
    expect(all).toHaveLength(TASKS)
    expect([...landings.keys()].sort()).toEqual(Array.from({ length: TASKS }, (_, at) => `t${at}`).sort())
    const changes = new Map([...landings].map(([task, commit]) => [task, changeOf(bare, commit)]))
    for (let at = 0; at < TASKS; at++) {
      const { base } = changes.get(`t${at}`)!
      for (const id of needsOf(at)) bare.git(['merge-base', '--is-ancestor', changes.get(id)!.tip, base])
    }
    for (let at = 0; at < TASKS; at++) {
      const saw = bare.git(['show', `main:saw-t${at}`]).split('\n')
      expect(saw, `what t${at} was built on`).toEqual(expect.arrayContaining(needsOf(at).map((id) => `${id}.txt`)))
    }
    const env = { ...clones[1]!.env, OOMPA_POSTGRES: server.url }
    const page = await serve({ ...clones[1]!.repository, env })
    const swarms = clones.flatMap((clone) => clone.swarms()).sort()
    await until(async () => {
      const shown: { swarm: string }[] = await page.json('/api/swarms')
      if (shown.length < swarms.length) await page.json(`/api/swarms/${swarms[0]}`)
      return (
        swarms.length === 3 &&
        shown
          .map(({ swarm }) => swarm)
          .sort()
          .join() === swarms.join()
      )
    }, 'the swarms of all machines on the page')
  },
  2 * HOUR,
)
