// Which remote a branch is kept together with, where nobody says it: people call theirs `upstream`, `github` or `fork`.

import { remembered } from './remembered.js'
import { git } from './run-git.js'

/** Keys and values of a repository's configuration about branches and remotes. */
type Entries = readonly (readonly [key: string, value: string])[]

/**
 * The remote of a branch (without `refs/heads/`): its upstream's, else the repository's only one, or the one that
 * `checkout.defaultRemote` names, else `origin`.
 * @param branch undefined for the repository's remote as such
 */
export async function remoteOf(root: string, branch?: string): Promise<string> {
  return chooseRemote(await remoteEntries(root), branch)
}

const remoteEntries = remembered(async (root: string): Promise<Entries> => {
  const pattern = '^(branch\\..*\\.remote|remote\\..*\\.(url|pushurl)|checkout\\.defaultremote)$'
  const { stdout } = await git(root, ['config', '--null', '--get-regexp', pattern])
  return stdout.split('\0').flatMap((entry) => {
    const end = entry.indexOf('\n')
    return end > 0 ? [[entry.slice(0, end), entry.slice(end + 1)] as const] : []
  })
})

/** Pure. An upstream that is a branch of the same repository (`.`), or an address, is no remote. */
export function chooseRemote(entries: Entries, branch?: string): string {
  const last = (key: string) => entries.findLast(([name]) => name === key)?.[1]
  const remotes = new Set(entries.flatMap(([key]) => /^remote\.(.*)\.(?:url|pushurl)$/s.exec(key)?.[1] ?? []))
  const wanted = [branch === undefined ? undefined : last(`branch.${branch}.remote`), last('checkout.defaultremote')]
  const named = wanted.find((one) => one !== undefined && remotes.has(one))
  if (named !== undefined) return named
  const [only] = remotes
  return remotes.size === 1 && only !== undefined ? only : 'origin'
}
