// What stands where git would have to keep a ref of ours: a name is a branch or a folder of branches, never both.

import { type OompaError, usageError } from '../errors.js'

const NAMES = [
  {
    ref: 'refs/heads/oompa',
    is: 'a branch `oompa`, and git cannot keep the branches of workers, `oompa/w1-i1` and on, beside it',
    mend: 'git branch -m oompa ANOTHER-NAME',
  },
  ...['refs/oompa', 'refs/oompa/kept'].map((ref) => ({
    ref,
    is: `a ref \`${ref}\`, and git cannot keep refs/oompa/kept/…, where work that did not land stays, beside it`,
    mend: `git update-ref refs/before-oompa ${ref} && git update-ref -d ${ref}`,
  })),
] as const

/**
 * The error for a ref of the person's beside which no worktree can be made; undefined if there is none.
 * @param commitOf gives the commit of a ref, or undefined
 */
export async function refInTheWay(
  commitOf: (ref: string) => Promise<string | undefined>,
): Promise<OompaError | undefined> {
  for (const { ref, is, mend } of NAMES) {
    if (await commitOf(ref)) return usageError(`There is ${is}.`, mend, 'ref-in-the-way')
  }
  return undefined
}
