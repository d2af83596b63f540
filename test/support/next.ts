// What stands under "Next:" at the end of a swarm, and a person who runs it.

import path from 'node:path'
import type { TestLoop } from './loop.js'
import { type Ended, packageRoot, type Running, start } from './oompa.js'

export interface Advised extends Ended {
  readonly command: string
}

/** The commands of the last lines. */
export function nextOf(printed: string): string[] {
  const [, after = ''] = printed.split('\nNext:\n')
  return after.split('\n').flatMap((line) => /^ {2}(\S.*?) +# /.exec(line)?.[1] ?? [])
}

/** Starts a command as it was advised, as a shell of the person would. */
export function advised(loop: TestLoop, command: string): Running {
  const env = { ...loop.env, PATH: `${path.join(packageRoot, 'bin')}:${loop.env.PATH}` }
  return start('/bin/sh', ['-c', command], { cwd: loop.repository.root, env })
}

/** Runs what was advised, in turn, each to its end. */
export async function follow(loop: TestLoop, printed: string): Promise<Advised[]> {
  const all: Advised[] = []
  for (const command of nextOf(printed)) all.push({ command, ...(await advised(loop, command).ended) })
  return all
}
