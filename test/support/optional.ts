// What a test may need and a machine may lack. One rule: it is skipped, with a line that says so, unless `OOMPA_REQUIRE=1`
// (as continuous integration sets it), where it runs, and fails for want of it.

import { it } from 'vitest'
import { findExecutable } from '../../src/processes/executable.js'

const required = process.env.OOMPA_REQUIRE === '1'
const said = new Set<string>()

/** Whether a test that needs `program` should run; says once for each file if not. */
function canTry(program: string): boolean {
  if (required || findExecutable(program, process.env, process.cwd())) return true
  if (!said.has(program)) console.log(`skipped: tests with ${program}, which is not on the PATH`)
  said.add(program)
  return false
}

/** `it`, or `it.skip` where one of these programs is missing. */
export function itWith(...programs: readonly string[]) {
  return programs.map(canTry).every(Boolean) ? it : it.skip
}
