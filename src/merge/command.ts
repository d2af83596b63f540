// Runs a test for `oompa merge`, where no swarm gives a runner: the command and all that it starts end with us.

import { withoutRepository } from '../git/environment.js'
import type { CommandRunner } from './contract.js'

/** What is kept of an output: its end. */
const KEPT = 64_000

/** A runner of commands in `root`, with the person's environment. */
export function commandRunner(root: string, env: Readonly<Record<string, string>> = {}): CommandRunner {
  return async (command, options = {}) => {
    const { runProcess } = await import('../processes/run.js')
    const [file, ...args] = typeof command === 'string' ? ['sh', '-c', command] : command
    const kept = { stdout: '', stderr: '', output: '' }
    const keep = (...streams: (keyof typeof kept)[]) => {
      return (text: string) => {
        for (const stream of streams) kept[stream] = (kept[stream] + text).slice(-KEPT)
        options.onOutput?.(text)
      }
    }
    const end = await runProcess({
      file,
      args,
      cwd: options.cwd ?? root,
      env: { ...withoutRepository(), ...env, ...options.env },
      input: options.input ?? '',
      onStdout: keep('stdout', 'output'),
      onStderr: keep('stderr', 'output'),
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      ...(options.signal ? { signal: options.signal } : {}),
    })
    const status = end.reason === 'exited' ? end.status : null
    return {
      ...kept,
      output: end.message ? `${kept.output}${end.message}\n` : kept.output,
      status,
      signal: end.signal,
      timedOut: end.reason === 'timeout' || end.reason === 'idle',
      durationMs: end.durationMs,
    }
  }
}
