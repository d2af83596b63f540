// Which repository's tasks a store opens that was made without being told, as `taskFolder()` in a hook is.

import path from 'node:path'

let known: string | undefined

/** Runs `work`, during which a store that is opened without a root is that repository's. */
export async function withStoresOf<T>(root: string, work: () => Promise<T>): Promise<T> {
  const before = known
  known = root
  try {
    return await work()
  } finally {
    known = before
  }
}

/** The main checkout of a store: what it was told, the repository whose hook it is, `OOMPA_ROOT`, or where we are. */
export function rootOf(told: string | undefined): string {
  return path.resolve(told ?? known ?? process.env.OOMPA_ROOT ?? process.cwd())
}
