// The loop beside the bash loop, with the same agent: gaps, a whole run, a hundred agents that print, and level 2.

import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { agent, bashLoop, commitOneFile, forget, ourLoop, removeWorktrees } from './support/loops.mjs'
import { git, repository } from './support/repository.mjs'
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

/** The published function, on the checkout, with `pull` and `push` left out: there is no remote. */
const FLOCK = `
land() { ( flock 9; git checkout -q main && git merge -q --no-ff -m "merge $1" "$1" ) 9> .git/flock; }
export LAND=land
`

async function landing() {
  const file = agent(`sleep 0.2; ${commitOneFile}`)
  await compare(
    {
      row: 'level 2: 10 workers × 4 iterations, wall-clock',
      unit: 'ms',
      against: 'the bash loop with flock and merge',
    },
    { ratioAtMost: 1 },
    5,
    {
      theirs: async () => {
        const root = repository(20)
        const { wallMs } = await bashLoop(root, 10, 4, FLOCK)
        return done(root, wallMs)
      },
      ours: async () => {
        const root = repository(20)
        mkdirSync(path.join(root, 'hooks'))
        writeFileSync(
          path.join(root, 'hooks/merge.ts'),
          "import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({})\n",
        )
        git(root, 'add', '-A')
        git(root, 'commit', '-q', '-m', 'Level 2')
        const { wallMs, memoryMb } = await ourLoop(root, 10, 4, { OOMPA_AGENT: `command:${file}` })
        return { value: done(root, wallMs, 40), memoryMb }
      },
    },
  )
}

function done(root, wallMs, wanted = 0) {
  const landed = Number(git(root, 'rev-list', '--count', '--first-parent', '--merges', 'main'))
  if (landed < wanted) throw new Error(`${landed} of ${wanted} landed`)
  forget(root)
  return wallMs
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
const parts = { gaps, largeGaps, run, output, landing }
for (const [name, measure] of Object.entries(parts)) if (asked.length === 0 || asked.includes(name)) await measure()
