// Finds out at the start whether the agents can work at all (cli.md, settled question 24), before a night is lost.

import path from 'node:path'
import type { AgentSpec } from '../agents/contract.js'
import { type ProbeContext, probeLogin, probePrompt, probeVersion } from '../agents/probe.js'
import { formatAgentSpec, parseAgentSpec } from '../agents/spec.js'
import { messageOf, OompaError, STATUS } from '../errors.js'
import { findExecutable } from '../processes/executable.js'
import type { Swarm } from './contract.js'
import { environmentOf } from './environment.js'
import { type HarnessParts, WAITS } from './harness.js'

/**
 * Asks each distinct agent for its version and login, and from level 2 on for one word. At level 1 the agents start
 * meanwhile, as those of the bash loop do, and an agent that cannot work stops them.
 * @throws OompaError `agent-cannot-work` from level 2 on
 */
export async function probeAgents(swarm: Swarm): Promise<void> {
  const { settings, level, workers, stopping, emit } = swarm
  const asked = workers.flatMap((worker) => swarm.reviewers(worker.settings)).flatMap((hook) => hook.agents ?? [])
  const reviewers = asked.map((agent) => parseAgentSpec(agent))
  const specs = new Map(
    [...workers.map((worker) => worker.agent), ...reviewers].map((spec) => [formatAgentSpec(spec), spec]),
  )
  for (const [name, spec] of specs) requireProgram(swarm, name, spec)
  if (!settings.probe) return
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
  const version = await probeVersion(agent, spec, context)
  // A CLI that cannot even say its version may still work; one that can is believed when it says it is not logged in.
  if (version.works === false) swarm.emit({ type: 'note', level: 'warning', text: `${name}: ${version.detail}` })
  const login = version.works === true ? await probeLogin(agent, spec, context) : version
  if (version.works === true && login.works === false) throw cannotWork(name, login.detail, login.mend)
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
    costUsd: swarm.budget.spend(spec, { ...result, failure }, 'probe'),
    failure: failure?.message,
  })
  if (failure?.kind === 'login' || failure?.kind === 'model')
    throw cannotWork(name, failure.message, mend ?? agent.check.loginHelp)
  if (failure?.kind === 'limit') swarm.harnesses.limited(spec, failure)
}

/** What is asked while a harness is waited for: its free commands, and how long the person wants it to be waited for. */
export function freeQuestions({
  repository,
  settings,
  stopping,
  findAgent,
}: Pick<Swarm, 'repository' | 'settings' | 'stopping' | 'findAgent'>): Omit<HarnessParts, 'emit'> {
  const { firstMs, maxMs } = settings.backoff
  const first = Math.max(firstMs, 1000)
  return {
    waits: { ...WAITS, login: { ...WAITS.login, firstMs: first, maxMs: Math.max(first, maxMs) } },
    mend: (spec, reason) => {
      const { check } = findAgent(spec)
      return reason === 'login' ? check.loginHelp : check.install
    },
    async ask(spec, reason) {
      const agent = findAgent(spec)
      const context = { root: repository.root, env: environmentOf(settings, {}), signal: stopping.ending }
      const probe = await (reason === 'login' ? probeLogin : probeVersion)(agent, spec, context)
      return probe.works === 'unknown' ? 'unknown' : probe.works ? 'yes' : 'no'
    },
  }
}

/** A program that is not there is found without starting anything, before any worktree is made. */
function requireProgram(swarm: Swarm, name: string, spec: AgentSpec): void {
  const { root } = swarm.repository
  const { check } = swarm.findAgent(spec)
  const { file } = check.version(spec)
  const program = file.includes('/') ? path.resolve(root, file) : file
  if (!findExecutable(program, process.env, root)) {
    throw cannotWork(
      name,
      `there is no executable \`${file}\`${file.includes('/') ? '' : ' on the PATH'}.`,
      check.install,
    )
  }
}

function cannotWork(name: string, why: string, mend: string): OompaError {
  return new OompaError({ code: 'agent-cannot-work', message: `${name} cannot work: ${why}`, mend })
}
