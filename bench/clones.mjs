// Several clones of one remote: what it costs that they land on one main, beside one clone with as many workers, alone or
// with tasks in PostgreSQL; and how often a swarm asks the remote.
// node bench/clones.mjs [landings|machines|fetches] …   (all unless named; needs `npm run build`, `machines` PostgreSQL)

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createJiti } from 'jiti'
import { postgresTasks } from '../dist/tasks/postgres/postgres-store.js'
import { base, env, git, packageRoot, program } from './support/repository.mjs'
import { printRow, rounds } from './support/rows.mjs'
import { measured } from './support/run.mjs'

const gates = path.join(base, 'gates')
const fetches = path.join(base, 'fetches')
const works = path.join(base, 'works')
let serial = 0

const FOLDER = "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n"

/**
 * A bare remote with so many tasks, and clones of it whose swarms push, each with so many workers.
 * @param how.hook where the tasks are; files of the repository unless given
 */
function team(clones, workers, { tasks, test, work, hook = FOLDER }) {
  const folder = path.join(base, `team-${serial++}`)
  const origin = path.join(folder, 'origin')
  mkdirSync(path.join(origin, 'tasks/pending'), { recursive: true })
  mkdirSync(path.join(origin, 'hooks'))
  mkdirSync(path.join(origin, 'prompts'))
  const agent = program(
    'worker',
    `#!/bin/bash\ncat > /dev/null\nprintf x >> ${works}\n${work}\necho x > "$OOMPA_WORKTREE/$OOMPA_TASK.txt"\n`,
  )
  const write = (name, text) => writeFileSync(path.join(origin, name), text)
  write('prompts/worker.md', 'Do the task.\n')
  write('hooks/tasks.mjs', hook)
  const lane = { model: `command:${agent}`, count: workers, iterations: tasks, can_plan: false }
  write('oompa.json', JSON.stringify({ workers: [lane], probe: false, merge: { push: true, test } }))
  for (let i = 1; hook === FOLDER && i <= tasks; i++)
    write(`tasks/pending/t${i}.json`, `{ "id": "t${i}", "summary": "Task ${i}" }\n`)
  git(origin, 'init', '-q', '-b', 'main')
  git(origin, 'add', '-A')
  git(origin, 'commit', '-q', '-m', 'Tasks')
  const bare = path.join(folder, 'bare.git')
  git(base, 'clone', '-q', '--bare', origin, bare)
  return Array.from({ length: clones }, (_, i) => {
    const root = path.join(folder, `clone${i}`)
    git(base, 'clone', '-q', bare, root)
    return { root, bare }
  })
}

const filesComplete = ({ bare }) => git(bare, 'ls-tree', '--name-only', 'main', 'tasks/complete/').split('\n').length

/**
 * All swarms to their end: wall-clock, how often the test ran for each landing, and an agent for each task.
 * @param options.env of one of them, by its number
 * @param options.complete how many tasks are complete
 */
async function run(clones, tasks, { env: envOf = () => ({}), complete: count = filesComplete } = {}) {
  for (const file of [gates, works]) writeFileSync(file, '')
  const began = performance.now()
  const command = [path.join(packageRoot, 'oompa_loompas.mjs')]
  await Promise.all(clones.map(({ root }, at) => measured(command, { cwd: root, env: envOf(at) })))
  const wallMs = performance.now() - began
  const complete = await count(clones[0])
  if (complete !== tasks) throw new Error(`${complete} of ${tasks} tasks are complete`)
  const [perLanding, perTask] = [gates, works].map((file) => readFileSync(file, 'utf8').length / tasks)
  rmSync(path.dirname(clones[0].root), { recursive: true, force: true })
  return { wallMs, perLanding, perTask }
}

async function landings() {
  const values = { ours: [], theirs: [], ratio: [] }
  const [perLanding, perTask] = [[], []]
  for (let round = 0; round < rounds(3); round++) {
    const how = { tasks: 12, test: `printf x >> ${gates}; sleep 1`, work: 'sleep 1' }
    const one = await run(team(1, 4, how), 12)
    const two = await run(team(2, 2, how), 12)
    values.theirs.push(one.wallMs)
    values.ours.push(two.wallMs)
    values.ratio.push(two.wallMs / one.wallMs)
    perLanding.push(two.perLanding)
    perTask.push(two.perTask)
  }
  const row = 'two clones × 2 workers, 12 tasks, a test of 1 s, `push`'
  printRow({ row: `${row}: gate runs for each landing`, unit: 'runs' }, { atMost: 1.1 }, { ours: perLanding })
  printRow({ row: `${row}: agent runs for each task`, unit: 'runs' }, { atMost: 2 }, { ours: perTask })
  printRow({ row: `${row}: wall-clock`, unit: 'ms', against: 'one clone × 4' }, { ratioAtMost: 1.15 }, values)
}

/** As many workers on one machine and on three, whose tasks are in PostgreSQL. */
async function machines() {
  const { postgresServer } = await createJiti(import.meta.filename).import('../test/support/postgres.ts')
  const server = await postgresServer()
  const count = 36
  const values = { ours: [], theirs: [], ratio: [] }
  const perLanding = []
  /** In a schema of its own, as another project has. */
  const play = async (clones, workers, schema) => {
    const hook = `import { postgresTasks } from 'oompa-loompas'\nexport default postgresTasks({ schema: '${schema}' })\n`
    const store = postgresTasks({ url: server.url, schema }, base)
    try {
      await store.engine.migrate()
      for (let i = 1; i <= count; i++) await store.add({ id: `t${i}`, summary: `Task ${i}` })
      const how = { tasks: count, test: `printf x >> ${gates}; sleep 1`, work: 'sleep 5', hook }
      return await run(team(clones, workers, how), count, {
        env: (at) => ({ OOMPA_POSTGRES: server.url, OOMPA_HOST: `machine-${at}` }),
        complete: async () => (await store.list()).complete.length,
      })
    } finally {
      await store.close()
    }
  }
  try {
    for (let round = 0; round < rounds(1); round++) {
      const one = await play(1, 9, `one_${round}`)
      const three = await play(3, 3, `three_${round}`)
      values.theirs.push(one.wallMs)
      values.ours.push(three.wallMs)
      values.ratio.push(three.wallMs / one.wallMs)
      perLanding.push(three.perLanding)
    }
  } finally {
    await server.remove()
  }
  const row = `three clones × 3 workers, ${count} tasks in PostgreSQL, a test of 1 s, agents of 5 s, \`push\``
  printRow({ row: `${row}: gate runs for each landing`, unit: 'runs' }, { atMost: 1.1 }, { ours: perLanding })
  printRow({ row: `${row}: wall-clock`, unit: 'ms', against: 'one clone × 9' }, { ratioAtMost: 1.15 }, values)
}

/** The most fetches that began within any five seconds. */
async function fetchesOf16() {
  const real = execFileSync('which', ['git'], { env, encoding: 'utf8' }).trim()
  const note = `case " $* " in *" fetch "*) echo $EPOCHREALTIME >> ${fetches};; esac`
  const wrapper = program('git', `#!/bin/bash\n${note}\nexec ${real} "$@"\n`)
  try {
    const clones = team(1, 16, { tasks: 48, test: 'true', work: 'sleep 3' })
    writeFileSync(fetches, '')
    await run(clones, 48)
  } finally {
    rmSync(wrapper)
  }
  const times = readFileSync(fetches, 'utf8').split('\n').filter(Boolean).map(Number)
  if (times.length < 2)
    throw new Error(`Only ${times.length} fetches were seen: the program on the PATH is not what was called.`)
  const most = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 5).length))
  printRow({ row: 'a swarm of 16 workers: fetches in 5 s, at most', unit: 'fetches' }, { atMost: 1 }, { ours: [most] })
}

const parts = { landings, machines, fetches: fetchesOf16 }
const asked = process.argv.slice(2)
for (const [name, part] of Object.entries(parts)) if (asked.length === 0 || asked.includes(name)) await part()
