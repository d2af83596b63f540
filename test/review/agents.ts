// Scripted reviewers for tests: `ask` answers with what a list or a function says, and remembers what it was asked.

import type { TurnResult } from '../../src/agents/contract.js'
import type { AskOptions, HookContext } from '../../src/hooks/contract.js'

export interface Asked {
  readonly agent: string
  readonly prompt: string
  readonly options: AskOptions
}

export type Answer = string | TurnResult | ((asked: Asked) => string | TurnResult | Promise<string | TurnResult>)

/** An `ask` that answers in turn; a plain text is the final message. */
export function scripted(...answers: readonly Answer[]): { ask: HookContext['ask']; asked: Asked[] } {
  const asked: Asked[] = []
  return {
    asked,
    async ask(agent, prompt, options) {
      const call = { agent, prompt, options }
      asked.push(call)
      const answer = answers[asked.length - 1]
      const said = typeof answer === 'function' ? await answer(call) : answer
      if (said === undefined) throw new Error(`${agent} was asked once more than the test expects`)
      return typeof said === 'string' ? { text: said, denials: [] } : said
    },
  }
}

export const fails = (message: string): TurnResult => ({
  text: 'VERDICT: APPROVED',
  denials: [],
  failure: { kind: 'error', message },
})
