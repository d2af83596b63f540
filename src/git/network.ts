// Runs the gits that talk to a remote. A remote may accept the connection and never answer (a VPN that is down, a stalled
// ssh), so each of them has a time limit and a signal, and ends with all that it has started: helpers, ssh, git-lfs.

import { uniqueMarker } from '../processes/marks.js'
import { runProcess } from '../processes/run-process.js'
import { commandLine } from './arguments.js'
import { locating } from './folders.js'
import { gitEnvironment } from './git-environment.js'

/** How long a remote may be silent unless a setting says otherwise. */
export const REMOTE_TIMEOUT_MS = 120_000
/** A remote that goes on saying something gets so many times the limit. */
const WHOLE = 15
/** After how long it is said that we wait. */
const SAY_AFTER_MS = 5000

export interface NetworkOptions {
  /** How long the remote may be silent. */
  readonly timeoutMs?: number
  /** Ends it at once. */
  readonly signal?: AbortSignal
  /** The swarm's id, for its watchdog. */
  readonly swarm?: string
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
  /** Called once, when it has taken some seconds; the words say what is waited for, and how long. */
  waiting?(words: string): void
}

export interface NetworkEnd {
  /** Undefined if we have ended it. */
  readonly status?: number
  readonly stdout: string
  readonly stderr: string
  /** Why we have ended it, in words. */
  readonly ended?: string
  /** We have ended it, because the remote was silent for so long. */
  readonly silent?: boolean
}

/** Runs git with a remote, without hooks. Never throws for what git or the remote does. */
export async function networkGit(
  cwd: string,
  args: readonly string[],
  options: NetworkOptions = {},
): Promise<NetworkEnd> {
  const { timeoutMs = REMOTE_TIMEOUT_MS, signal } = options
  const what = `git ${args[0]}`
  let stdout = ''
  let stderr = ''
  const timer = setTimeout(() => {
    options.waiting?.(
      `${what} has been waiting for ${seconds(SAY_AFTER_MS)}; the remote may be silent for ${seconds(timeoutMs)}`,
    )
  }, SAY_AFTER_MS)
  try {
    const end = await runProcess({
      ...commandLine(['-c', 'core.hooksPath=/dev/null', ...args]),
      cwd,
      env: { ...gitEnvironment(), ...locating(cwd), ...options.env },
      input: options.input ?? '',
      marker: uniqueMarker(options.swarm),
      idleMs: timeoutMs,
      timeoutMs: WHOLE * timeoutMs,
      signal,
      onStdout: (text) => {
        stdout += text
      },
      onStderr: (text) => {
        stderr += text
      },
    })
    const facts = { stdout, stderr }
    if (end.reason === 'exited') return { ...facts, status: end.status ?? 1 }
    if (end.reason === 'aborted') return { ...facts, ended: 'interrupted' }
    if (end.reason === 'missing') return { ...facts, stderr: end.message ?? 'git cannot be started', status: 127 }
    const silent = end.reason === 'idle'
    const why = silent
      ? `it did not answer for ${seconds(timeoutMs)}`
      : `it took longer than ${seconds(WHOLE * timeoutMs)}`
    return { ...facts, ended: `${why} (${what})`, silent: true }
  } finally {
    clearTimeout(timer)
  }
}

function seconds(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 100) / 10} s` : `${Math.round(ms / 6000) / 10} min`
}

/** Lines that only say how far something is. */
const PROGRESS =
  /\d+% \(\d+\/\d+\)|, done\.|^(remote: )?(Enumerating|Total|Delta|Writing|Compressing|Counting)\b|^To |^From /

/**
 * What went wrong, as the server said it (its lines come first), and as git did. Pure.
 * @param stderr of git
 * @param line of `push --porcelain` for the ref that was refused
 */
export function wordsOf(stderr: string, line?: string): string {
  const lines = stderr
    .split(/[\r\n]+/)
    .map((one) => one.trim())
    .filter((one) => one !== '' && !PROGRESS.test(one))
  const said = lines.flatMap((one) => /^remote:\s*(.*\S)/.exec(one)?.[1] ?? []).slice(0, MOST_LINES)
  const own = line ? line.split('\t').at(-1)! : lines.find((one) => !/^(remote:|warning:|hint:|Warning:)/.test(one))
  return [...said, ...(own ? [own] : [])].join('\n')
}

const MOST_LINES = 10
