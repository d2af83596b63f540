// What can be told of a CLI without starting it: whether it will refuse to work in a place, who pays for it, and where
// it lies when the PATH does not say.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { isExecutable } from '../processes/find-executable.js'
import { object, parseObject, string } from './json-stream.js'

/** Where and how an agent will be started. */
export interface Place {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly permissions: 'inherit' | 'bypass'
  /** The user's number; 0 is root. */
  readonly uid?: number
}

export interface Remark {
  readonly text: string
  readonly mend: string
}

const homeOf = (env: NodeJS.ProcessEnv): string => env.HOME || homedir()

/** Claude asks for a container's word before it lets root do everything. */
export function claudeRefuses({ env, permissions, uid }: Place): Remark | undefined {
  if (permissions !== 'bypass' || uid !== 0 || env.IS_SANDBOX === '1') return undefined
  return {
    text: 'refuses "permissions": "bypass" to root (`--dangerously-skip-permissions cannot be used with root/sudo privileges`)',
    mend: 'Run as another user, or, in a container that is thrown away: export IS_SANDBOX=1',
  }
}

/** Without a person Gemini works in no folder that nobody has called trusted. */
export function geminiRefuses({ cwd, env }: Place): Remark | undefined {
  if (env.GEMINI_CLI_TRUST_WORKSPACE === 'true') return undefined
  const folder = path.join(homeOf(env), '.gemini')
  const trust = object(object(readJson(path.join(folder, 'settings.json'))?.security)?.folderTrust)
  if (trust?.enabled === false || isTrusted(cwd, path.join(folder, 'trustedFolders.json'))) return undefined
  return {
    text: `does not trust ${cwd}, and works in no such folder`,
    mend: 'export GEMINI_CLI_TRUST_WORKSPACE=true, or start `gemini` there once and trust the folder',
  }
}

/** Rules for folders, and what is in them; the longest that fits counts. */
function isTrusted(cwd: string, file: string): boolean {
  const fitting = Object.entries(readJson(file) ?? {})
    .map(([folder, rule]) => ({ folder: rule === 'TRUST_PARENT' ? path.dirname(folder) : folder, rule }))
    .filter(({ folder }) => cwd === folder || cwd.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep))
    .sort((a, b) => b.folder.length - a.folder.length)
  return fitting.length > 0 && fitting[0]!.rule !== 'DO_NOT_TRUST'
}

/** A key in the environment comes before the subscription that somebody has logged in with. */
export function claudeAccount(env: NodeJS.ProcessEnv): Remark | undefined {
  const folder = env.CLAUDE_CONFIG_DIR || path.join(homeOf(env), '.claude')
  const login = object(readJson(path.join(folder, '.credentials.json'))?.claudeAiOauth)
  const known = object(readJson(path.join(homeOf(env), '.claude.json'))?.oauthAccount)
  const plan = string(login?.subscriptionType) ?? (login || known || env.CLAUDE_CODE_OAUTH_TOKEN ? 'yours' : undefined)
  const cloud = ['CLAUDE_CODE_USE_BEDROCK', 'CLAUDE_CODE_USE_VERTEX'].find((name) => env[name])
  const name = cloud ?? ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN'].find((key) => env[key])
  if (plan === undefined || name === undefined) return undefined
  return beside(name, plan, cloud ? 'the cloud account' : "the key's account")
}

export function codexAccount(env: NodeJS.ProcessEnv): Remark | undefined {
  if (!env.CODEX_API_KEY) return undefined
  const folder = env.CODEX_HOME || path.join(homeOf(env), '.codex')
  const login = object(readJson(path.join(folder, 'auth.json'))?.tokens)
  return login && beside('CODEX_API_KEY', 'ChatGPT', "the key's account")
}

export function geminiAccount(env: NodeJS.ProcessEnv): Remark | undefined {
  const name = ['GEMINI_API_KEY', 'GOOGLE_API_KEY'].find((key) => env[key])
  const folder = path.join(homeOf(env), '.gemini')
  if (name === undefined || !existsSync(path.join(folder, 'oauth_creds.json'))) return undefined
  const auth = object(object(readJson(path.join(folder, 'settings.json'))?.security)?.auth)
  if (auth?.selectedType === 'oauth-personal') return undefined
  return beside(name, 'Google', "the key's account")
}

function beside(name: string, plan: string, who: string): Remark {
  return {
    text: `${name} is set beside a subscription (${plan}): ${who} is billed, and not the subscription`,
    mend: `To use the subscription: unset ${name}`,
  }
}

/** Where installers put CLIs that an interactive shell finds, and cron, launchd and systemd do not. */
const INSTALLED = [
  '.local/bin',
  '.claude/local',
  'bin',
  '.npm-global/bin',
  '.bun/bin',
  '.opencode/bin',
  '.volta/bin',
  '.asdf/shims',
  '.local/share/mise/shims',
  '.cargo/bin',
]
const SYSTEM = ['/usr/local/bin', '/opt/homebrew/bin', '/home/linuxbrew/.linuxbrew/bin', '/snap/bin']

/** The executable of this name that the PATH lacks; undefined if there is none at the usual places. */
export function findElsewhere(file: string, env: NodeJS.ProcessEnv): string | undefined {
  if (file.includes('/')) return undefined
  const home = homeOf(env)
  const nvm = path.join(home, '.nvm/versions/node')
  const nodes = existsSync(nvm) ? readdirSync(nvm).map((version) => path.join(nvm, version, 'bin')) : []
  return [...INSTALLED.map((folder) => path.join(home, folder)), ...nodes.reverse(), ...SYSTEM]
    .map((folder) => path.join(folder, file))
    .find(isExecutable)
}

/** The command that puts a folder before the PATH, with the home as the shell calls it. */
export function pathMend(file: string, env: NodeJS.ProcessEnv): string {
  const folder = path.dirname(file)
  const home = homeOf(env)
  const shown = folder.startsWith(home + path.sep) ? `$HOME${folder.slice(home.length)}` : folder
  return `export PATH="${shown}:$PATH"`
}

function readJson(file: string) {
  try {
    return parseObject(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
