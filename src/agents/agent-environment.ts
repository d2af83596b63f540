// What an agent's process may know: the person's environment, without what belongs to somebody else's repository,
// agent or iteration (docs/contract.md, 3).

import { withoutRepository } from '../git/git-environment.js'
import { MARKER } from '../processes/marks.js'

/**
 * Variables with which a coding CLI tells its own children that they run inside it. A CLI that finds its own refuses
 * to start or shares a session; seen in the environment of each CLI's shell tool.
 */
const ENCLOSING = [
  'CLAUDECODE',
  'CLAUDE_CODE_ENTRYPOINT',
  'CLAUDE_CODE_EXECPATH',
  'CLAUDE_CODE_SESSION_ID',
  'CLAUDE_CODE_SSE_PORT',
  'CLAUDE_CODE_CHILD_SESSION',
  'CLAUDE_PROJECT_DIR',
  'CLAUDE_AGENT_SDK_VERSION',
  'CLAUDE_EFFORT',
  'AI_AGENT',
  'CODEX_SANDBOX',
  'CODEX_SANDBOX_NETWORK_DISABLED',
  'CODEX_THREAD_ID',
  'CODEX_SESSION_ID',
  'CODEX_TOOL_CALL_ID',
  'CODEX_CI',
  'GEMINI_CLI',
  'GEMINI_CLI_NO_RELAUNCH',
  'OPENCODE',
  'OPENCODE_PID',
  'OPENCODE_RUN_ID',
  'CURSOR_AGENT',
]

/** What an iteration of an enclosing swarm says about itself; ours says its own. */
const ITERATION = [
  'OOMPA_ROOT',
  'OOMPA_WORKTREE',
  'OOMPA_BRANCH',
  'OOMPA_SWARM',
  'OOMPA_WORKER',
  'OOMPA_ITERATION',
  'OOMPA_TASKS',
  'OOMPA_TASK',
  'OOMPA_PORT_BASE',
  'OOMPA_LEVEL',
  'OOMPA_CAN_PLAN',
]

/** What a program needs to run at all. */
const SHORT = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'TERM',
  'LANG',
  'LC_*',
  'TZ',
  'TMPDIR',
  'XDG_*',
  'NO_COLOR',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  MARKER,
]

export interface EnvironmentRules {
  /** Names, or `PREFIX_*`: nothing of the person's but these and what a program needs to run at all. */
  readonly allow?: readonly string[]
  /** Begin with the short list, whether there is an allow-list or not. */
  readonly sandbox: boolean
  /** The `OOMPA_*` variables of the iteration, and what its stages add. */
  readonly add: Readonly<Record<string, string>>
}

/** The environment of an agent or a hook. Pure. */
export function agentEnvironment(person: NodeJS.ProcessEnv, rules: EnvironmentRules): NodeJS.ProcessEnv {
  const dropped = new Set([...ENCLOSING, ...ITERATION])
  const allowed = rules.sandbox || rules.allow ? [...SHORT, ...(rules.allow ?? [])] : ['*']
  const kept = Object.entries(withoutRepository(person)).filter(
    ([name]) => !dropped.has(name) && allowed.some((pattern) => matches(name, pattern)),
  )
  return { ...Object.fromEntries(kept), ...rules.add }
}

function matches(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
