// Real repositories in temporary folders, away from the person's home and configuration.

import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/** An environment that reaches neither the real home nor the global git configuration. */
export function cleanEnvironment(home: string, extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    HOME: home,
    XDG_CACHE_HOME: path.join(home, '.cache'),
    XDG_CONFIG_HOME: path.join(home, '.config'),
    OOMPA_STATE: path.join(home, '.state'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Test',
    GIT_AUTHOR_EMAIL: 'test@example.com',
    GIT_COMMITTER_NAME: 'Test',
    GIT_COMMITTER_EMAIL: 'test@example.com',
    ...extra,
  }
}

export interface TestRepository {
  readonly root: string
  /** A home folder of its own. */
  readonly home: string
  readonly env: NodeJS.ProcessEnv
  /** Runs git in the root (or `cwd`), gives its output without the last line end; throws on a failure. */
  git(args: readonly string[], cwd?: string): string
  /** Writes a file below the root, with its folders. */
  write(file: string, content: string | Uint8Array, mode?: number): string
  /** Writes files and commits everything. */
  commit(message: string, files?: Readonly<Record<string, string>>): string
}

/** A folder that is removed when the test has ended. */
export function temporaryFolder(prefix = 'oompa-'): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), prefix)))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

/**
 * A repository with one commit on `main`.
 * @param home of somebody who has one already; else one of its own
 */
export function testRepository(
  files: Readonly<Record<string, string>> = { 'README.md': 'hello\n' },
  name = 'repo',
  home?: string,
): TestRepository {
  const base = temporaryFolder()
  const root = path.join(base, name)
  mkdirSync(root)
  home ??= path.join(base, 'home')
  mkdirSync(home, { recursive: true })
  const repository = repositoryAt(root, home)
  repository.git(['init', '-q', '-b', 'main'])
  repository.commit('Start', files)
  return repository
}

/** The same tools for a folder that is there already. */
export function repositoryAt(root: string, home: string): TestRepository {
  const env = cleanEnvironment(home)
  const repository: TestRepository = {
    root,
    home,
    env,
    git: (args, cwd = root) =>
      // Two processes less for each commit.
      execFileSync('git', ['-c', 'maintenance.auto=false', ...args], {
        cwd,
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        maxBuffer: 1e9,
      }).replace(/\n$/, ''),
    write(file, content, mode) {
      const full = path.join(root, file)
      mkdirSync(path.dirname(full), { recursive: true })
      writeFileSync(full, content)
      if (mode !== undefined) chmodSync(full, mode)
      return full
    },
    commit(message, written = {}) {
      for (const [file, content] of Object.entries(written)) repository.write(file, content)
      repository.git(['add', '-A'])
      repository.git(['commit', '-q', '--allow-empty', '-m', message])
      return repository.git(['rev-parse', 'HEAD'])
    },
  }
  return repository
}
