// Finds out at the start whether the agents can work at all, before a night is lost: the probe is the run, on one word.

import path from 'node:path'
import type { AgentSpec } from '../agents/contract.js'
import { missing, type ProbeContext, probeLogin, probePlace, probePrompt, probeVersion } from '../agents/probe.js'
import { formatAgentSpec, parseAgentSpec } from '../agents/spec.js'
import { OompaError, STATUS, type Status } from '../errors.js'
import { ceilings } from '../git/ceilings.js'
import { findExecutable } from '../processes/find-executable.js'
import type { Swarm } from './contract.js'
import { type HarnessParts, WAITS } from './harness.js'
import { environmentOf } from './iteration-environment.js'
import { authorPlace, type ProbePlace, reviewerPlace, rootPlace } from './probe-place.js'

/**
 * Asks each distinct agent for its version and login, and from level 2 on for one word, where it will work and as it
 * will be called.
 * @throws OompaError `agent-cannot-work`; with status 2 for a program that is not there
 */
export async function probeAgents(swarm: Swarm): Promise<void> {
  const { settings, level, workers } = swarm
  const asked = workers.flatMap((worker) => swarm.reviewers(worker.settings)).flatMap((hook) => hook.agents ?? [])
  const planner = swarm.planner ? [swarm.planner.agent] : []
  const authors = byName([...workers.map((worker) => worker.agent), ...planner, ...settings.fallback])
  const reviewers = byName(asked.map((agent) => parseAgentSpec(agent)))
  for (const name of authors.keys()) reviewers.delete(name)
  for (const [name, spec] of [...authors, ...reviewers]) requireProgram(swarm, name, spec)
  if (!settings.probe) return
  if (level === 1) await probeIn(swarm, authors, rootPlace)
  else await Promise.all([probeIn(swarm, authors, authorPlace), probeIn(swarm, reviewers, reviewerPlace)])
}

const byName = (specs: readonly AgentSpec[]) => new Map(specs.map((spec) => [formatAgentSpec(spec), spec]))

/** Probes agents in one place, which is made for them and taken away again. */
async function probeIn(
  swarm: Swarm,
  specs: ReadonlyMap<string, AgentSpec>,
  open: (swarm: Swarm) => Promise<ProbePlace>,
): Promise<void> {
  if (specs.size === 0) return
  const place = await open(swarm)
  try {
    await Promise.all([...specs].map(([name, spec]) => probe(swarm, name, spec, place)))
  } finally {
    await place.close()
  }
}

async function probe(swarm: Swarm, name: string, spec: AgentSpec, place: ProbePlace): Promise<void> {
  const { settings, level, repository, stopping, emit } = swarm
  const { permissions } = settings
  const agent = swarm.findAgent(spec)
  const context: ProbeContext = {
    root: repository.root,
    cwd: place.path,
    permissions,
    env: environmentOf(settings, { ...ceilings(repository.root, place.path), ...place.variables }),
    signal: stopping.agents,
  }
  // At level 1, which starts as fast as the bash loop, both are asked at once: a CLI takes up to two seconds for each.
  const early = level === 1 ? probeLogin(agent, spec, context) : undefined
  let version = await probeVersion(agent, spec, context)
  if (version.works === false && version.onlyInRoot && (await place.setUp())) {
    version = await probeVersion(agent, spec, context)
  }
  if (version.works === false && version.onlyInRoot) throw cannotWork(name, version.detail, version.mend)
  // A CLI that cannot even say its version may still work; one that can is believed when it says it is not logged in.
  if (version.works === false) emit({ type: 'note', level: 'warning', text: `${name}: ${version.detail}` })
  if (version.works === true && agent.check.keepsCap?.(version.detail)) swarm.keepsCap.add(spec.harness)
  const login = version.works === true ? await (early ?? probeLogin(agent, spec, context)) : version
  if (version.works === true && login.works === false) throw cannotWork(name, login.detail, login.mend)
  const account = agent.check.account?.(context.env)
  if (account) emit({ type: 'note', text: `${name}: ${account.text}. ${account.mend}` })
  const refused = level === 1 ? probePlace(agent, context) : undefined
  if (refused) emit({ type: 'note', level: 'warning', text: `${name} ${refused.text}. ${refused.mend}` })
  // A program of the person's own may do anything with a prompt: it is only asked whether it is there.
  const nothingLeft = Object.values(settings.budget).includes(0)
  if (level === 1 || spec.harness === 'command' || nothingLeft) return
  // Nothing is shown of a swarm before it has begun, and this takes a CLI seconds.
  swarm.aside(`asking ${name} for one word, to know that it can work …`)
  emit({ type: 'agent.started', agent: name, attempt: 1, role: 'probe' })
  const { result, failure, mend, hopeless, durationMs } = await probePrompt(agent, spec, context)
  emit({
    type: 'agent.ended',
    agent: name,
    role: 'probe',
    attempt: 1,
    status: failure ? 1 : 0,
    durationMs,
    usage: result.usage,
    ...swarm.budget.spend(spec, { ...result, failure }, 'probe'),
    failure: failure?.message,
  })
  if (failure && hopeless && !stopping.agents.aborted) {
    throw cannotWork(name, failure.message, mend ?? agent.check.loginHelp)
  }
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
  const agent = swarm.findAgent(spec)
  const { file } = agent.check.version(spec)
  const program = file.includes('/') ? path.resolve(root, file) : file
  if (findExecutable(program, process.env, root)) return
  const { detail, mend } = missing(file, agent, process.env)
  throw cannotWork(name, detail, mend, STATUS.usage)
}

function cannotWork(name: string, why: string, mend: string, status: Status = STATUS.failed): OompaError {
  return new OompaError({ code: 'agent-cannot-work', message: `${name} cannot work: ${why}`, mend, status })
}
