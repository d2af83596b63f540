// `oompa demo`: a real swarm with scripted agents and no network, in a temporary repository.

import { spawn } from 'node:child_process'
import path from 'node:path'
import { STATUS, type Status, usageError } from '../errors.js'
import { packageFolder } from '../files/package.js'
import { withoutRepository } from '../git/environment.js'
import { gitText } from '../git/run.js'
import type { Command } from './contract.js'
import { number } from './parse.js'

const WHAT = {
  1: 'Level 1: three workers, two iterations each, every one in a worktree of its own.',
  2: 'Level 2: hooks/tasks.ts and hooks/merge.ts are there. Tasks are claimed, and each verse is tested on the merged tree before it lands on main.',
  3: 'Level 3: hooks/review.ts is there too. Another agent reads each verse first, and sends back what does not rhyme.',
} as const

export const command: Command = {
  name: 'demo',
  summary: 'Run a real swarm with scripted agents and no network, in a temporary repository.',
  options: { level: { type: 'number', describe: 'What the repository holds: 1, 2 or 3 (2)' } },
  examples: [
    ['oompa demo', 'tasks are claimed, tested and landed'],
    ['oompa demo --level 1', 'the bash loop, done right'],
    ['oompa demo --level 3', 'with a reviewer'],
  ],
  async run(args) {
    const level = number(args, 'level') ?? 2
    if (level !== 1 && level !== 2 && level !== 3) throw usageError(`--level is ${level}: it must be 1, 2 or 3.`)
    const { demoRepository } = await import('../demo/repository.js')
    const { root, env } = await demoRepository(level)
    console.log(`${WHAT[level]}\nRepository: ${root}\n`)
    const status = await runLoop(root, env)
    await showResult(root, level)
    return status
  },
}

function runLoop(root: string, env: NodeJS.ProcessEnv): Promise<Status> {
  const child = spawn(process.execPath, [path.join(root, 'oompa_loompas.mjs')], {
    cwd: root,
    env: { ...withoutRepository(env), OOMPA_PACKAGE: path.join(packageFolder, 'bin', 'oompa') },
    stdio: 'inherit',
  })
  // Ctrl-C reaches the loop as well, which ends the agents; we only wait for it.
  process.on('SIGINT', () => {})
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve((code ?? STATUS.failed) as Status))
  })
}

async function showResult(root: string, level: 1 | 2 | 3): Promise<void> {
  const log = await gitText(root, ['log', '--graph', '--oneline', level === 1 ? '--branches' : 'main', '-n', '14'])
  console.log(`\n${level === 1 ? 'The branches that were made' : 'What landed on main'}:\n${log}\n`)
  console.log(`Look around:\n  cd ${root}\n  oompa list\n  oompa view`)
  if (level < 3) console.log(`Next:\n  oompa demo --level ${level + 1}`)
}
