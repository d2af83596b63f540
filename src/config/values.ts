// Reads the values of flags and environment variables, which are text: a wrong one is said with where it was given.

import type { AgentSpec } from '../agents/contract.js'
import { builtInHarnesses, parseAgentSpec } from '../agents/spec.js'
import { messageOf, type OompaError, usageError } from '../errors.js'
import type { Given } from './flags.js'

function wrong(given: Given, value: string, expected: string): OompaError {
  return usageError(`${given.source} is \`${value}\`: it must be ${expected}.`, 'oompa run --help', 'bad-setting')
}

function only(given: Given): string {
  return (given.values.at(-1) ?? '').trim()
}

/** @throws OompaError with status 2 */
export function wholeNumber(given: Given, least: number): number {
  const value = only(given)
  const number = Number(value)
  if (!/^\d+$/.test(value) || number < least || !Number.isSafeInteger(number)) {
    throw wrong(given, value, `a whole number of at least ${least}`)
  }
  return number
}

/**
 * As `parseAgentSpec`, with any name for a harness: those of `hooks/agent.*` are known only once hooks are loaded, and
 * an unknown one is found then.
 * @throws OompaError with status 2 if it is no agent's name at all
 */
export function agentNamed(text: string): AgentSpec {
  const harness = /^\s*([A-Za-z0-9][\w.-]*)(?::|\s*$)/.exec(text)?.[1]
  return parseAgentSpec(text, harness ? [...builtInHarnesses, harness] : builtInHarnesses)
}

/** @throws OompaError with status 2 */
function agentOf(given: Given): AgentSpec {
  try {
    return agentNamed(only(given))
  } catch (error) {
    throw usageError(`${given.source}: ${messageOf(error)}`, 'oompa run --agent claude:opus', 'bad-setting')
  }
}

/** `claude:5`, `codex:o3:high:2`, `claude` or `3`: an agent and how many of it. @throws OompaError with status 2 */
export function agentCount(text: string, source: string): { agent?: AgentSpec; count: number } {
  const [, spec, count] = /^(?:(.*?):)?(\d+)$/.exec(text) ?? [undefined, text, '1']
  const given = { values: [count ?? '1'], source: `${source} ${text}` }
  return {
    ...(spec ? { agent: agentOf({ values: [spec], source }) } : {}),
    count: wholeNumber(given, 1),
  }
}
