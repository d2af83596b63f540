// What living processes have to do with a lock: which has its record open, and which were started under it.

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import path from 'node:path'

/** Whether a process has a file of this (unique) name open; undefined where the system does not let us see. */
export function hasOpen(pid: number, name: string): boolean | undefined {
  if (process.platform !== 'linux') return undefined
  const folder = `/proc/${pid}/fd`
  let numbers: string[]
  try {
    numbers = readdirSync(folder)
  } catch {
    return undefined // somebody else's
  }
  return numbers.some((number) => path.basename(linkOf(`${folder}/${number}`)).startsWith(name))
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file)
  } catch {
    return '' // closed meanwhile
  }
}

/** Pids of processes, other than this one, whose environment has the assignment `NAME=value`. */
export function withVariable(assignment: string): number[] {
  if (process.platform !== 'linux') {
    const { stdout } = spawnSync('ps', ['eww', '-A', '-o', 'pid=,command='], { encoding: 'utf8', maxBuffer: 1e8 })
    const lines = (stdout ?? '').split('\n').filter((line) => line.split(' ').includes(assignment))
    return others(lines.map((line) => Number.parseInt(line, 10)))
  }
  const pids = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []))
  return others(pids.filter((pid) => environmentOf(pid).split('\0').includes(assignment)))
}

function others(pids: readonly number[]): number[] {
  return pids.filter((pid) => pid > 1 && pid !== process.pid)
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1')
  } catch {
    return ''
  }
}
