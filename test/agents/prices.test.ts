// What a run cost: by the agent's own word, by the person's prices, by the table; and no guess.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { AgentSpec } from '../../src/agents/contract.js'
import { type Bill, billOf, listPrice, PRICED_AT } from '../../src/agents/prices.js'
import { money } from '../../src/views/format.js'
import { packageRoot } from '../support/oompa.js'

const usage = { input: 1_000_000, output: 100_000, cacheRead: 2_000_000, cacheWrite: 0 }
const codex = { harness: 'codex' }
const own = { 'codex:gpt-5': { input: 9, output: 0, cacheRead: 0 }, codex: { input: 7, output: 0, cacheRead: 0 } }

test.each<[string, AgentSpec, Parameters<typeof billOf>[2], Parameters<typeof billOf>[0], Bill]>([
  ['its own report', codex, { costUsd: 0.5, usage }, own, { costUsd: 0.5 }],
  ['a report of nothing', codex, { costUsd: 0, usage }, own, { costUsd: 0 }],
  ['the price of its harness and model', { ...codex, model: 'gpt-5' }, { usage }, own, { costUsd: 9, estimated: true }],
  ['the price of its harness', { ...codex, model: 'x' }, { usage }, own, { costUsd: 7, estimated: true }],
  [
    'the person’s price of the model that it says it ran with',
    { harness: 'gemini' },
    { usage, model: 'mine' },
    { mine: { input: 3, output: 0, cacheRead: 0 } },
    { costUsd: 3, estimated: true },
  ],
  ['the table', { ...codex, model: 'gpt-5' }, { usage }, {}, { costUsd: 1.25 + 1 + 0.25, estimated: true }],
  [
    'the table, for the model that it says it ran with',
    codex,
    { usage, model: 'gpt-5-mini' },
    {},
    { costUsd: 0.5, estimated: true },
  ],
  ['nothing, for a model without a price', { ...codex, model: 'gpt-99' }, { usage }, {}, {}],
  ['nothing, for a model that nobody named', codex, { usage }, {}, {}],
  ['nothing, without tokens', { ...codex, model: 'gpt-5' }, {}, own, {}],
])('by %s', (_name, spec, ran, prices, expected) => {
  const bill = billOf(prices, spec, ran)
  expect({ ...bill, ...(bill.costUsd === undefined ? {} : { costUsd: Math.round(bill.costUsd * 1e6) / 1e6 }) }).toEqual(
    expected,
  )
})

test.each([
  ['claude-sonnet-4-5-20250929', 3],
  ['anthropic/claude-opus-4-5', 5],
  ['gemini-3-pro-preview', 2],
  ['gpt-5-2026-04-01', 1.25],
  // Not what `gpt-5` costs: a name that only begins so is another model.
  ['gpt-5-pro', undefined],
  ['gpt-5.9', undefined],
  ['toString', undefined],
  ['', undefined],
])('the list price of %s', (model, input) => expect(listPrice(model)?.input).toBe(input))

test('an estimate is shown as one', () => {
  expect([money(0.42, true), money(0.42), money(undefined, true)]).toEqual(['~$0.42', '$0.42', '–'])
})

test('the documentation says how old the list prices are', () => {
  expect(readFileSync(path.join(packageRoot, 'docs/agents.md'), 'utf8')).toContain(`as of ${PRICED_AT};`)
})
