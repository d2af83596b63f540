// The page's API answers in the form that docs/api.schema.json says.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createFile } from '../../src/files/create.js'
import { makeFolder } from '../../src/files/make-folder.js'
import { outputFile } from '../../src/files/paths.js'
import { startedHere, writeEvents } from '../events/folder.js'
import { sampleEvents } from '../events/sample.js'
import { packageRoot } from '../support/oompa.js'
import { testRepository } from '../support/repository.js'
import { answers, apiJsonSchema } from './schema.js'
import { serve } from './support.js'

test('the schema in docs/ is the one that the tests use', () => {
  const file = path.join(packageRoot, 'docs/api.schema.json')
  // UPDATE_SCHEMA=1 npx vitest run test/dash/schema.test.ts && npx biome format --write docs/api.schema.json
  if (process.env.UPDATE_SCHEMA) writeFileSync(file, JSON.stringify(apiJsonSchema(), null, 2))
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(apiJsonSchema())))
})

test('every answer has its form, and the documentation names every address', async () => {
  const swarm = 'aaaa0001'
  const repository = testRepository()
  const rest = sampleEvents().slice(1)
  writeEvents(repository.root, swarm, [startedHere(0, swarm), ...rest.map((event) => ({ ...event, swarm }))])
  const log = outputFile(repository.root, swarm, 'w1', 1)
  makeFolder(path.dirname(log))
  createFile(log, 'one\ntwo\n')
  const served = await serve(repository)
  const docs = readFileSync(path.join(packageRoot, 'docs/dash.md'), 'utf8')
  const places = { ':id': swarm, ':change': 'w1-1', ':worker': 'w1', ':iteration': '1' }
  for (const [name, schema] of Object.entries(answers)) {
    if (name === 'error') continue
    const address = name.replace('GET ', '')
    const asked = Object.entries(places).reduce((text, [word, value]) => text.replace(word, value), address)
    const found = schema.safeParse(await served.json(asked))
    expect(found.error?.issues ?? [], name).toEqual([])
    expect(docs).toContain(address.replace('/:change', '/w1-3').replace('/:worker/:iteration', '/w1/3'))
  }
  expect(answers.error.safeParse(await served.json('/api/swarms/none')).success).toBe(true)
  expect(await served.stop()).toBe(0)
})
