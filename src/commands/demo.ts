// `oompa demo`: a real swarm with scripted agents and no network, in a temporary repository.

import path from 'node:path'
import { type Command, number } from '../cli/contract.js'
import { STATUS, type Status, usageError } from '../errors.js'
import { packageFolder } from '../files/package.js'
import { withoutRepository } from '../git/git-environment.js'
import { findExecutable } from '../processes/find-executable.js'

const WHAT = {
  1: 'Level 1: three workers, two iterations each, every one in a worktree of its own.',
  2: 'Level 2: hooks/tasks.ts and hooks/merge.ts are there. Tasks are claimed, and each verse is tested on the merged tree before it lands on main.',
  3: 'Level 3: hooks/review.ts is there too. Another agent reads each verse first, and sends back what does not rhyme.',
} as const

export const command: Command = {
  summary: 'Run a real swarm with scripted agents and no network, in a temporary repository.',
  options: { level: { type: 'number', describe: 'What the repository holds: 1, 2 or 3 (2)' } },
  examples: [
    ['oompa demo', 'tasks are claimed, tested and landed'],
    ['oompa demo --level 1', 'the bash loop, done right'],
    ['oompa demo --level 3', 'with a reviewer'],
  ],
  async run(args) {
    const level = number(args, 'level') ?? 2
    if (level !== 1 && level !== 2 && level !== 3)
      throw usageError(`--level is ${level}: it must be 1, 2 or 3.`, 'oompa demo --level 2')
    const { demoRepository } = await import('../demo/demo-repository.js')
    const { root, env } = await demoRepository(level)
    console.log(`${WHAT[level]}\nRepository: ${root}\n`)
    const status = await runLoop(root, env)
    await showResult(root, level)
    return status
  },
}

async function runLoop(root: string, env: NodeJS.ProcessEnv): Promise<Status> {
  const { execa } = await import('execa')
  // Ctrl-C reaches the loop as well, which ends the agents; we only wait for it.
  process.on('SIGINT', () => {})
  const { exitCode } = await execa(process.execPath, [path.join(root, 'oompa_loompas.mjs')], {
    cwd: root,
    env: { ...withoutRepository(env), OOMPA_PACKAGE: path.join(packageFolder, 'bin', 'oompa') },
    extendEnv: false,
    stdio: 'inherit',
    reject: false,
  })
  return (exitCode ?? STATUS.failed) as Status
}

async function showResult(root: string, level: 1 | 2 | 3): Promise<void> {
  const { gitFor } = await import('../git/simple-git.js')
  const which = level === 1 ? '--branches' : 'main'
  const log = (await gitFor(root).raw('log', '--graph', '--oneline', which, '-n', '14')).trimEnd()
  console.log(`\n${level === 1 ? 'The branches that were made' : 'What landed on main'}:\n${log}\n`)
  // In a clone that nobody has installed yet there is no such word.
  const oompa = findExecutable('oompa', process.env, root) ? 'oompa' : (process.argv[1] ?? 'oompa')
  console.log(`Look around:\n  cd ${root}\n  ${oompa} list\n  ${oompa} view`)
  if (level < 3) console.log(`\nNext:\n  ${oompa} demo --level ${level + 1}`)
}
