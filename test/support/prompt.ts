// A person at a prompt of 80 × 24: each line is run as it is written, and what a terminal had to wrap is told.

import { until } from './loop.js'
import { terminal } from './tmux.js'

export interface Said {
  readonly status: number
  /** What it printed, without the prompts. */
  readonly lines: readonly string[]
  /** Lines that were wider than the terminal, at the end or while it ran. */
  readonly wrapped: readonly string[]
}

interface Prompt {
  /** Runs a line to its end; `meanwhile` is asked with each screen on the way. */
  run(line: string, meanwhile?: (screen: string) => void): Promise<Said>
  press(...keys: string[]): void
}

/** @param write puts the line where the shell reads it from: typed, a long one would be wrapped by the shell itself */
export async function prompt(
  write: (line: string) => string,
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<Prompt> {
  const shell = terminal(String.raw`PS1='[\#:$?] '`, options)
  let number = 2
  await shell.shows(new RegExp(`^\\[${number}:0\\]`, 'm'))
  return {
    press: shell.press,
    async run(line, meanwhile) {
      const file = write(`${line}\n`)
      shell.forget()
      shell.type(`. ${file}`)
      shell.press('Enter')
      number += 1
      const wrapped = new Set<string>()
      const last = await until(
        () => {
          const { lines, joined } = shell.everything()
          const whole = new Set(lines)
          for (const one of joined) if (!whole.has(one)) wrapped.add(one)
          meanwhile?.(lines.join('\n'))
          const [, at, status] = /^\[(\d+):(\d+)\]$/.exec(lines.at(-1) ?? '') ?? []
          return Number(at) === number ? { status: Number(status), lines: lines.slice(0, -1) } : undefined
        },
        `the end of ${line}`,
        240_000,
      )
      const first = last.lines.findIndex((one) => one.endsWith(`. ${file}`))
      return { ...last, lines: last.lines.slice(first + 1), wrapped: [...wrapped] }
    },
  }
}
