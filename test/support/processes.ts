// Finds processes by what they were called with.

import { readdirSync, readFileSync } from 'node:fs'

/** Pids of processes whose command line is exactly `line`. */
export function processes(line: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const text = readFileSync(`/proc/${name}/cmdline`, 'latin1').replace(/\0$/, '').replaceAll('\0', ' ')
      return text === line ? Number(name) : []
    } catch {
      return []
    }
  })
}

/** SIGKILLs a process; one that has ended already is as good. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
