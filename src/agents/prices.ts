// What models cost, for agents that say how many tokens they used and not what that cost: prices for short prompts, from
// public lists that others keep. They go out of date, so `prices` in `oompa.json` comes before this table.

import type { Usage } from '../words.js'
import type { AgentSpec } from './contract.js'
import { formatAgentSpec } from './spec.js'

/** US dollars for a million tokens. */
export interface Price {
  readonly input: number
  readonly output: number
  readonly cacheRead?: number
  readonly cacheWrite?: number
}

/** When the table was taken from such lists; the vendors' own pages were not at hand. */
export const PRICED_AT = '2026-11-30'

/** By the model's name without its date: input, output, read from the cache, written to it (as input unless given). */
const TABLE: Readonly<Record<string, readonly [number, number, number, number?]>> = {
  'claude-fable-5-1': [10, 50, 0.25, 12.5],
  'claude-opus-5-5': [4, 20, 0.2, 5],
  'claude-opus-4-7': [5, 25, 0.5, 6.25],
  'claude-opus-4-6': [5, 25, 0.5, 6.25],
  'claude-opus-4-5': [5, 25, 0.5, 6.25],
  'claude-sonnet-5-5': [2, 10, 0.1, 2.5],
  'claude-sonnet-5': [2, 10, 0.2, 2.5],
  'claude-sonnet-4-6': [3, 15, 0.3, 3.75],
  'claude-sonnet-4-5': [3, 15, 0.3, 3.75],
  'claude-haiku-5-5': [0.1, 0.5, 0.01, 0.125],
  'claude-haiku-4-5': [1, 5, 0.1, 1.25],
  'gpt-6.1-sol': [2, 10, 0.1, 2.5],
  'gpt-6-sol': [2, 10, 0.2, 2.5],
  'gpt-6-luna': [0.1, 0.5, 0.01, 0.125],
  'gpt-5.4': [2.5, 15, 0.25],
  'gpt-5.4-mini': [0.75, 4.5, 0.075],
  'gpt-5.3-codex': [1.75, 14, 0.175],
  'gpt-5.2-codex': [1.75, 14, 0.175],
  'gpt-5.2': [1.75, 14, 0.175],
  'gpt-5.1-codex': [1.25, 10, 0.125],
  'gpt-5.1': [1.25, 10, 0.125],
  'gpt-5-codex': [1.25, 10, 0.125],
  'gpt-5': [1.25, 10, 0.125],
  'gpt-5-mini': [0.25, 2, 0.025],
  'gpt-5-nano': [0.05, 0.4, 0.005],
  'gemini-3.1-pro': [2, 12, 0.2],
  'gemini-3-pro': [2, 12, 0.2],
  'gemini-3-flash': [0.5, 3, 0.05],
}

/** What a run cost; `estimated`: by prices, and not by the agent's own report. */
export interface Bill {
  readonly costUsd?: number
  readonly estimated?: true
}

/**
 * US dollars of a run: as the agent says, else by the person's prices (for `harness:model`, the model, or the harness),
 * else by the table. Nothing where there is no price for the model: a guess is worse than none.
 * @param ran.model the one that the agent says it ran with
 */
export function billOf(
  own: Readonly<Record<string, Price>>,
  spec: AgentSpec,
  ran: { readonly costUsd?: number; readonly usage?: Usage; readonly model?: string },
): Bill {
  if (ran.costUsd !== undefined) return { costUsd: ran.costUsd }
  if (!ran.usage) return {}
  const { harness, model } = spec
  const names = [formatAgentSpec({ harness, model }), ran.model, model, harness].filter((name) => name !== undefined)
  const price = names.map((name) => own[name]).find(Boolean) ?? [ran.model, model].map(listPrice).find(Boolean)
  return price ? { costUsd: costOf(price, ran.usage), estimated: true } : {}
}

/** The table's price of a model, however it is written: with its vendor in front, with a date or `latest` behind. */
export function listPrice(model: string | undefined): Price | undefined {
  const name = model
    ?.split('/')
    .at(-1)
    ?.replace(/(?:[-@](?:\d{8}|\d{4}-\d{2}-\d{2}|latest|preview))+$/, '')
  const found = name !== undefined && Object.hasOwn(TABLE, name) ? TABLE[name] : undefined
  if (!found) return undefined
  const [input, output, cacheRead, cacheWrite = input] = found
  return { input, output, cacheRead, cacheWrite }
}

function costOf({ input, output, cacheRead = input, cacheWrite = input }: Price, usage: Usage): number {
  const usd = usage.input * input + usage.output * output + usage.cacheRead * cacheRead + usage.cacheWrite * cacheWrite
  return usd / 1e6
}
