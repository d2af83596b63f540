// What must be true after every night, whatever went wrong in it: each function gives a sentence for all that is not.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { processesOf } from './scene.js'
import { note, personsFiles, type World } from './world.js'

/** Every broken invariant, in words. */
export function brokenInvariants(world: World): string[] {
  return [tasksStandOnce, workIsOnTarget, targetIsGreen, nothingIsLost, nothingIsLeft, personIsUntouched].flatMap(
    (check) => check(world),
  )
}

const STATES = ['pending', 'current', 'complete'] as const

/** Where each task stands: every state that has a file of it. */
export function placesOf(world: World): Map<string, string[]> {
  const { root } = world.repository
  return new Map(
    world.plan.tasks.map(({ id }) => [
      id,
      STATES.filter((state) => existsSync(path.join(root, 'tasks', state, `${id}.json`))),
    ]),
  )
}

/** Each task is complete, once: the runs after the faults had nothing in their way. */
function tasksStandOnce(world: World): string[] {
  const broken: string[] = []
  for (const [id, places] of placesOf(world)) {
    if (places.join() !== 'complete')
      broken.push(`task ${id} is in ${places.join(' and ') || 'no folder'}, and not complete`)
  }
  return broken
}

/** What a completed task stands for is on the target, and so is its status where tasks are tracked. */
function workIsOnTarget(world: World): string[] {
  const broken: string[] = []
  for (const [id, places] of placesOf(world)) {
    if (!places.includes('complete')) continue
    const work = show(world, `main:work/${id}.txt`)
    if (!work?.includes(`token-${id}-`)) broken.push(`task ${id} is complete, and main has no work of it`)
    const file = JSON.parse(readFileSync(path.join(world.repository.root, 'tasks/complete', `${id}.json`), 'utf8'))
    const merged: unknown = file.merged_commit ?? file['merged-commit'] ?? file.mergedCommit
    if (typeof merged === 'string' && git(world, ['merge-base', '--is-ancestor', merged, 'main']).status !== 0)
      broken.push(`task ${id} names the commit ${merged}, which main does not have`)
    if (!world.plan.tracked) continue
    if (show(world, `main:tasks/complete/${id}.json`) === undefined)
      broken.push(`task ${id} is complete in the checkout and not on main`)
    if (show(world, `main:tasks/pending/${id}.json`) !== undefined) broken.push(`task ${id} is pending on main`)
  }
  return broken
}

/**
 * Every value that the target had since the start passes the test. Under a rebase the first-parent commits are not all
 * values that it had: those are in its reflog.
 */
function targetIsGreen(world: World): string[] {
  const list = ['rev-list', '--first-parent', `${world.start}..main`]
  const values = world.plan.strategy === 'rebase' ? ['reflog', 'show', '--format=%H', 'main'] : list
  const commits = [...new Set(git(world, values).stdout.split('\n').filter(Boolean))]
  return commits.flatMap((commit) => {
    const bad = git(world, ['grep', '-q', 'BAD', commit, '--', 'work']).status === 0
    const markers = git(world, ['grep', '-qE', '^(<<<<<<<|>>>>>>>)', commit, '--', 'shared.txt']).status === 0
    return bad || markers
      ? [`${commit.slice(0, 10)} on main does not pass the test (${bad ? 'BAD work' : 'conflict markers'})`]
      : []
  })
}

/** Everything that an agent wrote is in a commit that a ref reaches, or in a worktree that is still there. */
function nothingIsLost(world: World): string[] {
  const reachable = textOfAllRefs(world)
  const onDisk = readdirSync(world.repository.root)
    .filter((name) => /^\.w\d+-i\d+$/.test(name))
    .map((name) => folderText(path.join(world.repository.root, name, 'work')))
    .join('\n')
  const wanted = world.forgiven.has('uncommitted') ? note(world, 'committed') : note(world, 'written')
  const lost = [...new Set(wanted)].filter((token) => !reachable.includes(token) && !onDisk.includes(token))
  return lost.map((token) => `${token} was written by an agent, and is nowhere`)
}

function textOfAllRefs(world: World): string {
  const names = git(world, ['for-each-ref', '--format=%(objectname)']).stdout.split('\n').filter(Boolean)
  const whole = names.filter((name) => !isPruned(world, name))
  const objects = git(world, ['rev-list', '--objects', '--stdin'], `${whole.join('\n')}\n`).stdout
  const blobs = objects
    .split('\n')
    .filter((line) => / work\//.test(line))
    .map((line) => line.split(' ')[0])
  return git(world, ['cat-file', '--batch'], `${blobs.join('\n')}\n`).stdout
}

/**
 * Whether a commit was removed while it was made: `git gc --prune=now` beside somebody who commits does that, as its
 * manual says, and no one else can help it. The files are still in the worktree then.
 */
function isPruned(world: World, name: string): boolean {
  return world.forgiven.has('pruned') && git(world, ['rev-list', '--objects', '--quiet', name]).status !== 0
}

/**
 * A line of `git fsck` about an iteration's own branch or HEAD (git calls `.w1-i1` `-w1-i1`), whose commit was removed in
 * that way.
 */
function isOfPruned(world: World, line: string): boolean {
  if (!/ (refs\/heads\/oompa\/w\d+-i\d+|worktrees\/-?w\d+-i\d+\/HEAD): invalid /.test(line)) return false
  const [name] = /[0-9a-f]{40}$/.exec(line) ?? []
  return name !== undefined && isPruned(world, name)
}

function folderText(folder: string): string {
  if (!existsSync(folder)) return ''
  return readdirSync(folder)
    .map((name) => readFileSync(path.join(folder, name), 'utf8'))
    .join('\n')
}

/** No process, no lock, no half-made thing of ours. */
function nothingIsLeft(world: World): string[] {
  const { root } = world.repository
  const broken = processesOf(world).map(({ line }) => `a process is left: ${line.join(' ').slice(0, 120)}`)
  const common = path.join(root, '.git')
  const files = readdirSync(common, { recursive: true, encoding: 'utf8' })
  for (const name of files) {
    if (name.endsWith('.lock')) broken.push(`.git/${name} is left`)
  }
  for (const name of files.filter((one) => /^worktrees\/[^/]+$/.test(one))) {
    const gitdir = path.join(common, name, 'gitdir')
    const checkout = existsSync(gitdir) ? path.dirname(readFileSync(gitdir, 'utf8').trim()) : undefined
    if (!checkout || !existsSync(checkout)) broken.push(`.git/${name} is registered and has no folder`)
  }
  const fsck = git(world, ['fsck', '--connectivity-only', '--no-dangling', '--no-progress'])
  const wrong = fsck.stderr.split('\n').filter((line) => line !== '' && !isOfPruned(world, line))
  if (fsck.status !== 0 && wrong.length > 0) broken.push(`git fsck: ${wrong.join('; ')}`)
  const remote =
    world.remote && spawnSync('git', ['rev-parse', 'main'], { cwd: world.remote, encoding: 'utf8' }).stdout.trim()
  if (remote && git(world, ['merge-base', '--is-ancestor', remote, 'main']).status !== 0)
    broken.push('the remote’s main and ours have parted')
  return broken
}

/** The checkout, the index, the stash and what is not committed are as the person left them. */
function personIsUntouched(world: World): string[] {
  const { root } = world.repository
  const broken: string[] = []
  for (const [file, text] of Object.entries(personsFiles)) {
    const now = existsSync(path.join(root, file)) ? readFileSync(path.join(root, file), 'utf8') : 'gone'
    if (now !== text) broken.push(`the person's ${file} is ${JSON.stringify(now)}`)
  }
  const head = git(world, ['symbolic-ref', 'HEAD']).stdout.trim()
  if (head !== 'refs/heads/main') broken.push(`the checkout is on ${head || 'no branch'}`)
  const status = git(world, ['status', '--porcelain']).stdout.split('\n').filter(Boolean)
  const strange = status.filter((line) => line !== ' M mine.txt' && line !== '?? untracked.txt')
  if (strange.length > 0) broken.push(`git status in the checkout says: ${strange.join(', ')}`)
  const stashes = git(world, ['stash', 'list', '--format=%s']).stdout.trim()
  if (stashes !== "On main: the person's") broken.push(`the stash is ${JSON.stringify(stashes)}`)
  return broken
}

function show(world: World, name: string): string | undefined {
  const { status, stdout } = git(world, ['cat-file', '-p', name])
  return status === 0 ? stdout : undefined
}

function git(
  world: World,
  args: readonly string[],
  input?: string,
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('git', [...args], {
    cwd: world.repository.root,
    env: world.env,
    encoding: 'utf8',
    input,
    maxBuffer: 1e9,
  })
}
