// The environment of executables that belong to no iteration: what agents get, plus a few variables.

import { agentEnvironment } from '../agents/agent-environment.js'
import type { Settings } from '../config/contract.js'
import { pathWithOompa } from '../processes/program-path.js'

/** The person's environment without what would mislead, as `settings` narrows it, with `add`. */
export function plainEnvironment(
  add: Readonly<Record<string, string>>,
  settings?: Partial<Pick<Settings, 'env' | 'sandbox'>>,
): Record<string, string> {
  const env = agentEnvironment(process.env, { allow: settings?.env, sandbox: settings?.sandbox ?? false, add })
  return Object.fromEntries(
    Object.entries({ ...env, PATH: pathWithOompa(env.PATH) }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  )
}
