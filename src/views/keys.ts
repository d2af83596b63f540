// Keys on the terminal of a swarm: one at a time, without Enter. The terminal is ours only while we are in its
// foreground, and is as it was on every way out: Ctrl-C, Ctrl-Z and Ctrl-\ do what they do in any other program.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { ReadStream } from 'node:tty'

export interface Keys {
  /** Gives the terminal back; what is typed from now on is the shell's. */
  close(): void
}

export interface KeyListener {
  /** One key, as its character. */
  key(character: string): void
  /** The program is about to stop for a while (Ctrl-Z): the screen is the shell's. */
  away(): void
  /** It goes on. */
  back(): void
}

/** In raw mode the terminal makes no signals of these, so we do: for the whole group, as it would. */
const SIGNALS: Readonly<Record<string, NodeJS.Signals>> = { '\x03': 'SIGINT', '\x1c': 'SIGQUIT', '\x1a': 'SIGTSTP' }

/** How soon after Ctrl-Z the terminal is asked for again. The time stands still while we are stopped. */
const AGAIN_MS = 100

/** Listens to keys; undefined where `input` is no terminal of ours. */
export function openKeys(input: ReadStream, listener: KeyListener): Keys | undefined {
  if (!input.isTTY || !isForeground()) return undefined
  let open = false
  let again: NodeJS.Timeout | undefined
  const take = () => {
    // In the background a change of the terminal would stop us.
    if (open || !isForeground()) return
    open = true
    input.setRawMode(true)
    input.on('data', hear)
    input.resume()
    // A swarm that has ended waits for no key.
    input.unref()
  }
  const give = () => {
    if (!open) return
    open = false
    input.off('data', hear)
    input.pause()
    input.setRawMode(false)
  }
  const goOn = () => {
    if (open) return
    take()
    listener.back()
  }
  function hear(bytes: Buffer | string) {
    const text = bytes.toString()
    // What is pasted is no key; but a signal among other keys is meant.
    const signal = [...text].find((one) => SIGNALS[one])
    if (signal !== undefined) send(SIGNALS[signal]!)
    else if ([...text].length === 1) listener.key(text)
  }
  function send(signal: NodeJS.Signals) {
    if (signal !== 'SIGINT') {
      listener.away()
      give()
      again = setTimeout(goOn, AGAIN_MS).unref()
    }
    process.kill(0, signal)
  }
  process.on('SIGCONT', goOn)
  take()
  return {
    close() {
      clearTimeout(again)
      process.off('SIGCONT', goOn)
      give()
    },
  }
}

/** Whether the terminal's signals come to us: `oompa run &` may neither read from it nor change it. */
function isForeground(): boolean {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync('/proc/self/stat', 'latin1')
      // After the name, which may hold anything: state, parent, group, session, terminal, the terminal's group.
      const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return group === foreground
    }
    const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(process.pid)], { encoding: 'utf8', stdio: 'pipe' })
    return stdout.includes('+')
  } catch {
    return false
  }
}
