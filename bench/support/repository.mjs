// Repositories for benches: in a temporary folder, with a home of their own, removed at the end.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

export const base = realpathSync(mkdtempSync(path.join(tmpdir(), 'oompa-bench-')))
process.on('exit', () => rmSync(base, { recursive: true, force: true, maxRetries: 5 }))
process.on('SIGINT', () => process.exit(130))

export const packageRoot = path.resolve(import.meta.dirname, '../..')

/** The environment of everything that is measured: nothing of the person's git configuration. */
export const env = {
  PATH: `${path.join(base, 'bin')}:${process.env.PATH}`,
  HOME: path.join(base, 'home'),
  LANG: 'C.UTF-8',
  OOMPA_CACHE: path.join(base, 'cache'),
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Bench',
  GIT_AUTHOR_EMAIL: 'bench@example.com',
  GIT_COMMITTER_NAME: 'Bench',
  GIT_COMMITTER_EMAIL: 'bench@example.com',
}
mkdirSync(path.join(base, 'bin'))
mkdirSync(env.HOME)

export const git = (cwd, ...args) => execFileSync('git', args, { cwd, env, encoding: 'utf8', maxBuffer: 1e9 }).trim()

/** Puts an executable on the PATH of what is measured. */
export function program(name, text) {
  const file = path.join(base, 'bin', name)
  writeFileSync(file, text, { mode: 0o755 })
  return file
}

let serial = 0

/** A repository with one commit of so many files, and a worker's prompt. */
export function repository(files) {
  const root = path.join(base, `${files}-files-${serial++}`)
  mkdirSync(path.join(root, 'prompts'), { recursive: true })
  git(root, 'init', '-q', '-b', 'main')
  git(root, 'config', 'gc.auto', '0')
  writeFileSync(path.join(root, 'prompts/worker.md'), 'Goal: match spec.md\n')
  writeFileSync(path.join(root, 'spec.md'), 'A spec.\n')
  for (let i = 0; i < files - 2; i++) {
    const folder = path.join(root, `d${Math.floor(i / 100)}`)
    if (i % 100 === 0) mkdirSync(folder)
    writeFileSync(path.join(folder, `f${i}`), `${i}\n`)
  }
  git(root, 'add', '-A')
  git(root, 'commit', '-q', '-m', 'base')
  return root
}

/** Gives a repository a bare remote beside it, which has all of it, and main follows. */
export function addRemote(root) {
  const remote = `${root}.git`
  git(base, 'clone', '-q', '--bare', root, remote)
  git(root, 'remote', 'add', 'origin', remote)
  git(root, 'fetch', '-q')
  git(root, 'branch', '-q', '--set-upstream-to=origin/main', 'main')
}
