// A repository of another user: git does nothing there, and its own words hold the way out.

import { type OompaError, usageError } from '../errors.js'

/** The error for it, if that is what git says (`safe.directory`); undefined for any other words. */
export function unsafeRepository(cwd: string, said: string): OompaError | undefined {
  if (!said.includes('dubious ownership')) return undefined
  const trust = /^\s*(git config --global --add safe\.directory .+)$/m.exec(said)?.[1]
  return usageError(
    `${cwd} is in a repository that belongs to another user, and git does nothing there until you trust it.`,
    trust ?? `git config --global --add safe.directory '${cwd}'`,
    'unsafe-repository',
  )
}
