// Repositories inside a worktree: each submodule has a store of its own below the worktree's git directory, and goes
// with it. Commits that were made there are brought to the store of the main checkout, or the worktree stays.

import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { kindOf } from '../files/kind.js'
import { gitFolders } from '../git/folders.js'
import { gitlinksOf } from '../git/gitlinks.js'
import { git, gitText } from '../git/run-git.js'

export interface Brought {
  /** A sentence for each store that commits were brought to. */
  readonly said: readonly string[]
  /** Why the worktree has to stay, if it has. */
  readonly why?: string
}

/**
 * Sees to it that no commit of a repository inside a worktree goes with the worktree.
 * @param root the main checkout
 * @param checkout the worktree
 */
export async function bringCommits(root: string, checkout: string): Promise<Brought> {
  const { own, common } = gitFolders(checkout)
  for (const link of await gitlinksOf(checkout)) {
    const dotGit = path.join(checkout, link, '.git')
    if (kindOf(dotGit) !== undefined && kindOf(dotGit) !== 'file')
      return stays(link, 'a .git of its own: it is a repository inside this one')
  }
  const said: string[] = []
  for (const name of storesIn(path.join(own, 'modules'))) {
    const from = path.join(own, 'modules', name)
    const tips = await ownTips(from)
    if (tips.length === 0) continue
    const to = path.join(common, 'modules', name)
    if (!isStore(to)) return { ...stays(name, 'commits that no other store has'), said }
    const ref = await bring(from, to, tips, path.basename(checkout))
    if (ref === undefined) return { ...stays(name, 'commits that could not be copied'), said }
    said.push(
      `Commits of the submodule ${name} are in ${path.relative(root, to)} now, at ${ref}: push them, so that others have them.`,
    )
  }
  return { said }
}

function stays(name: string, what: string): Brought & { why: string } {
  return { said: [], why: `${name} in it has ${what}` }
}

/** Stores of submodules below a folder, and of the submodules in these, by their paths below it. */
function storesIn(folder: string, below = ''): string[] {
  const here = path.join(folder, below)
  if (kindOf(here) !== 'folder') return []
  return readdirSync(here).flatMap((name) => {
    const inside = path.join(below, name)
    if (!isStore(path.join(folder, inside))) return storesIn(folder, inside)
    return [inside, ...storesIn(folder, path.join(inside, 'modules'))]
  })
}

function isStore(folder: string): boolean {
  return kindOf(folder) === 'folder' && ['HEAD', 'objects', 'refs'].every((name) => existsSync(path.join(folder, name)))
}

/** Its configuration names files that may be gone, and where what is missing is fetched from, which an agent wrote. */
function inStore(store: string): Record<string, string> {
  return { GIT_DIR: store, GIT_WORK_TREE: store, GIT_ALLOW_PROTOCOL: 'none', GIT_NO_LAZY_FETCH: '1' }
}

/** Commits that a store's HEAD and refs lead to and no remote of it had, as far as it knows. */
async function ownTips(store: string): Promise<string[]> {
  const env = inStore(store)
  const refs = await git(store, ['for-each-ref', '--format=%(objectname) %(refname)'], { env })
  const head = await git(store, ['rev-parse', '--verify', '--quiet', 'HEAD'], { env })
  const [remote, local] = [new Set<string>(), new Set([head.stdout.trim()].filter(Boolean))]
  for (const line of refs.stdout.split('\n').filter(Boolean)) {
    const [oid = '', name = ''] = line.split(' ')
    if (name.startsWith('refs/remotes/')) remote.add(oid)
    else local.add(oid)
  }
  if (local.size === 0) return []
  const args = ['rev-list', '--max-count=1', '--ignore-missing']
  const tips: string[] = []
  for (const tip of local) {
    const over = await git(store, [...args, tip, '--not', ...remote], { env })
    // One that cannot be read is never taken for one that others have.
    if (over.status !== 0 || over.stdout.trim() !== '') tips.push(tip)
  }
  return tips
}

/**
 * Copies commits with all that they need. The objects are read by the git of the store that gets them: what the other
 * store's configuration says was written by an agent.
 * @returns the ref that names the last of them; undefined if they are not all there afterwards
 */
async function bring(from: string, to: string, tips: readonly string[], name: string): Promise<string | undefined> {
  const env = inStore(to)
  const known = (await gitText(to, ['for-each-ref', '--format=%(objectname)'], { env })).split('\n').filter(Boolean)
  const has = async () => {
    const whole = await git(to, ['rev-list', '--objects', '--quiet', ...tips, '--not', ...known], { env })
    return whole.status === 0
  }
  if (!(await has())) {
    const input = [...tips, '--not', ...known, ''].join('\n')
    const reading = { ...env, GIT_ALTERNATE_OBJECT_DIRECTORIES: path.join(from, 'objects') }
    const args = ['pack-objects', '--revs', '--quiet', path.join(to, 'objects/pack/pack')]
    await git(to, args, { env: reading, input })
    if (!(await has())) return undefined
  }
  let ref = ''
  for (const tip of tips) {
    ref = `refs/oompa/kept/${name.replace(/^\.+/, '')}/${tip.slice(0, 12)}`
    const kept = await git(to, ['update-ref', '-m', 'oompa: keep work of a submodule', ref, tip], { env })
    if (kept.status !== 0) return undefined
  }
  return ref
}
