// A recorded run of a real CLI: what it was, and all that it printed.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Turn } from '../../src/agents/contract.js'

export interface Cassette {
  /** What its version command said. */
  readonly version: string
  readonly turn: Turn
  readonly status: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

const folder = path.resolve(import.meta.dirname, '../cassettes')

export function cassetteNames(harness: string): string[] {
  return readdirSync(path.join(folder, harness)).map((name) => name.replace(/\.json$/, ''))
}

export function readCassette(harness: string, name: string): Cassette {
  return JSON.parse(readFileSync(path.join(folder, harness, `${name}.json`), 'utf8')) as Cassette
}

/** Writes a cassette, without what is only true of the machine that it was recorded on. */
export function writeCassette(
  harness: string,
  name: string,
  cassette: Cassette,
  places: readonly [string, string][],
): void {
  const clean = (text: string) => places.reduce((result, [from, to]) => result.replaceAll(from, to), text)
  const file = path.join(folder, harness, `${name}.json`)
  mkdirSync(path.dirname(file), { recursive: true })
  const cleaned = { ...cassette, stdout: clean(cassette.stdout), stderr: clean(cassette.stderr) }
  writeFileSync(file, `${JSON.stringify(cleaned, null, 1)}\n`)
}
