// A folder's files as what guesses about it sees: on disk, or made up by a test.

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** How the files of a repository are seen; `undefined` for one that is not there. Paths are below the root. */
export interface Files {
  read(name: string): string | undefined
  /** Names in a folder; empty if it is not there. */
  list(folder: string): readonly string[]
}

/** The files below a folder on disk; what cannot be read is not there. */
export function filesIn(root: string): Files {
  return {
    read(name) {
      try {
        return readFileSync(path.join(root, name), 'utf8')
      } catch {
        return undefined
      }
    },
    list(folder) {
      try {
        return readdirSync(path.join(root, folder))
      } catch {
        return []
      }
    },
  }
}
