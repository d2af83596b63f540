// Says which process a pid means: a pid is given away again, a pid with its start time is not.

import { readFileSync } from 'node:fs'

/** The start time of a process as the system tells it, or undefined if there is no such process. */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold spaces and parentheses of its own; the start time is the 22nd field.
    return stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .at(19)
  } catch {
    return undefined
  }
}

/** Whether the process that had `pid` at `start` still runs. */
export function isAlive(pid: number, start: string): boolean {
  return processStart(pid) === start
}
