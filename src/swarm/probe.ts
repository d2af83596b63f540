// Finds out at the start whether the agents can work at all (cli.md, settled question 24), before a night is lost.

import type { AgentSpec } from '../agents/contract.js'
import { type ProbeContext, probeLogin, probePrompt, probeVersion } from '../agents/probe.js'
import { formatAgentSpec } from '../agents/spec.js'
import { messageOf, OompaError, STATUS } from '../errors.js'
import type { Swarm } from './contract.js'
import { environmentOf } from './environment.js'

/**
 * Asks each distinct agent for its version and login, and from level 2 on for one word. At level 1 the agents start
 * meanwhile, as those of the bash loop do, and an agent that cannot work stops them.
 * @throws OompaError `agent-cannot-work` from level 2 on
 */
export async function probeAgents(swarm: Swarm): Promise<void> {
  const { settings, level, workers, stopping, emit } = swarm
  if (!settings.probe) return
  const reviewers = level > 1 ? settings.reviewers.map((reviewer) => reviewer.agent) : []
  const specs = new Map([...workers.map((worker) => worker.agent), ...reviewers].map((spec) => [formatAgentSpec(spec), spec]))
  const probing = Promise.all([...specs.values()].map((spec) => probe(swarm, spec)))
  if (level > 1) {
    await probing
    return
  }
  probing.catch((error: unknown) => {
    emit({ type: 'note', level: 'warning', text: messageOf(error) })
    stopping.now(messageOf(error), STATUS.failed)
  })
}

async function probe(swarm: Swarm, spec: AgentSpec): Promise<void> {
  const { settings, level, repository, stopping } = swarm
  const agent = swarm.findAgent(spec)
  const name = formatAgentSpec(spec)
  const context: ProbeContext = { root: repository.root, env: environmentOf(settings, {}), signal: stopping.agents }
  for (const answer of [await probeVersion(agent, spec, context), await probeLogin(agent, spec, context)]) {
    if (answer.works === false) throw cannotWork(name, answer.detail, answer.mend)
  }
  // A program of the person's own may do anything with a prompt: it is only asked whether it is there.
  if (level === 1 || spec.harness === 'command' || settings.budgetUsd === 0) return
  swarm.emit({ type: 'agent.started', agent: name, attempt: 1, role: 'probe' })
  const { result, failure, mend, durationMs } = await probePrompt(agent, spec, context)
  swarm.emit({
    type: 'agent.ended',
    agent: name,
    role: 'probe',
    attempt: 1,
    status: failure ? 1 : 0,
    durationMs,
    usage: result.usage,
    costUsd: swarm.budget.spend(spec, result),
    failure: failure?.message,
  })
  if (failure?.kind === 'login' || failure?.kind === 'model') throw cannotWork(name, failure.message, mend ?? agent.check.loginHelp)
  if (failure?.kind === 'limit') swarm.harnesses.limited(spec, failure)
}

function cannotWork(name: string, why: string, mend: string): OompaError {
  return new OompaError({ code: 'agent-cannot-work', message: `${name} cannot work: ${why}`, mend })
}
