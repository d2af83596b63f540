// A loop in a named worktree (docs/contract.md, 38): every iteration works in the same folder, on the same branch, and
// sees what the last one left, committed or not. What it makes lands as everything else does; its branch follows.

import path from 'node:path'
import { replaceOwn } from '../files/own.js'
import { isAncestor, mergeBase } from '../git/ancestry.js'
import { branchOf, gitFolders } from '../git/folders.js'
import { operationIn } from '../git/operations.js'
import { requireOurs } from '../git/ours.js'
import { readStatus } from '../git/read-status.js'
import { git, gitText } from '../git/run-git.js'
import { isWithdrawn, landedCommits } from '../merge/bypass.js'
import { ontoRewritten } from '../merge/rewritten.js'
import { keepCommit, keptRef } from '../recovery/keep.js'
import type { Worktree } from '../words.js'
import { mustBeOnBranch, type NamedLoop } from '../worktrees/named.js'
import type { Iteration } from './contract.js'

/** Opens it as it stands, with the newest of the target where that loses nothing. */
export async function openNamed(iteration: Iteration, named: NamedLoop): Promise<Worktree> {
  const { swarm } = iteration.lane
  requireOurs(named.path)
  mustBeOnBranch(named)
  const target = swarm.into && (await swarm.commitOf(`refs/heads/${swarm.into}`))
  if (target) await takeInTarget(iteration, named, target)
  const tip = await swarm.commitOf(`refs/heads/${named.branch}`)
  const base = tip ?? ''
  // As it was then: another loop may take a landing out of it in this moment.
  if (target) iteration.onto = await mergeBase(swarm.repository.root, base, target)
  return { name: named.name, path: named.path, branch: named.branch, base }
}

/** What conflicts with it, or lies in its way, stays as it is: its landing shows it to its author. */
async function takeInTarget(iteration: Iteration, named: NamedLoop, target: string): Promise<void> {
  const { swarm } = iteration.lane
  const { root } = swarm.repository
  const { commit, entries } = await readStatus(named.path)
  if (!commit || operationIn(gitFolders(named.path).own)) return
  if (await isAncestor(root, target, commit)) return
  if ((await isAncestor(root, commit, target)) || (await isWithdrawn(root, commit))) {
    await moveBranch(iteration, named, target)
    return
  }
  // A landing that is gone from the target stays gone. What a person has moved from there to this branch stays theirs.
  const landed = new Set(landedCommits(root))
  const since = (await gitText(root, ['rev-list', commit, `^${target}`])).split('\n')
  const base = since.find((one) => landed.has(one))
  if (base === commit) {
    await moveBranch(iteration, named, target)
    return
  }
  if (base !== undefined && (await ontoRewritten(root, named, { into: swarm.into!, commit, base }))) return
  if (entries.some(({ kind }) => kind !== 'untracked')) return
  const message = `Merge ${swarm.into} into ${named.branch}`
  const merged = await git(named.path, ['merge', '--no-ff', '--no-edit', '-m', message, target])
  if (merged.status !== 0) await git(named.path, ['merge', '--abort'])
}

/** Moves the branch with its folder; uncommitted edits stay, or it stays where it is. */
async function moveBranch({ lane, number }: Iteration, named: NamedLoop, to: string): Promise<boolean> {
  const { status, stderr } = await git(named.path, ['reset', '--keep', '--quiet', to])
  if (status === 0) return true
  const text = `${named.branch} stays where it is: ${stderr.trim().split('\n')[0]}`
  lane.swarm.emit({ type: 'note', level: 'warning', worker: lane.name, iteration: number, text })
  return false
}

/**
 * Brings the branch up to date after a landing. What was given up because somebody else had its task is kept, and is not
 * to come with the next change; everything else stays for the next iteration.
 */
export async function closeNamed(iteration: Iteration, named: NamedLoop): Promise<void> {
  const { lane, commit, outcome } = iteration
  const { swarm } = lane
  const { root } = swarm.repository
  if (!commit || (outcome !== 'landed' && !iteration.givenUp)) return
  const tip = await swarm.commitOf(`refs/heads/${named.branch}`)
  const target = swarm.into && (await swarm.commitOf(`refs/heads/${swarm.into}`))
  // What was committed after it has not landed, and is the next iteration's to go on with.
  if (!target || tip !== commit || branchOf(named.path) !== named.branch) return
  if (iteration.givenUp) {
    iteration.kept = await keepCommit(root, keptRef(swarm.id, iteration.worker, iteration.number), commit)
    const facts = { worker: iteration.worker, iteration: iteration.number, ref: iteration.kept, base: iteration.onto }
    swarm.emit({ type: 'work.kept', ...facts, reason: iteration.reason ?? 'somebody else had its task' })
  }
  await moveBranch(iteration, named, target)
}

/** How often a loop says that it lives, milliseconds: as a swarm does. */
const BEAT_MS = 30_000

/**
 * A sign of life where the seed has one: `.ralph/heartbeat` in the worktree, which git is told to ignore there.
 * @returns what ends it
 */
export function beatIn(folder: string): () => void {
  const beat = () => {
    try {
      const own = path.join(folder, '.ralph')
      replaceOwn(folder, path.join(own, '.gitignore'), '*\n')
      replaceOwn(folder, path.join(own, 'heartbeat'), `${new Date().toISOString()}\n`)
    } catch {
      // A worktree that was removed, a full disk: the swarm has a heartbeat of its own.
    }
  }
  beat()
  const timer = setInterval(beat, BEAT_MS)
  timer.unref()
  return () => clearInterval(timer)
}
