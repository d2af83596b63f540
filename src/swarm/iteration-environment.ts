// The `OOMPA_*` variables that every hook and agent gets (docs/contract.md), and the environment they are added to.

import path from 'node:path'
import { agentEnvironment } from '../agents/agent-environment.js'
import type { Settings } from '../config/contract.js'
import { pathWithOompa } from '../processes/program-path.js'
import type { Iteration } from './contract.js'

/** Absolute path of an iteration's worktree, also before it is opened. */
export function worktreePath({ lane, name, worktree }: Iteration): string {
  return worktree?.path ?? lane.swarm.named?.path ?? path.join(lane.swarm.repository.root, name)
}

/** The variables of an iteration. */
export function oompaVariables(iteration: Iteration): Record<string, string> {
  const { lane, worktree } = iteration
  const { swarm } = lane
  const task = iteration.claims[0]?.task.id
  return {
    OOMPA_ROOT: swarm.repository.root,
    OOMPA_WORKTREE: worktreePath(iteration),
    OOMPA_BRANCH: worktree?.branch ?? iteration.branch,
    OOMPA_SWARM: swarm.id,
    OOMPA_WORKER: lane.name,
    OOMPA_ITERATION: String(iteration.number),
    OOMPA_TASKS: swarm.tasks,
    OOMPA_PORT_BASE: String(lane.portBase),
    ...(task ? { OOMPA_TASK: task } : {}),
    // From level 2 on a task is completed by what lands, and `oompa tasks complete` only says that it is ready.
    OOMPA_LEVEL: String(swarm.level),
    // `oompa tasks add` refuses an executor (docs/contract.md).
    ...(lane.settings.canPlan ? {} : { OOMPA_CAN_PLAN: '0' }),
  }
}

/** Variables by which a nested `oompa` would take our settings for the person's. */
const OURS = ['OOMPA_AGENT', 'OOMPA_DETACHED', 'OOMPA_PACKAGE']

/** The whole environment of an agent, a hook or a test of this iteration. */
export function environmentOf(settings: Settings, variables: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const env = agentEnvironment(process.env, { allow: settings.env, sandbox: settings.sandbox, add: variables })
  for (const name of OURS) delete env[name]
  return { ...env, PATH: pathWithOompa(env.PATH) }
}
