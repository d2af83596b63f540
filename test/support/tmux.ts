// A terminal for tests: a program in a tmux of its own, whose screen can be read and whose keys can be pressed.

import { execFileSync } from 'node:child_process'
import { onTestFinished, vi } from 'vitest'
import { temporaryFolder } from './repository.js'

export interface Terminal {
  /** What the terminal shows, without the empty lines below. */
  lines(): string[]
  /** All that it has shown: as rows, and with the rows joined that were one line. */
  everything(): { readonly lines: readonly string[]; readonly joined: readonly string[] }
  /** Empties it. */
  forget(): void
  resize(columns: number, rows: number): void
  /** Types text, to the letter. */
  type(text: string): void
  /** Presses a key by tmux's name for it: `Enter`, `C-c`, `Escape`. */
  press(...keys: string[]): void
  /** Waits until the screen shows it; gives the screen. */
  shows(pattern: RegExp): Promise<string>
}

const BETWEEN = '\u2500\u2500 joined'
const PATIENCE = { timeout: 120_000, interval: 50 }

/** Runs a line of shell in a terminal; the shell stays where that has ended, so that its last screen can be read. */
export function terminal(
  line: string,
  options: { cwd: string; env: NodeJS.ProcessEnv; columns?: number; rows?: number },
): Terminal {
  const { cwd, env, columns = 80, rows = 24 } = options
  const folder = temporaryFolder('oompa-tmux-')
  const tmux = (...args: string[]) =>
    execFileSync('tmux', ['-L', 'oompa-test', '-f', '/dev/null', ...args], {
      encoding: 'utf8',
      cwd,
      env: { ...env, TMUX_TMPDIR: folder, LANG: 'C.UTF-8', PS1: '$ ', HISTFILE: '', CI: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), 'env -u ENV -u BASH_ENV bash --norc --noprofile')
  onTestFinished(() => void tmux('kill-server'))
  tmux('send-keys', '-l', line)
  tmux('send-keys', 'Enter')
  const rowsOf = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => line.trimEnd())
  const lines = () => tmux('capture-pane', '-p').trimEnd().split('\n')
  return {
    lines,
    everything() {
      const all = ['-p', '-S', '-']
      const text = tmux(
        'capture-pane',
        ...all,
        ';',
        'display-message',
        '-p',
        BETWEEN,
        ';',
        'capture-pane',
        '-J',
        ...all,
      )
      const [first = '', second = ''] = text.split(`${BETWEEN}\n`)
      return { lines: rowsOf(first), joined: rowsOf(second) }
    },
    forget: () => void tmux('send-keys', '-R', ';', 'clear-history'),
    resize: (width, height) => void tmux('resize-window', '-x', String(width), '-y', String(height)),
    type: (text) => void tmux('send-keys', '-l', text),
    press: (...keys) => void tmux('send-keys', ...keys),
    shows: (pattern) =>
      vi.waitFor(() => {
        const screen = lines().join('\n')
        if (!pattern.test(screen)) throw new Error(`The terminal does not show ${pattern}:\n${screen}`)
        return screen
      }, PATIENCE),
  }
}
