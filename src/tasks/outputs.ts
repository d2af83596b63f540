// Files that a task is to make (`output` of a task graph's node): without them it is not complete, whoever says so.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { OompaError, STATUS } from '../errors.js'
import type { Task } from '../words.js'

/** Paths below the root that must exist when a task is complete. Pure. */
export function outputsOf({ extra }: Task): string[] {
  const { output } = extra
  return (Array.isArray(output) ? output : [output]).flatMap((one) => (typeof one === 'string' && one ? [one] : []))
}

/** What an output is not allowed to be. */
export type OutputFault = 'not there' | 'empty'

/** What is wrong with an output on the disk. A file with nothing but white space in it is a promise and no output. */
export function outputFault(full: string): OutputFault | undefined {
  const facts = statSync(full, { throwIfNoEntry: false })
  if (!facts) return 'not there'
  const isEmpty = facts.isDirectory()
    ? readdirSync(full).length === 0
    : facts.isFile() && isTrivial(facts.size, () => readFileSync(full))
  return isEmpty ? 'empty' : undefined
}

/** A file of white space alone is a small one. */
const MOST_SPACE = 4096

/** @param read asked only for a small file */
export function isTrivial(bytes: number, read: () => Uint8Array | string): boolean {
  return bytes === 0 || (bytes <= MOST_SPACE && read().toString().trim() === '')
}

/** What is said of an output that is not there, or has nothing in it. */
export function outputMissing(task: Task, file: string, fault: OutputFault = 'not there'): OompaError {
  return new OompaError({
    code: 'output-missing',
    message: `Task \`${task.id}\` is to make ${file}, and it is ${fault}.`,
    mend: `oompa tasks complete ${task.id} --force`,
    status: STATUS.refused,
  })
}
