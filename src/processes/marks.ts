// Marks that whatever an agent starts carries with it, so that we find it after its parents are gone.
//
// The environment is one; `env -i` wipes it off, and Gemini's shell tool hides it. So on Linux a second one is put
// where nothing looks: the soft limit of file locks, which kernels since 2.4.25 ignore, and which every child inherits
// through fork, exec, setsid and `env -i`.

import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** The variable that carries the marker. An agent inside an agent carries both, with a space between. */
export const MARKER = 'OOMPA_PROCESS'

let count = 0

/** A marker for one run, which no other run has: `<swarm>:<worker>:<iteration>:<n>`. */
export function uniqueMarker(swarm = randomBytes(4).toString('hex'), worker = '', iteration = 0): string {
  count += 1
  return `${swarm}:${worker}:${iteration}:${process.pid}.${count}`
}

/** The same environment with `marker` added to the marks that it carries already. */
export function withMarker(env: NodeJS.ProcessEnv, marker: string): NodeJS.ProcessEnv {
  return { ...env, [MARKER]: env[MARKER] ? `${env[MARKER]} ${marker}` : marker }
}

/** The limit that stands for a marker: 32 bits for what is before the first colon, 30 for the whole. */
export function limitOf(marker: string): string {
  return String((BigInt(word(swarmOf(marker))) << 30n) | BigInt(word(marker) >>> 2))
}

function swarmOf(marker: string): string {
  return marker.split(':', 1)[0] ?? ''
}

function word(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0)
}

/** Sets the limit, then becomes the program: `-w` is dash's and busybox' letter for it, `-x` bash's. */
const WRAPPER = '{ ulimit -S -w "$1" || ulimit -S -x "$1"; } 2>/dev/null; shift; exec "$@"'

/**
 * argv that starts the same program with the limit set. Pure.
 * A shell drops variables whose names it could not say, such as exported functions; with those, only the environment
 * is marked.
 */
export function withLimit(
  marker: string,
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): { file: string; args: readonly string[] } {
  const sayable = Object.keys(env).every((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
  if (platform !== 'linux' || !sayable) return { file, args }
  return { file: '/bin/sh', args: ['-c', WRAPPER, 'oompa', limitOf(marker), file, ...args] }
}

/** Which processes are meant: those of one run, or of every run of a swarm. */
export interface MarkSearch {
  readonly marker?: string
  readonly swarm?: string
}

/** What a process on Linux carries. That of somebody else cannot be read, and is empty. */
export interface Carried {
  readonly limits: string
  readonly environment: string
}

export function readCarried(pid: number): Carried {
  return { limits: read(`/proc/${pid}/limits`), environment: read(`/proc/${pid}/environ`) }
}

/** Gives a function that says whether the mark is among what a process carries. */
export function markFinder(search: MarkSearch): (carried: Carried) => boolean {
  const matches = limitMatcher(search)
  return ({ limits, environment }) => matches(limits) || environmentMatches(environment, search)
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

/** Gives a function that looks for the mark in `/proc/<pid>/limits`. */
export function limitMatcher({ marker, swarm }: MarkSearch): (limits: string) => boolean {
  const limit = marker === undefined ? undefined : limitOf(marker)
  const prefix = swarm === undefined ? undefined : BigInt(word(swarm))
  return (limits) => {
    const soft = /^Max file locks\s+(\d+)/m.exec(limits)?.[1]
    if (!soft) return false
    return limit === undefined ? BigInt(soft) >> 30n === prefix : soft === limit
  }
}

/** Looks for the mark in NUL-separated variables (`/proc/<pid>/environ`), or spaced ones (`ps eww`). */
export function environmentMatches(environment: string, search: MarkSearch): boolean {
  const at = environment.indexOf(`${MARKER}=`)
  if (at < 0) return false
  const value = environment.slice(at + MARKER.length + 1).split('\0', 1)[0] ?? ''
  return value.split(' ').some((one) => {
    if (search.marker !== undefined) return one === search.marker
    return search.swarm !== undefined && swarmOf(one) === search.swarm && one.includes(':')
  })
}
