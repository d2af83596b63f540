// Several clones of one remote: what it costs that they land on one main, beside one clone with as many workers; and how
// often a swarm asks the remote.
// node bench/clones.mjs [landings|fetches] …   (both unless named; needs `npm run build`)

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { base, env, git, packageRoot, program } from './support/repository.mjs'
import { printRow, rounds } from './support/rows.mjs'
import { measured } from './support/run.mjs'

const gates = path.join(base, 'gates')
const fetches = path.join(base, 'fetches')
const works = path.join(base, 'works')
let serial = 0

/** A bare remote with so many tasks, and clones of it whose swarms push, each with so many workers. */
function team(clones, workers, { tasks, test, work }) {
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
  write('hooks/tasks.mjs', "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n")
  const lane = { model: `command:${agent}`, count: workers, iterations: tasks, can_plan: false }
  write('oompa.json', JSON.stringify({ workers: [lane], probe: false, merge: { push: true, test } }))
  for (let i = 1; i <= tasks; i++) write(`tasks/pending/t${i}.json`, `{ "id": "t${i}", "summary": "Task ${i}" }\n`)
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

/** All swarms to their end: wall-clock, how often the test ran for each landing, and an agent for each task. */
async function run(clones, tasks) {
  for (const file of [gates, works]) writeFileSync(file, '')
  const began = performance.now()
  const command = [path.join(packageRoot, 'oompa_loompas.mjs')]
  await Promise.all(clones.map(({ root }) => measured(command, { cwd: root })))
  const wallMs = performance.now() - began
  const complete = git(clones[0].bare, 'ls-tree', '--name-only', 'main', 'tasks/complete/').split('\n').length
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

const parts = { landings, fetches: fetchesOf16 }
const asked = process.argv.slice(2)
for (const [name, part] of Object.entries(parts)) if (asked.length === 0 || asked.includes(name)) await part()
