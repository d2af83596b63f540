// Asks a program something that it answers, and ends by itself: `gh`, `claude --version`, `notify-send`. By execa, which
// is enough for what leaves nothing behind; what works for us (agents, hooks, tests) is started by run-process.ts
// (docs/decisions/0041-execa-for-what-ends-by-itself.md).

export interface Question {
  readonly cwd: string
  /** The whole environment. */
  readonly env: NodeJS.ProcessEnv
  readonly input?: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

export interface Answer {
  /** Null if a signal, ours or another's, ended it; 127 if there is no such program. */
  readonly status: number | null
  readonly stdout: string
  /** Both outputs, in the order in which they came. */
  readonly output: string
}

/** What a program leaves in the background has so long to end, or to let go of our pipes. */
const LEFTOVER_MS = 300
/** An answer is short. */
const MOST_CHARACTERS = 1_000_000

/** Runs argv to its end, or to the end of its time. Never throws for what the program does. */
export async function askProgram(
  [file, ...args]: readonly [string, ...string[]],
  { cwd, env, input = '', timeoutMs, signal }: Question,
): Promise<Answer> {
  // Loaded when the first question is asked: most commands ask none.
  const { execa } = await import('execa')
  const child = execa(file, args, {
    cwd,
    // execa adds variables to ours unless it is told not to.
    env,
    extendEnv: false,
    input,
    all: true,
    maxBuffer: MOST_CHARACTERS,
    reject: false,
    // A group of its own: execa's `timeout` and `cancelSignal` end the program alone, and then wait for whoever else
    // holds its output open. A CLI is often a script of Node that has started the real one.
    detached: true,
  })
  let isLate = false
  const end = () => {
    isLate = true
    endGroup(child.pid)
  }
  const late = setTimeout(end, timeoutMs)
  signal?.addEventListener('abort', end, { once: true })
  if (signal?.aborted) end()
  let leftover: NodeJS.Timeout | undefined
  child.once('exit', () => {
    leftover = setTimeout(() => {
      endGroup(child.pid)
      // One that is in a session of its own may hold them for ever.
      child.stdout.destroy()
      child.stderr.destroy()
    }, LEFTOVER_MS)
  })
  const result = await child
  clearTimeout(late)
  clearTimeout(leftover)
  signal?.removeEventListener('abort', end)
  const { code, exitCode, stdout, all } = result
  if (code === 'ENOENT') return { status: 127, stdout: '', output: `There is no executable \`${file}\`.` }
  return { status: isLate ? null : (child.exitCode ?? exitCode ?? null), stdout: stdout ?? '', output: all ?? '' }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // They have all ended.
  }
}
