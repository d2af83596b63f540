// Every adapter against recorded runs of its CLI.

import { describe, expect, it } from 'vitest'
import { agents } from '../../src/agents/index.js'
import { realHarnesses, scriptedModels } from '../support/realAgents.js'
import { cassetteNames, readCassette } from './cassette.js'
import { builds, conforms, replay } from './conformance.js'
import { scenarios } from './scenarios.js'

for (const harness of realHarnesses) {
  const agent = agents[harness]
  builds(agent, scriptedModels[harness])

  describe(`${harness} has a cassette of every scenario`, () => {
    it('no more and no fewer', () => {
      expect(cassetteNames(harness).sort()).toEqual(scenarios.map((scenario) => scenario.name).sort())
    })
  })

  for (const scenario of scenarios) {
    const cassette = readCassette(harness, scenario.name)
    conforms(agent, scenario.name, cassette)
    it(`${harness} makes of "${scenario.name}" what it was`, () => {
      scenario.check(replay(agent, cassette).result, agent, harness)
    })
  }
}
