// Whether each agent's CLI is there, in which version, and logged in: by its free commands, no prompt is sent.

import type { Agent, AgentSpec } from '../../agents/contract.js'
import { agentOf, agentsWith } from '../../agents/index.js'
import { probeLogin, probePlace, probeVersion } from '../../agents/probe.js'
import { formatAgentSpec, parseAgentSpec } from '../../agents/spec.js'
import type { Settings } from '../../config/contract.js'
import type { Level } from '../../config/level.js'
import { ceilings } from '../../git/ceilings.js'
import { headCommit } from '../../git/repository.js'
import { environmentOf } from '../../swarm/iteration-environment.js'
import { openProbeWorktree } from '../../swarm/probe-place.js'
import { worktreePool } from '../../worktrees/pool.js'
import { openScratch } from '../../worktrees/scratch.js'
import { type Finding, failed } from './contract.js'

/** What a run would do with agents. */
export interface AgentPlan {
  readonly settings: Settings
  readonly level: Level
  /** Agents of `hooks/agent.*`. */
  readonly added: readonly Agent[]
  /** Agents that `hooks/review.*` asks. */
  readonly reviewers: readonly string[]
}

export async function agentFindings(root: string, plan: AgentPlan): Promise<Finding[]> {
  const { settings, level } = plan
  const known = agentsWith(plan.added)
  const { authors, reviewers } = distinctAgents(plan)
  const inWorktrees = level > 1 && !settings.here
  const [author, reviewer] = await Promise.all([
    inWorktrees && startsAny(authors, known) ? authorFolder(root) : undefined,
    inWorktrees && startsAny(reviewers, known) ? reviewerFolder(root) : undefined,
  ])
  const findingsOf = (specs: ReadonlyMap<string, AgentSpec>, cwd = root) =>
    [...specs].map(([name, spec]) => agentFinding({ root, cwd, settings, name, spec, known }))
  try {
    return await Promise.all([...findingsOf(authors, author?.path), ...findingsOf(reviewers, reviewer?.path)])
  } finally {
    await Promise.all([author?.close(), reviewer?.close()])
  }
}

/** One for each harness, and for each program of `command`: models share a CLI and its login. */
function distinctAgents({ settings, level, reviewers: asked }: AgentPlan) {
  const planner = level > 1 && settings.planner ? [settings.planner.agent] : []
  const authors = byHarness([...settings.workers.map((worker) => worker.agent), ...planner])
  const configured = [...settings.workers.flatMap((worker) => worker.reviewers ?? []), ...settings.reviewers]
  const reading = [...configured.map((one) => one.agent), ...asked.map((agent) => parseAgentSpec(agent))]
  const reviewers = byHarness(level > 1 ? reading : [])
  for (const name of authors.keys()) reviewers.delete(name)
  return { authors, reviewers }
}

function byHarness(specs: readonly AgentSpec[]): Map<string, AgentSpec> {
  return new Map(specs.map((spec) => [spec.harness === 'command' ? formatAgentSpec(spec) : spec.harness, spec]))
}

/** Whether one of them is started to be asked its version; a program of the person's own is only looked for. */
function startsAny(specs: ReadonlyMap<string, AgentSpec>, known: ReadonlyMap<string, Agent>): boolean {
  return [...specs.values()].some((spec) => (known.get(spec.harness)?.check.version(spec).args.length ?? 0) > 0)
}

interface Folder {
  readonly path: string
  close(): Promise<unknown>
}

/** A worktree as an iteration has it, for the time of the check. */
async function authorFolder(root: string): Promise<Folder | undefined> {
  const base = await headCommit(root)
  if (!base) return undefined
  const pool = worktreePool({ root })
  const opened = await openProbeWorktree(pool, root, { name: '.w0-i0', branch: 'oompa/w0-i0', base })
  return opened && { path: opened.worktree.path, close: opened.close }
}

async function reviewerFolder(root: string): Promise<Folder | undefined> {
  const base = await headCommit(root)
  const scratch = base ? await openScratch(root, base, 'check').catch(() => undefined) : undefined
  return scratch && { path: scratch.path, close: scratch.remove }
}

interface Asked {
  readonly root: string
  readonly cwd: string
  readonly settings: Settings
  readonly name: string
  readonly spec: AgentSpec
  readonly known: ReadonlyMap<string, Agent>
}

async function agentFinding({ root, cwd, settings, name, spec, known }: Asked): Promise<Finding> {
  try {
    const agent = agentOf(spec, known)
    const { permissions } = settings
    const context = { root, cwd, permissions, env: environmentOf(settings, ceilings(root, cwd)) }
    const version = await probeVersion(agent, spec, context)
    if (version.works === false) return { check: name, ok: false, text: version.detail, mend: version.mend }
    const refused = probePlace(agent, context)
    if (refused) return { check: name, ok: false, text: `${version.detail}; it ${refused.text}`, mend: refused.mend }
    const login = await probeLogin(agent, spec, context)
    if (login.works === false)
      return { check: name, ok: false, text: `${version.detail}; ${login.detail}`, mend: login.mend }
    const text = login.works === true ? `${version.detail}, ${login.detail}` : version.detail
    const account = agent.check.account?.(context.env)
    if (account) return { check: name, ok: true, text: `${text}. ${account.text}`, mend: account.mend }
    return { check: name, ok: true, text }
  } catch (error) {
    return failed(name, error)
  }
}
