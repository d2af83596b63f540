import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkConfig } from '../../src/config/file.js'
import { jsonSchemaText, keysAt } from '../../src/config/jsonSchema.js'
import { packageRoot } from '../support/oompa.js'

const mistake = (text: string): string => {
  try {
    checkConfig(text, 'oompa.json')
  } catch (error) {
    expect(error).toMatchObject({ status: 2 })
    return error instanceof Error ? error.message : ''
  }
  throw new Error('was accepted')
}

describe('every spelling of the earlier system is accepted', () => {
  test.each([
    '{"review_model":"codex:codex-5.2","workers":[{"model":"claude:opus-4.5","iterations":5,"count":1,"prompt":"config/prompts/planner.md"}]}',
    '{"workers":[{"model":"codex:gpt-5.3-codex:medium","prompt":["a.md"],"max_cycle":10,"count":2,"can_plan":false,"wait_between":60,"max_wait_for_tasks":1800,"max_resumes":7}]}',
    '{"review_models":["codex:a","claude:b"],"auto_merge_paths":["tasks/"],"needs_review":true}',
    '{"reviewer":{"model":"claude:opus","prompt":["r.md"]},"planner":{"model":"codex:o3:high","prompt":["p.md"],"max_pending":18}}',
    '{"reviewers":[{"model":"claude:opus"},"codex:o3"]}',
    '{"$schema":"./node_modules/oompa-loompas/schema.json"}',
    '{"_comment":"mine","//":"also","workers":[{"_role":"x","model":"claude"}]}',
    '{}',
  ])('%s', (text) => {
    expect(checkConfig(text, 'oompa.json').remarks).toEqual([])
  })
})

test('a byte order mark and CRLF are fine, and lines are still counted', () => {
  expect(checkConfig('\uFEFF{\r\n"agent":\r\n"codex"}', 'x').config).toEqual({ agent: 'codex' })
  expect(mistake('\uFEFF{\r\n\r\n"agent": 3}')).toContain('line 3')
})

describe('a mistake says where it is, what was expected, what was found, and the nearest right key', () => {
  test.each([
    [
      '{"workers":[{"model":"a"},\n{"model":"a",\n"iterations":"five"}]}',
      'oompa.json, line 3: workers[1].iterations: expected a whole number of at least 1, found "five".',
    ],
    ['{"workers":[{"modle":"a"}]}', 'workers[0].modle: there is no such key; did you mean `model`?'],
    ['{"worker":[]}', 'worker: there is no such key; use `workers`, a list'],
    ['{"merge":{"tset":"x"}}', 'merge.tset: there is no such key; did you mean `test`?'],
    ['{"reviewer":{"model":"a","promt":"x"}}', 'reviewer.promt: there is no such key; did you mean `prompt`?'],
    ['{"prices":{"opus":{"input":1}}}', 'prices.opus.output: expected a number of at least 0, found nothing'],
    [
      '{"prices":{"gpt 5":{"inptu":1,"input":1,"output":1}}}',
      'prices["gpt 5"].inptu: there is no such key; did you mean `input`?',
    ],
    ['{"permissions":"all"}', 'permissions: expected "inherit" or "bypass", found "all"'],
    ['{"workers":3}', 'workers: expected a list of workers, or an object with `min` and `max`, found 3'],
    ['{"workers":[]}', 'workers: expected at least one worker, found an empty list'],
    ['{"workers":[3]}', 'workers[0]: expected a worker, an object with `model`, found 3'],
    ['{"workers":[{"prompt":[1]}]}', 'workers[0].prompt[0]: expected the path of a prompt, found 1'],
    ['{"workers":[{"prompt":7}]}', 'workers[0].prompt: expected the path of a prompt, or a list of paths, found 7'],
    ['{"workers":[{"wait_between":"soon"}]}', 'expected seconds, or a text such as "90s"'],
    ['{"budget_usd":null}', 'budget_usd: expected a number of at least 0, found null'],
    ['{"budget":{"usd":"5"}}', 'budget.usd: expected a number of at least 0, found "5"'],
    ['{"budget":{"per_task":5}}', 'budget.per_task: there is no such key; did you mean `perTask`?'],
    ['{"budget":5}', 'budget: expected an object of caps, such as { "usd": 20, "minutes": 480 }, found 5'],
    [
      '{"budget":{"usd":5},\n"budget_usd":6}',
      'line 2: budget_usd: is 6, and `budget.usd`, which means the same, is 5: keep one',
    ],
    ['{"budget_usd":-1}', 'budget_usd: expected a number of at least 0, found -1'],
    ['{"workers":[{"count":0}]}', 'every `count` is 0'],
    ['{"workers":{"min":3,"max":2}}', 'workers.min: is 3, and `max` is 2'],
    ['{"workers":{"min":3}}', 'workers.max: expected a whole number of at least 1, found nothing'],
    ['{"workers":{"max":3,"count":2}}', 'workers.count: there is no such key'],
    ['{"workers":[{"iterations":1,"max_cycle":2}]}', 'keep one'],
    ['[]', 'the file: expected an object, found an empty list'],
    ['{"agent":"a","agent":"b"}', 'line 1, column 14: the object has this key twice: "agent"'],
    ['{"__proto__":{"agent":"x"}}', 'expected'],
    ['{"zzzzzzzzzz":1}', 'known ones: workers, agent'],
  ])('%s', (text, expected) => {
    if (text.includes('__proto__')) expect(checkConfig(text, 'x').config).toEqual({})
    else expect(mistake(text)).toContain(expected)
  })

  test('all mistakes are listed in the order of the file', () => {
    const message = mistake('{\n"workers": [\n{"modle": "x"},\n{"count": -1}\n],\n"here": "yes"}')
    expect(message).toBe(
      [
        'oompa.json has 3 mistakes:',
        '  line 3: workers[0].modle: there is no such key; did you mean `model`?',
        '  line 4: workers[1].count: expected a whole number of at least 0, found -1',
        '  line 6: here: expected true or false, found "yes"',
      ].join('\n'),
    )
  })

  test('a retired key names its successor', () => {
    expect(mistake('{"workers":[{"max_working_resumes":2}]}')).toContain('use `max_resumes`')
    expect(mistake('{"workers":[{"max_cycles":2}]}')).toContain('use `iterations` (or `max_cycle`)')
  })
})

describe('broken JSON says line and column', () => {
  test.each([
    ['{\n  "agent": "codex",\n}', 'line 3, column 1: there is a comma before the closing `}`'],
    ['{\n  "agent" "codex"\n}', 'line 2, column 11: a `:` is missing after the key'],
    ['{\n  // agent\n}', 'line 2, column 3: JSON has no comments'],
    ['{"a": [1 2]}', 'line 1, column 10: a comma is missing'],
    ["{'a': 1}", 'text stands in double quotes in JSON, not in single ones'],
    ['{a: 1}', '`a` is not JSON here'],
    ['{1: 1}', 'a key in double quotes is expected'],
    ['{"a": 012}', '`012` is not JSON here'],
    ['{"a": NaN}', '`NaN` is not JSON here'],
    ['{"a": "x\n"}', 'not closed on its line'],
    ['{"a": "\\x"}', 'a bad escape'],
    ['{"a": 1', 'it ends too early'],
    ['{} {}', 'something follows the value'],
    ['', 'oompa.json is empty'],
    ['['.repeat(1000), 'nested more than 200 deep'],
  ])('%j', (text, expected) => {
    expect(mistake(text)).toContain(expected)
  })
})

test('the shipped JSON Schema is up to date (npm run schema writes it)', () => {
  expect(readFileSync(path.join(packageRoot, 'schema.json'), 'utf8')).toBe(jsonSchemaText())
})

test('every key of the schema says what it is, and stands in docs/configuration.md', () => {
  const docs = readFileSync(path.join(packageRoot, 'docs/configuration.md'), 'utf8')
  const undocumented = [
    [],
    ['workers', 0],
    ['merge'],
    ['limits'],
    ['budget'],
    ['planner'],
    ['prices', 'x'],
    ['git'],
    ['ports'],
    ['backoff'],
    ['tasks'],
    ['reviewer'],
  ]
    .flatMap((at) => keysAt(at))
    .filter((key) => !docs.includes(`\`${key}\``))
  expect(undocumented).toEqual([])
})
