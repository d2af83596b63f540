// What a test may need and a machine may lack. One rule: it is skipped, with a line that says so, unless `OOMPA_REQUIRE=1`
// (as continuous integration sets it), where it runs, and fails for want of it.

import { describe, it } from 'vitest'
import { findExecutable } from '../../src/processes/find-executable.js'

const required = process.env.OOMPA_REQUIRE === '1'
const said = new Set<string>()

/** Whether a test that needs `program` should run; says once for each file if not. */
function canTry(program: string, isThere = findExecutable(program, process.env, process.cwd()) !== undefined): boolean {
  if (required || isThere) return true
  if (!said.has(program)) console.log(`skipped: tests with ${program}, which is not on this machine`)
  said.add(program)
  return false
}

/** `it`, or `it.skip` where one of these programs is missing. */
export function itWith(...programs: readonly string[]) {
  return programs.map((program) => canTry(program)).every(Boolean) ? it : it.skip
}

/** `describe`, or `describe.skip` where a program is missing that is not looked for on the PATH. */
export function describeWhere(program: string, isThere: boolean) {
  return canTry(program, isThere) ? describe : describe.skip
}
