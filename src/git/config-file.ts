// Reads and mends a git configuration as a file: no repository is looked for, because the file may be what breaks it.

import { git, gitFailed } from './run-git.js'

/** Keys as git writes them, with all their values in order. */
export type Config = ReadonlyMap<string, readonly string[]>

/** What a configuration file says; undefined if git cannot read it. What it includes is not followed. */
export async function parseConfig(content: Buffer | undefined): Promise<Config | undefined> {
  const config = new Map<string, string[]>()
  if (!content || content.length === 0) return config
  const { status, stdout } = await git('/', ['config', '--file', '-', '--null', '--list'], { input: content })
  if (status !== 0) return undefined
  for (const entry of stdout.split('\0').filter(Boolean)) {
    const end = entry.indexOf('\n')
    const key = end < 0 ? entry : entry.slice(0, end)
    // A key without `=` is true.
    const value = end < 0 ? 'true' : entry.slice(end + 1)
    config.set(key, [...(config.get(key) ?? []), value])
  }
  return config
}

/** Gives a key of a file these values and no others. */
export async function setConfig(file: string, key: string, values: readonly string[]): Promise<void> {
  const run = async (args: readonly string[], ...fine: number[]) => {
    const all = ['config', '--file', file, ...args]
    const { status, stderr } = await git('/', all)
    if (status !== 0 && !fine.includes(status)) throw gitFailed('/', all, status, stderr)
  }
  // 5: there was none.
  await run(['--unset-all', key], 5)
  for (const value of values) await run(['--add', key, value])
}
