// The loop beside the bash loop, with the same agent: gaps, a whole run, many workers, agents that print, and level 2, with
// agents of 0.2 s to watch and with agents that work for a while.

import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { agent, bashLoop, commitOneFile, forget, ourLoop, removeWorktrees } from './support/loops.mjs'
import { addRemote, git, repository } from './support/repository.mjs'
import { compare, median, printRow, rounds } from './support/rows.mjs'

async function gaps() {
  agent(`sleep 0.3; ${commitOneFile}`)
  await compare(
    { row: 'gap between two agents, 3 workers, 20 files', unit: 'ms', against: 'the bash loop' },
    { ratioAtMost: 0.5 },
    5,
    fresh(20, (loop) => loop(3, 5).then(({ gapsMs }) => median(gapsMs))),
  )
}

/**
 * Agents that work for a while, as real ones do, and at least as long as this disk takes for the worktrees of three
 * workers: 2 s for each on one, 15 on another.
 */
async function largeGaps() {
  const probe = repository(50_000)
  const began = performance.now()
  git(probe, 'worktree', 'add', '-q', '-b', 'probe', '.probe')
  agent(`sleep ${Math.max(20, Math.ceil(((performance.now() - began) / 1000) * 4))}`)
  forget(probe)
  await compare(
    { row: 'gap between two agents, 3 workers, 50,000 files', unit: 'ms', against: 'the bash loop' },
    { ratioAtMost: 0.1 },
    2,
    fresh(50_000, (loop) => loop(3, 3).then(({ gapsMs }) => median(gapsMs))),
  )
}

async function run() {
  agent(`sleep 0.2; ${commitOneFile}`)
  const values = { wall: sides(), cpu: sides() }
  const memory = []
  for (let round = 0; round < rounds(7); round++) {
    const bash = repository(20)
    const theirs = await bashLoop(bash, 3, 5)
    const mine = repository(20)
    const ours = await ourLoop(mine, 3, 5)
    if (ours.times.length !== 15) throw new Error(`${ours.times.length} agents instead of 15`)
    note(values.wall, ours.wallMs, theirs.wallMs)
    note(values.cpu, ours.cpuMs, theirs.cpuMs)
    memory.push(ours.memoryMb)
    forget(bash)
    forget(mine)
  }
  const about = { unit: 'ms', against: 'the bash loop' }
  printRow({ row: '3 × 5 iterations of 0.2 s, wall-clock', ...about }, { ratioAtMost: 1.15 }, values.wall)
  printRow({ row: '3 × 5 iterations of 0.2 s, CPU of the whole tree', ...about }, { ratioAtMost: 2.5 }, values.cpu)
  printRow({ row: '3 × 5 iterations of 0.2 s, our process', unit: 'MB' }, { atMost: 120 }, { ours: memory })
}

async function output() {
  agent("head -c 10000000 /dev/zero | tr '\\0' x | fold -w 99")
  await compare({ row: '100 workers whose agents print 10 MB each, our process', unit: 'MB' }, { atMost: 200 }, 1, {
    ours: async () => {
      const root = repository(20)
      const { memoryMb, times } = await ourLoop(root, 100, 1)
      if (times.length !== 100) throw new Error(`${times.length} agents instead of 100`)
      forget(root)
      return memoryMb
    },
  })
}

/** The published function. */
const FLOCK = `
land() {
  ( flock 9; git checkout -q main; git pull -q; git merge -q --no-ff -m "merge $1" "$1"; git push -q ) 9> .git/flock
}
export LAND=land
`

/** The same where there is nothing to pull from and to push to. */
const FLOCK_HERE = `
land() { ( flock 9; git checkout -q main && git merge -q --no-ff -m "merge $1" "$1" ) 9> .git/flock; }
export LAND=land
`

async function landing() {
  const file = agent(`sleep 0.2; ${commitOneFile}`)
  for (const remote of [true, false]) {
    const what = remote ? 'with a push each' : 'no remote'
    await compare(
      {
        row: `level 2: 10 workers × 4 iterations, ${what}, wall-clock`,
        unit: 'ms',
        against: 'the bash loop with the flock function',
      },
      // An agent takes a while to start: nobody waits for what this measures.
      {},
      5,
      { theirs: () => flockLoop(20, remote), ours: () => level2(20, remote, file) },
    )
  }
}

/** Level 2 with agents that work, if not for minutes, then for seconds: what a night is made of. */
async function work() {
  const file = agent(`sleep 5; ${commitOneFile}`)
  const against = 'the bash loop with the flock function'
  for (const [files, ratioAtMost] of [
    [20, 1.2],
    [5000, 1],
  ]) {
    const row = `level 2: 10 workers × 4 iterations, agents of 5 s, ${files} files, wall-clock`
    const sides = { theirs: () => flockLoop(files, false), ours: () => level2(files, false, file) }
    await compare({ row, unit: 'ms', against }, { ratioAtMost }, 2, sides)
  }
  const long = agent(`sleep 30; ${commitOneFile}`)
  const row = 'level 2: 10 workers × 4 iterations, agents of 30 s, wall-clock'
  const alone = async () => 4 * 30_000
  await compare({ row, unit: 'ms', against: 'the agents alone' }, { ratioAtMost: 1.03 }, 1, {
    theirs: alone,
    ours: () => level2(20, false, long),
  })
}

/** Ten workers with four iterations each, by the published script and function. */
async function flockLoop(files, remote) {
  const root = repository(files)
  if (remote) addRemote(root)
  const { wallMs } = await bashLoop(root, 10, 4, remote ? FLOCK : FLOCK_HERE)
  removeWorktrees(root)
  forget(root)
  return wallMs
}

/** The same with `hooks/merge.ts`; fails unless all 40 have landed. */
async function level2(files, remote, file) {
  const root = repository(files)
  mkdirSync(path.join(root, 'hooks'))
  writeFileSync(
    path.join(root, 'hooks/merge.ts'),
    `import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({ push: ${remote} })\n`,
  )
  git(root, 'add', '-A')
  git(root, 'commit', '-q', '-m', 'Level 2')
  if (remote) addRemote(root)
  const { wallMs, memoryMb } = await ourLoop(root, 10, 4, { OOMPA_AGENT: `command:${file}` })
  for (const branch of remote ? ['main', 'origin/main'] : ['main']) {
    const landed = Number(git(root, 'rev-list', '--count', '--first-parent', '--merges', branch))
    if (landed < 40) throw new Error(`${landed} of 40 landed on ${branch}`)
  }
  forget(root)
  return { value: wallMs, memoryMb }
}

/** Our own process while so many agents work. */
async function memory() {
  agent('sleep 5')
  for (const [workers, atMost] of [
    [100, 120],
    [500, 180],
  ]) {
    await compare({ row: `${workers} workers, our process`, unit: 'MB' }, { atMost }, 1, {
      ours: async () => {
        const root = repository(20)
        const { memoryMb, times } = await ourLoop(root, workers, 1)
        if (times.length !== workers) throw new Error(`${times.length} agents instead of ${workers}`)
        forget(root)
        return memoryMb
      },
    })
  }
}

/** Each side in a new repository each time. */
function fresh(files, measure) {
  const side = (loop) => async () => {
    const root = repository(files)
    try {
      return await measure((...args) => loop(root, ...args))
    } finally {
      removeWorktrees(root)
      forget(root)
    }
  }
  return { ours: side(ourLoop), theirs: side(bashLoop) }
}

function sides() {
  return { ours: [], theirs: [], ratio: [] }
}

function note(values, ours, theirs) {
  values.ours.push(ours)
  values.theirs.push(theirs)
  values.ratio.push(ours / theirs)
}

const asked = process.argv.slice(2)
const parts = { gaps, largeGaps, run, memory, output, landing, work }
for (const [name, measure] of Object.entries(parts)) if (asked.length === 0 || asked.includes(name)) await measure()
