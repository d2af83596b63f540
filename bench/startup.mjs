// What our start costs: the command line beside an empty program, and the first agent beside the bash loop's.

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { agent, bashLoop, cleanup, ourLoop, removeWorktrees } from './support/loops.mjs'
import { base, packageRoot, repository } from './support/repository.mjs'
import { compare } from './support/rows.mjs'
import { measured } from './support/run.mjs'

const empty = path.join(base, 'empty.mjs')
writeFileSync(empty, '')
const wall = async (...args) => {
  const { wallMs, memoryMb } = await measured([process.execPath, ...args], { cwd: base })
  return { value: wallMs, memoryMb }
}

await compare({ row: 'oompa --version', unit: 'ms', against: 'an empty ESM program' }, { ratioAtMost: 1.3 }, 15, {
  theirs: () => wall(empty),
  ours: () => wall(path.join(packageRoot, 'bin/oompa'), '--version'),
})

agent('sleep 0.1')
const small = { bash: repository(20), ours: repository(20) }
await compare(
  { row: 'first agent, 20 files', unit: 'ms', against: 'the bash loop' },
  { moreThanTheirsAtMost: 400 },
  7,
  {
    theirs: async () => {
      removeWorktrees(small.bash)
      return (await bashLoop(small.bash, 3, 1)).firstMs
    },
    ours: async () => {
      await cleanup(small.ours)
      return (await ourLoop(small.ours, 3, 1)).firstMs
    },
  },
)

const large = { bash: repository(50_000), ours: repository(50_000) }
await bashLoop(large.bash, 3, 1)
await ourLoop(large.ours, 3, 1)
await compare(
  { row: 'first agent, 50,000 files, from the second run on', unit: 'ms', against: 'the bash loop' },
  { moreThanTheirsAtMost: 0 },
  3,
  {
    theirs: async () => {
      removeWorktrees(large.bash)
      return (await bashLoop(large.bash, 3, 1)).firstMs
    },
    ours: async () => {
      await cleanup(large.ours)
      return (await ourLoop(large.ours, 3, 1)).firstMs
    },
  },
)
