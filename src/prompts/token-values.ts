// Asks git for what the tokens of a prompt stand for; only for those that the prompt uses.

import path from 'node:path'
import { git } from '../git/run-git.js'
import type { Token, TokenValues } from './tokens.js'

/** How far back "recent" goes. */
const COMMITS = 10
const MOST_FILES = 50

/**
 * Values of the git tokens that are used.
 * @param root the main checkout, absolute: its name is the repository's
 * @param checkout the worktree, absolute
 */
export async function contextValues(
  root: string,
  checkout: string,
  used: ReadonlySet<Token>,
): Promise<Partial<TokenValues>> {
  const [context_header, diffstat_md, recent_files_md] = await Promise.all([
    used.has('context_header') ? contextHeader(root, checkout) : undefined,
    used.has('diffstat_md') ? diffstat(checkout) : undefined,
    used.has('recent_files_md') ? recentFiles(checkout) : undefined,
  ])
  return {
    ...(context_header === undefined ? {} : { context_header }),
    ...(diffstat_md === undefined ? {} : { diffstat_md }),
    ...(recent_files_md === undefined ? {} : { recent_files_md }),
  }
}

async function contextHeader(root: string, checkout: string): Promise<string> {
  const { gitFor } = await import('../git/simple-git.js')
  const format = { commit: '%h', subject: '%s' }
  const [branch, log] = await Promise.all([
    git(checkout, ['symbolic-ref', '--quiet', '--short', 'HEAD']),
    // Before the first commit git has no log.
    gitFor(checkout)
      .log({ format, maxCount: 1 })
      .catch(() => undefined),
  ])
  const latest = log?.latest
  return [
    `Repository: ${path.basename(root)}`,
    `Branch: ${branch.stdout.trim() || '(detached)'}`,
    `Commit: ${latest ? `${latest.commit} ${latest.subject}` : '(none yet)'}`,
  ].join('\n')
}

async function diffstat(checkout: string): Promise<string> {
  const { gitFor } = await import('../git/simple-git.js')
  const log = await gitFor(checkout)
    .raw('log', `-${COMMITS}`, '--format=%h %s', '--shortstat')
    .catch(() => '')
  return fenced(log.replace(/\n\n /g, '\n  ').trim())
}

async function recentFiles(checkout: string): Promise<string> {
  const { stdout } = await git(checkout, ['log', `-${COMMITS}`, '--format=', '--name-only', '-z'])
  const files = [...new Set(stdout.split(/[\0\n]/).filter((name) => name !== ''))]
  return files
    .slice(0, MOST_FILES)
    .map((file) => `- ${JSON.stringify(file).slice(1, -1)}`)
    .join('\n')
}

/** A fence that is longer than any in the text: commit subjects are data. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((match) => match[0].length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}\n${text}\n${fence}`
}
