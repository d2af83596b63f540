// The ready-made worktree hook: dependencies installed, linked or copied before an agent starts.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { OompaError, usageError } from '../errors.js'
import { copyInto, keepOut, linkInto } from '../worktrees/bring.js'
import { insideRoot, leadsAway } from '../worktrees/places.js'
import type { HookContext, WorktreeSetup } from './contract.js'

export interface SetupOptions {
  /** A shell line, or argv; or a list of these, run in turn. Runs in the worktree. */
  readonly run?: string | readonly (string | readonly [string, ...string[]])[]
  /** Paths below the root that the worktree shares with the main checkout: whoever writes there writes for all. */
  readonly link?: readonly string[]
  /** Paths below the root that the worktree gets a copy of. */
  readonly copy?: readonly string[]
  /** For each command; 10 unless given. */
  readonly minutes?: number
}

const OUTPUT = 4000

/**
 * A worktree hook: copies, then links, then runs.
 * @throws OompaError with status 2 for a path that leaves the repository
 */
export function setup(options: SetupOptions): WorktreeSetup & { timeLimitMs: null } {
  const link = (options.link ?? []).map((one) => insideRoot(one, 'link of setup()'))
  const copy = (options.copy ?? []).map((one) => insideRoot(one, 'copy of setup()'))
  const commands = commandsOf(options.run)
  const minutes = options.minutes ?? 10
  if (!(minutes > 0)) throw usageError(`minutes of setup() is ${minutes}: it must be a number above 0.`)
  const hook: WorktreeSetup = async (worktree, context) => {
    const { root } = context
    // In the main checkout (`--here`) everything is there already.
    if (worktree.path !== root) {
      requireSources(root, [...copy, ...link])
      await copyInto(root, worktree.path, copy)
      await linkInto(root, worktree.path, link)
      // All of them, for a worktree that is used again has them already.
      const there = [...new Set([...copy, ...link])].filter((one) => !leadsAway(worktree.path, one))
      await keepOut(root, worktree.path, there)
    }
    for (const command of commands) await runOne(command, worktree.path, minutes * 60_000, context)
  }
  // Each command has its own limit.
  return Object.assign(hook, { timeLimitMs: null } as const)
}

type Command = string | readonly [string, ...string[]]

function commandsOf(run: SetupOptions['run']): readonly Command[] {
  if (run === undefined) return []
  return typeof run === 'string' ? [run] : run
}

function requireSources(root: string, paths: readonly string[]): void {
  const missing = paths.filter((one) => !existsSync(path.join(root, one)))
  if (missing.length === 0) return
  throw new OompaError({
    code: 'setup-failed',
    message: `hooks/worktree brings ${missing.join(', ')} into each worktree, and ${root} does not have ${missing.length === 1 ? 'it' : 'them'}.`,
    mend: `Make ${missing[0]} in the main checkout, or take it out of hooks/worktree.`,
  })
}

async function runOne(command: Command, cwd: string, timeoutMs: number, context: HookContext): Promise<void> {
  const result = await context.run(command, { cwd, env: { ...context.env }, timeoutMs, signal: context.signal })
  if (result.status === 0 && !result.timedOut) return
  const line = typeof command === 'string' ? command : command.join(' ')
  const ended = result.timedOut
    ? `took longer than ${Math.round(timeoutMs / 60_000)} min`
    : result.signal
      ? `was ended by ${result.signal}`
      : `ended with status ${result.status}`
  throw new OompaError({
    code: 'setup-failed',
    message: `Setting up ${path.basename(cwd)}: \`${line}\` ${ended}:\n${result.output.trim().slice(-OUTPUT) || 'no output'}`,
    mend: `Try it by hand: cd ${path.basename(cwd)} && ${line}`,
  })
}
