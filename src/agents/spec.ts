// Takes `harness:model[:reasoning]` apart, and puts it together again.

import { usageError } from '../errors.js'
import type { AgentSpec, Reasoning } from './contract.js'

const REASONINGS: readonly Reasoning[] = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max']

/**
 * `claude`, `claude:opus`, `codex:gpt-5:high`, `opencode:a/b:free`, `command:./my-agent`. An unknown last part belongs
 * to the model.
 * @throws OompaError with status 2 if it names no harness.
 */
export function parseAgentSpec(text: string): AgentSpec {
  const [harness = '', ...rest] = text.trim().split(':')
  if (!/^[A-Za-z0-9][\w.-]*$/.test(harness)) {
    throw usageError(`\`${text}\` is not an agent: it must be harness:model[:reasoning].`, '--agent claude:opus')
  }
  if (rest.length === 0) return { harness }
  if (harness === 'command') return { harness, model: rest.join(':') }
  const reasoning = REASONINGS.find((one) => one === rest.at(-1))
  const model = (reasoning ? rest.slice(0, -1) : rest).join(':')
  return { harness, ...(model ? { model } : {}), ...(reasoning ? { reasoning } : {}) }
}

/** The text that `parseAgentSpec` takes apart. */
export function formatAgentSpec(spec: AgentSpec): string {
  return [spec.harness, spec.model, spec.reasoning].filter((part) => part !== undefined).join(':')
}
