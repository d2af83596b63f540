// Paths that decide how changes are judged: a change that touches one waits for a person, hook or not. The one list of
// them; a team extends and shortens its second half in `hooks/approve.ts`.

import type { ChangedFile } from '../words.js'
import type { Protection, ProtectionRules } from './contract.js'
import { anyOf, pathsOf, someOf } from './patterns.js'

/** Our own. A file or link called `hooks` would take the folder's place, and is protected as well. Always. */
const JUDGES = [
  'hooks',
  'hooks/**',
  'prompts',
  'prompts/**',
  'oompa',
  'oompa.json',
  'oompa/oompa.json',
  'oompa_loompas.mjs',
  // What the loop runs where the toolkit is installed beside it.
  'node_modules/oompa-loompas',
  'node_modules/oompa-loompas/**',
]

/**
 * What agents' CLIs read where they start: instructions, settings, programs that they run, addresses of models. A
 * reviewer starts in a checkout of the change, and would be configured by it.
 */
const CONFIGURES_AGENTS: readonly string[] = [
  '**/AGENTS.md',
  '**/AGENTS.override.md',
  '**/.agents',
  '**/.agents/**',
  // Claude Code
  '**/CLAUDE.md',
  '**/CLAUDE.local.md',
  '**/.claude',
  '**/.claude/**',
  '**/.mcp.json',
  // Codex
  '**/.codex',
  '**/.codex/**',
  // Gemini
  '**/GEMINI.md',
  '**/.gemini',
  '**/.gemini/**',
  // OpenCode
  '**/opencode.json',
  '**/opencode.jsonc',
  '**/.opencode',
  '**/.opencode/**',
  // Others
  '**/.cursor',
  '**/.cursor/**',
  '**/.cursorrules',
  '**/.github/copilot-instructions.md',
  '**/.github/instructions/**',
  '**/.aider.conf.yml',
  // Variables and preloads that CLIs take from the folder they start in: Gemini, and whatever runs on Bun.
  '.env',
  '.env.local',
  '.env.development',
  '.env.production',
  '.env.test',
  '.env.*.local',
  'bunfig.toml',
]

/**
 * The protection that approve hooks ask for together. Pure.
 * @param programs paths of the programs that hooks and reviewers run (`programsOf`): they judge as hooks do
 */
export function protectionOf(rules: readonly ProtectionRules[], programs: readonly string[] = []): Protection {
  const configures = anyOf([...CONFIGURES_AGENTS, ...rules.flatMap(({ protect }) => protect ?? [])])
  const harmless = anyOf(rules.flatMap(({ unprotect }) => unprotect ?? []))
  const judges = anyOf(JUDGES)
  const named = new Set(programs.map(alike))
  const runs = (path: string) => named.has(alike(path))
  return {
    judges: (path) => judges(path) || runs(path),
    configures: (path) => configures(path) && !harmless(path),
    runs,
  }
}

/** As `anyOf` compares: on some disks these are one file. */
function alike(path: string): string {
  return path.normalize('NFC').toLowerCase()
}

/** The protection of a repository that says nothing about it. */
export const usualProtection: Protection = protectionOf([])

/** Why a change waits for its protected paths: those that it adds, changes, removes, or renames in or out. Pure. */
export function protectedReasons(files: readonly ChangedFile[], protection: Protection): string[] {
  const paths = pathsOf(files)
  const judging = paths.filter((path) => protection.judges(path))
  const configuring = paths.filter((path) => !protection.judges(path) && protection.configures(path))
  return [
    ...(judging.length > 0 ? [`It touches what decides how changes are judged: ${someOf(judging)}.`] : []),
    ...(configuring.length > 0 ? [`It touches what configures agents, reviewers too: ${someOf(configuring)}.`] : []),
  ]
}
