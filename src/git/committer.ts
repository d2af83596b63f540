// Who commits and signs, as it was when the swarm started: an agent may set another name, or another program that signs,
// for everybody, while a landing is under way.

import { commitAs } from './git-environment.js'
import { git } from './run-git.js'

/** Reads who commits in a checkout; every git that we start from now on commits as them, and signs as they do. */
export async function rememberIdentity(root: string): Promise<void> {
  const pattern = '^(commit\\.gpgsign|user\\.signingkey|gpg\\.(.*\\.)?[a-z]+)$'
  const [author, committer, signing] = await Promise.all([
    git(root, ['var', 'GIT_AUTHOR_IDENT']),
    git(root, ['var', 'GIT_COMMITTER_IDENT']),
    git(root, ['config', '--null', '--get-regexp', pattern]),
  ])
  const keys = signing.stdout.split('\0').flatMap((entry): [string, string][] => {
    const end = entry.indexOf('\n')
    return entry === '' ? [] : [end < 0 ? [entry, 'true'] : [entry.slice(0, end), entry.slice(end + 1)]]
  })
  const signs = keys.some(([key]) => key === 'commit.gpgsign')
  commitAs(
    { ...variables('AUTHOR', author.stdout), ...variables('COMMITTER', committer.stdout) },
    signs ? keys : [...keys, ['commit.gpgSign', 'false']],
  )
}

/** `Name <address> moment`. Who has no identity is told so by git, when something is to be committed. */
function variables(role: 'AUTHOR' | 'COMMITTER', identity: string): Record<string, string> {
  const [, name, email] = /^(.+) <(.*)> \d+ [+-]\d+\n?$/.exec(identity) ?? []
  return name === undefined ? {} : { [`GIT_${role}_NAME`]: name, [`GIT_${role}_EMAIL`]: email! }
}
