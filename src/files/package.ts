// Where our own package is, and which version.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder of our package.json, absolute. */
export const packageFolder = fileURLToPath(new URL('../..', import.meta.url))

/** The version in our package.json. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return version
}
