// Decides which of an agent's leftover files must not be committed for it: secrets, huge files, installed packages, litter.

import path from 'node:path'

/** Files above this are not committed for an agent: 10 MB, where hosting services begin to warn at 50. */
export const HUGE_BYTES = 10_000_000

/** The reason of files that are nobody's work: whoever puts a worktree away need not keep it for them. */
export const LITTER = 'a file of a tool, and no part of the work'

const SECRET_NAMES = [
  /^\.env(\..+)?$/i,
  /\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk)$/i,
  /^id_(rsa|dsa|ecdsa|ed25519)$/i,
  /^\.?(netrc|pypirc|htpasswd|git-credentials|pgpass)$/i,
  /^(credentials|client_secret.*|service[-_]account.*)\.json$/i,
  /^secrets?\.(json|ya?ml|toml|txt)$/i,
]
const HARMLESS_NAMES = [/^\.env\.(example|sample|template|dist|defaults?|test|ci)$/i, /\.pub$/i]

/** Tokens whose form says what they are. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/, 'a private key'],
  [/\bAKIA[0-9A-Z]{16}\b/, 'an AWS access key'],
  [/\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{50,}\b/, 'a GitHub token'],
  [/\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}\b/, 'an API key'],
  [/\bxox[abprs]-[A-Za-z0-9-]{10,}\b/, 'a Slack token'],
  [/\bAIza[0-9A-Za-z_-]{35}\b/, 'a Google API key'],
  [/:_authToken=\S+/, 'a registry token'],
]

/**
 * Why a path should not be committed, from its name alone; undefined if it may.
 * @param linked whether it is a symbolic link
 */
export function refusedName(file: string, linked: boolean): string | undefined {
  const parts = file.split('/')
  const name = parts.at(-1) || parts.at(-2) || file
  if (parts.includes('node_modules')) return linked ? 'a link to installed packages' : 'installed packages'
  if (parts.includes('.venv')) return 'installed packages'
  if (HARMLESS_NAMES.some((pattern) => pattern.test(name))) return undefined
  if (SECRET_NAMES.some((pattern) => pattern.test(name))) return 'its name says that it holds a secret'
  if (path.posix.dirname(file).endsWith('.aws') && name === 'credentials') return 'its name says that it holds a secret'
  return isLitter(file) ? LITTER : undefined
}

/** Why a file should not be committed, from what is in it. */
export function refusedContent(text: string): string | undefined {
  const found = SECRET_TEXTS.find(([pattern]) => pattern.test(text))
  return found && `it holds what looks like ${found[1]}`
}

// Knows the files that agents' CLIs and other tools leave beside the work: they are no part of a change, and are not
// committed for an agent.

/** Folders of caches, sessions and screenshots. */
const FOLDERS = /^(?:__pycache__|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.playwright-mcp|\.aider\.tags\.cache.*)$/

/** What systems, shells, servers, interpreters and CLIs write beside the files that they work on. */
const NAMES =
  /^(?:\.DS_Store|Thumbs\.db|desktop\.ini|nohup\.out|.+\.pid|.+\.py[co]|\..+\.sw[op]|npm-debug\.log.*|yarn-(?:debug|error)\.log.*|\.aider(?!\.conf\.yml$|ignore$).*)$/i

/** At the top of the checkout a new log is that of something that ran; below it may be somebody's data. */
const TOP_NAMES = /^[^/]+\.log$/i

/** Where CLIs keep what is theirs beside what configures them. */
const CLI_FOLDERS = /^(?:\.claude|\.codex|\.gemini|\.opencode|\.cursor)$/

/** What a person or an agent writes in such a folder on purpose: instructions, settings, commands, hooks, plugins. */
const CLI_CONTENT =
  /(?:\.(?:md|mdc|txt|toml|ya?ml|sh|js|mjs|cjs|ts|py)|(?:^|\/)(?:settings|config|opencode|mcp|\.mcp|hooks|package)\.jsonc?|(?:^|\/)\.gitignore)$/i

/** Whether a path is such a file, from its name alone. */
export function isLitter(file: string): boolean {
  const parts = file.split('/')
  const name = parts.at(-1) || parts.at(-2) || file
  if (parts.some((part) => FOLDERS.test(part)) || NAMES.test(name) || TOP_NAMES.test(file)) return true
  const at = parts.findIndex((part) => CLI_FOLDERS.test(part))
  if (at < 0) return false
  const within = path.posix.join(...parts.slice(at + 1))
  return (
    /(?:^|\/)settings\.local\.json$|^(?:sessions?|projects|todos|logs?|history|tmp|cache|shell-snapshots|statsig|node_modules)(?:\/|$)/i.test(
      within,
    ) || !CLI_CONTENT.test(within)
  )
}
