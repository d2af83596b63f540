// Which command installs what a checkout needs, read from its lock files: for `oompa worktree new`, and for the hook that
// `oompa add worktree` writes. A hook (`hooks/worktree`) knows better.

import type { Files } from '../files/seen.js'

type Install = readonly [string, ...string[]]

/** In this order: a repository with two lock files means the first. */
const INSTALLERS: readonly (readonly [file: string, command: Install])[] = [
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
  ['composer.lock', ['composer', 'install']],
]

/** What says which packages an installer gets, to the byte. */
export const LOCK_FILES: readonly string[] = INSTALLERS.map(([file]) => file)

/** The install command of a checkout, or undefined where it needs none that we know. Pure but for `files`. */
export function installCommand(files: Files): Install | undefined {
  const found = INSTALLERS.find(([file]) => files.read(file) !== undefined)
  if (!found) return needsPackages(files) ? ['npm', 'install', '--no-package-lock'] : undefined
  // Yarn from version 2 on has another word for it.
  return found[0] === 'yarn.lock' && files.read('.yarnrc.yml') !== undefined
    ? ['yarn', 'install', '--immutable']
    : found[1]
}

/** Whether there is a package.json with dependencies, and no lock file. */
function needsPackages(files: Files): boolean {
  const { dependencies, devDependencies } = packageJson(files)
  return [dependencies, devDependencies].some(
    (one) => typeof one === 'object' && one !== null && Object.keys(one).length > 0,
  )
}

/** What package.json says; nothing where there is none, or it is none. */
export function packageJson(files: Files): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(files.read('package.json') ?? '')
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
