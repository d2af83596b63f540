// Three machines on one graph of tasks, while one of them is killed, and the engine and the remote go away for a minute
// each. `npm run fleet` plays it with 60 tasks and nine workers; it takes half an hour on two processors.

import { renameSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { postgresTasks } from '../../src/tasks/postgres/store.js'
import { team } from '../support/clones.js'
import { type TestLoop, until } from '../support/loop.js'
import { oompaBin, start } from '../support/oompa.js'
import { postgresServer } from '../support/postgres.js'
import { temporaryFolder } from '../support/repository.js'

const number = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise)
const TASKS = number('OOMPA_FLEET_TASKS', 60)
const WORKERS = number('OOMPA_FLEET_WORKERS', 3)
const AWAY_MS = number('OOMPA_FLEET_AWAY_S', 60) * 1000
const HOUR = 3_600_000

const needsOf = (at: number): string[] => [at - 3, at - 7].flatMap((one) => (one >= 0 ? [`t${one}`] : []))

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
    // While the remote was away two machines went on landing: of these histories one is the second parent of the other.
    const merges = bare.git(['log', '--merges', '--format=%s', 'main']).split('\n')
    const landings = merges.flatMap((line) => /: The task (t\d+)$/.exec(line)?.[1] ?? [])
    expect(landings.sort()).toEqual(Array.from({ length: TASKS }, (_, at) => `t${at}`).sort())
    for (let at = 0; at < TASKS; at++) {
      const saw = bare.git(['show', `main:saw-t${at}`]).split('\n')
      expect(saw, `what t${at} was built on`).toEqual(expect.arrayContaining(needsOf(at).map((id) => `${id}.txt`)))
    }
    const { stdout } = await clones[1]!.oompa(['list', '--json'], {
      env: { ...clones[1]!.env, OOMPA_POSTGRES: server.url },
    })
    expect(
      JSON.parse(stdout)
        .map(({ swarm }: { swarm: string }) => swarm)
        .sort(),
    ).toEqual(clones.flatMap((clone) => clone.swarms()).sort())
  },
  2 * HOUR,
)
