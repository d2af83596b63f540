// The registry: every agent that is built in. A new one is one file and one line here.

import { claude } from './claude.js'
import { codex } from './codex.js'
import { command } from './command.js'
import type { Agent, AgentSpec } from './contract.js'
import { gemini } from './gemini.js'
import { opencode } from './opencode.js'
import { type builtInHarnesses, unknownHarness } from './spec.js'

export const agents = {
  claude,
  codex,
  command,
  gemini,
  opencode,
} satisfies Record<(typeof builtInHarnesses)[number], Agent>

/** All agents by name: those of `hooks/agent.*` add to the built-in ones, or take their place. */
export function agentsWith(added: readonly Agent[]): ReadonlyMap<string, Agent> {
  return new Map([...Object.values(agents), ...added].map((agent) => [agent.name, agent]))
}

/** @throws OompaError with status 2 if there is none of this name. */
export function agentOf(spec: AgentSpec, known: ReadonlyMap<string, Agent> = agentsWith([])): Agent {
  const agent = known.get(spec.harness)
  if (agent) return agent
  throw unknownHarness(spec, [...known.keys()].sort())
}
