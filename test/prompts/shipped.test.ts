import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { shippedPrompt } from '../../src/prompts/index.js'

const shipped = (name: string) => readFileSync(shippedPrompt(name), 'utf8')

test('worker.md has three lines: Goal, Process, Method', () => {
  const lines = shipped('worker.md').trimEnd().split('\n')
  expect(lines.map((line) => line.split(':')[0])).toEqual(['Goal', 'Process', 'Method'])
  for (const folder of ['tasks/pending/', 'tasks/current/', 'tasks/complete/']) expect(lines[1]).toContain(folder)
  expect(shipped('worker.md')).not.toMatch(/merge/i)
})

test('reviewer.md asks for the verdict by which it is read', () => {
  expect(shipped('reviewer.md')).toContain('VERDICT: APPROVED')
  // Its own last line is no approval: an agent that repeats the prompt has not approved.
  expect(shipped('reviewer.md').trimEnd().split('\n').at(-1)?.trim()).not.toMatch(/^(VERDICT: )?APPROVED$/)
})

test('the planner creates tasks and writes no code, the executor the other way round', () => {
  expect(shipped('planner.md')).toContain('no code')
  expect(shipped('executor.md')).toContain('create none')
})

test('the prompt of oompa plan asks for an answer, and for nothing to be written', () => {
  expect(shipped('plan.md')).toContain('no file, no code and no commit')
})
