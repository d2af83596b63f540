// Whether each agent's CLI is there, in which version, and logged in: by its free commands, no prompt is sent.

import type { Agent, AgentSpec } from '../../agents/contract.js'
import { agentOf, agentsWith } from '../../agents/index.js'
import { probeLogin, probeVersion } from '../../agents/probe.js'
import { formatAgentSpec } from '../../agents/spec.js'
import type { Settings } from '../../config/contract.js'
import type { Level } from '../../config/level.js'
import { environmentOf } from '../../swarm/environment.js'
import { type Finding, failed } from './contract.js'

export async function agentFindings(
  root: string,
  settings: Settings,
  level: Level,
  added: readonly Agent[],
): Promise<Finding[]> {
  const known = agentsWith(added)
  const specs = distinctAgents(settings, level)
  return Promise.all([...specs].map(([name, spec]) => agentFinding(root, settings, name, spec, known)))
}

/** One for each harness, and for each program of `command`: models share a CLI and its login. */
function distinctAgents(settings: Settings, level: Level): Map<string, AgentSpec> {
  const all = [
    ...settings.workers.flatMap((worker) => [
      worker.agent,
      ...(level > 1 ? (worker.reviewers ?? []).map((one) => one.agent) : []),
    ]),
    ...(level > 1
      ? [...settings.reviewers, ...(settings.planner ? [settings.planner] : [])].map((one) => one.agent)
      : []),
  ]
  return new Map(all.map((spec) => [spec.harness === 'command' ? formatAgentSpec(spec) : spec.harness, spec]))
}

async function agentFinding(
  root: string,
  settings: Settings,
  name: string,
  spec: AgentSpec,
  known: ReadonlyMap<string, Agent>,
): Promise<Finding> {
  try {
    const agent = agentOf(spec, known)
    const context = { root, env: environmentOf(settings, {}) }
    const version = await probeVersion(agent, spec, context)
    if (version.works === false) return { check: name, ok: false, text: version.detail, mend: version.mend }
    const login = await probeLogin(agent, spec, context)
    if (login.works === false)
      return { check: name, ok: false, text: `${version.detail}; ${login.detail}`, mend: login.mend }
    return { check: name, ok: true, text: login.works === true ? `${version.detail}, ${login.detail}` : version.detail }
  } catch (error) {
    return failed(name, error)
  }
}
