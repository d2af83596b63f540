// The loop beside the bash loop, with the same agent: gaps, a whole run, a hundred agents that print, and level 2.

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
      { ratioAtMost: 1 },
      5,
      {
        theirs: async () => {
          const root = repository(20)
          if (remote) addRemote(root)
          const { wallMs } = await bashLoop(root, 10, 4, remote ? FLOCK : FLOCK_HERE)
          forget(root)
          return wallMs
        },
        ours: async () => {
          const root = repository(20)
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
        },
      },
    )
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
const parts = { gaps, largeGaps, run, output, landing }
for (const [name, measure] of Object.entries(parts)) if (asked.length === 0 || asked.includes(name)) await measure()
