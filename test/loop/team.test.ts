// A team's day: two clones of one bare remote with three named loops each finish a graph of three stories, while two
// loops are killed and the remote goes away for half a minute. `npm run night` plays it; it takes a quarter of an hour.

import { existsSync, renameSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { team } from '../support/clones.js'
import { type TestLoop, until } from '../support/loop.js'
import type { Running } from '../support/oompa.js'

const STORIES = { alpha: 's1', beta: 's2', gamma: 's3' } as const
const NAMES = ['alpha', 'beta', 'gamma'] as const
const EACH = Number(process.env.OOMPA_NIGHT_NODES ?? 60) / 3
const AWAY_MS = 30_000

const nodes = Object.values(STORIES).flatMap((story) =>
  Array.from({ length: EACH }, (_, at) => ({ story, at, id: `${story}-${at}` })),
)

/** On the last but one of its own story, and now and then on another story's. */
const before = ({ story, at }: (typeof nodes)[number]): string[] => [
  ...(at >= 2 ? [`${story}-${at - 2}`] : []),
  ...(at % 3 === 2 ? [`s${(Number(story[1]) % 3) + 1}-${at - 2}`] : []),
]

const GRAPH = `nodes:
${nodes.map(({ id, story }) => `  - id: ${id} # by hand\n    title: The task ${id}\n    story: ${story}\n    status: ready\n`).join('')}edges:
${nodes.flatMap((node) => before(node).map((from) => `  - { from: ${from}, to: ${node.id} }\n`)).join('')}`

const works = `cd "$OOMPA_WORKTREE"; (git rev-parse HEAD; ls *.txt) > "$OOMPA_TASK.txt"`

const beside = ({ repository }: TestLoop, name: string) => `${repository.root}-${name}`

test.runIf(process.env.OOMPA_NIGHT === '1')(
  'two clones with three loops each finish a graph together',
  async () => {
    const files = {
      'hooks/tasks.mjs': "import { taskGraph } from 'oompa-loompas'\nexport default taskGraph()\n",
      'task-graph.yaml': GRAPH,
    }
    const { bare, clones, history } = team(works, { files, worker: { iterations: 4 * EACH } })
    for (const clone of clones) {
      for (const name of NAMES) {
        const made = await clone.oompa(['worktree', 'new', name, '--story', STORIES[name]])
        expect(made.status, made.stderr).toBe(0)
      }
    }
    const loops = clones.flatMap((clone) => NAMES.map((name) => ({ clone, name })))
    const begin = ({ clone, name }: (typeof loops)[number]): Running => clone.start([], { cwd: beside(clone, name) })
    const running = loops.map(begin)
    const complete = () =>
      existsSync(bare.root) ? (bare.git(['show', 'main:task-graph.yaml']).match(/status: complete/g)?.length ?? 0) : 0
    const reached = (share: number) =>
      until(() => complete() >= nodes.length * share || undefined, `${share} of all`, 1_800_000)

    await reached(0.3)
    for (const at of [0, 4]) {
      running[at]!.child.kill('SIGKILL')
      await running[at]!.ended
      running[at] = begin(loops[at]!)
    }
    await reached(0.6)
    renameSync(bare.root, `${bare.root}.away`)
    await sleep(AWAY_MS)
    renameSync(`${bare.root}.away`, bare.root)
    await reached(1)
    const ends = await Promise.all(running.map((one) => one.ended))
    for (const { status, stdout, stderr } of ends) expect([0, 3], stdout + stderr).toContain(status)

    // Each node has one landing on main, whose comments and edges are as they were; nothing else is on it.
    const graph = bare.git(['show', 'main:task-graph.yaml'])
    expect(graph.match(/# by hand$/gm)).toHaveLength(nodes.length)
    expect(graph.slice(graph.indexOf('edges:'))).toBe(GRAPH.slice(GRAPH.indexOf('edges:')).trimEnd())
    const landed = history().flatMap((subject) => /The task (\S+)$/.exec(subject)?.[1] ?? [])
    expect(landed.sort()).toEqual(nodes.map(({ id }) => id).sort())
    for (const node of nodes) {
      const made = bare.git(['show', `main:${node.id}.txt`]).split('\n')
      expect(made, node.id).toEqual(expect.arrayContaining(before(node).map((id) => `${id}.txt`)))
    }
    // No agent was asked twice for one node in a clone, but where its loop was killed.
    const counts = clones.map((clone) => {
      const calls = clone.agent.calls().map(({ env }) => env.OOMPA_TASK!)
      const events = clone.swarms().flatMap((swarm) => clone.events('landing.landed', swarm))
      const withdrawn = clone.swarms().flatMap((swarm) => clone.events('landing.withdrawn', swarm))
      const twice = calls.filter((id, at) => calls.indexOf(id) !== at)
      expect(twice.length, twice.join(' ')).toBeLessThanOrEqual(2)
      const kept = events.map(({ task }) => task).filter((task) => !withdrawn.some((one) => one.task === task))
      expect(new Set(kept).size).toBe(kept.length)
      return { agents: calls.length, landed: events.length, withdrawn: withdrawn.length, twice }
    })
    console.log(JSON.stringify(counts), history().length)
    for (const clone of clones) {
      expect(clone.repository.git(['rev-parse', 'main'])).toBe(bare.git(['rev-parse', 'main']))
    }
  },
  3_000_000,
)
