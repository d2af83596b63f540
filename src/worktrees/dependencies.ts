// Which command installs what a checkout needs, read from its lock files. A hook (`hooks/worktree`) knows better.

import { existsSync } from 'node:fs'
import path from 'node:path'

/** In this order: a repository with two lock files means the first. */
const INSTALLERS: readonly (readonly [file: string, command: readonly [string, ...string[]]])[] = [
  ['bun.lock', ['bun', 'install', '--frozen-lockfile']],
  ['bun.lockb', ['bun', 'install', '--frozen-lockfile']],
  ['pnpm-lock.yaml', ['pnpm', 'install', '--frozen-lockfile']],
  ['yarn.lock', ['yarn', 'install', '--frozen-lockfile']],
  ['package-lock.json', ['npm', 'ci']],
  ['npm-shrinkwrap.json', ['npm', 'ci']],
  ['uv.lock', ['uv', 'sync', '--frozen']],
  ['poetry.lock', ['poetry', 'install']],
  ['Gemfile.lock', ['bundle', 'install']],
  ['go.sum', ['go', 'mod', 'download']],
  ['Cargo.lock', ['cargo', 'fetch', '--locked']],
  ['mix.lock', ['mix', 'deps.get']],
]

/** The install command of a checkout, or undefined where there is no lock file that we know. */
export function installCommand(checkout: string): readonly [string, ...string[]] | undefined {
  return INSTALLERS.find(([file]) => existsSync(path.join(checkout, file)))?.[1]
}
