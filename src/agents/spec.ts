// `harness:model[:reasoning]`: how a person names an agent.

import { type OompaError, usageError } from '../errors.js'
import { nearest } from '../files/nearest.js'
import type { AgentSpec, Reasoning } from './contract.js'

const REASONING = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const satisfies readonly Reasoning[]

export const builtInHarnesses = ['claude', 'codex', 'command', 'gemini', 'opencode'] as const

/**
 * Takes `claude`, `claude:opus`, `codex:o3:high` or `command:PATH` apart. A suffix that is not a word for reasoning
 * belongs to the model, as in `opencode:openrouter/x:free`.
 * @param known names of all harnesses; without it any name will do, since `hooks/agent.*` may bring it later
 *   (`requireHarness` then checks it).
 * @throws OompaError with status 2 for an unknown harness or an impossible model.
 */
export function parseAgentSpec(text: string, known?: readonly string[]): AgentSpec {
  const spec = text.trim()
  const colon = spec.indexOf(':')
  const harness = colon < 0 ? spec : spec.slice(0, colon)
  const rest = colon < 0 ? '' : spec.slice(colon + 1)
  if (known) requireHarness({ harness }, known, text)
  else if (!/^[A-Za-z0-9][\w.-]*$/.test(harness)) throw unknownHarness({ harness }, builtInHarnesses, text)
  if (/[\u0000-\u001f\u007f]/.test(rest))
    throw usageError(`The agent \`${printable(text)}\` has control characters in it.`)
  if (harness === 'command') {
    if (rest === '') throw usageError('The agent `command` needs a program.', 'Write it as command:./my-agent')
    return { harness, model: rest }
  }
  const last = rest.lastIndexOf(':')
  const suffix = REASONING.find((word) => last >= 0 && rest.slice(last + 1) === word)
  const model = suffix ? rest.slice(0, last) : rest
  if (model.startsWith('-')) {
    throw usageError(`The model \`${model}\` of the agent \`${text}\` begins with a dash.`, `Write ${harness}:MODEL`)
  }
  return { harness, ...(model ? { model } : {}), ...(suffix ? { reasoning: suffix } : {}) }
}

/**
 * @param known names of all harnesses, those of `hooks/agent.*` too
 * @throws OompaError `unknown-agent` (status 2) if the harness is none of them
 */
export function requireHarness(spec: AgentSpec, known: readonly string[], text: string = formatAgentSpec(spec)): void {
  if (!known.includes(spec.harness)) throw unknownHarness(spec, known, text)
}

/** The error for a name that no agent has, with what was meant, perhaps. */
export function unknownHarness(
  spec: AgentSpec,
  known: readonly string[],
  text: string = formatAgentSpec(spec),
): OompaError {
  const { harness } = spec
  const near = nearest(harness, known)
  const program = harness.includes('/') ? `command:${harness}` : undefined
  const mend = program ?? (near ? text.trim().replace(harness, near) : undefined)
  return usageError(
    `There is no agent called \`${printable(harness)}\` (known: ${known.join(', ')}).`,
    mend ? `Did you mean ${printable(mend)}?` : 'Name one of these, or write command:PATH for a program of your own.',
    'unknown-agent',
  )
}

/** Words from the command line are shown without what could steer the terminal. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?').slice(0, 200)
}

/** The inverse of `parseAgentSpec`. */
export function formatAgentSpec({ harness, model, reasoning }: AgentSpec): string {
  return [harness, ...(model !== undefined || reasoning ? [model ?? ''] : []), ...(reasoning ? [reasoning] : [])].join(
    ':',
  )
}
