// Knows the files that agents' CLIs and other tools leave beside the work: they are no part of a change, and are not
// committed for an agent.

import path from 'node:path'

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
