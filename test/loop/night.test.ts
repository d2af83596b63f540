// The whole of living with a swarm, with the real CLIs: detached, watched, killed, resumed, with nothing lost or left.

import { mkdirSync } from 'node:fs'
import { describe, expect } from 'vitest'
import { allEnded, level1Files, loopIn, until } from '../support/loop.js'
import {
  itWith,
  realAgentEnvironment,
  realHarnesses,
  type Scenario,
  scriptedModel,
  scriptedModels,
} from '../support/realAgents.js'
import { testRepository } from '../support/repository.js'

const ITERATIONS = 3

/** Each turn commits a file that no other turn has. */
const commitsAFile: Scenario = ({ tools, turn, n }) => {
  if (tools.length === 0) return { text: 'a title' }
  if (turn > 0) return { text: 'Committed.' }
  return {
    text: 'I will add a file.',
    shell: `echo ${n} > file-${n}.txt && git add file-${n}.txt && git commit -qm "Add file-${n}"`,
  }
}

describe('a night with every harness', () => {
  itWith(...realHarnesses)(
    'works through its iterations, is detached, watched, killed with SIGKILL and resumed; nothing is lost or left',
    async () => {
      const model = await scriptedModel(commitsAFile)
      const config = {
        workers: realHarnesses.map((name) => ({ model: `${name}:${scriptedModels[name]}`, iterations: ITERATIONS })),
        permissions: 'bypass',
        probe: false,
      }
      const repository = testRepository({ ...level1Files, 'oompa.json': JSON.stringify(config), 'deep/er/file': '' })
      const env = realAgentEnvironment(repository.home, model.url, { PATH: process.env.PATH })
      const loop = loopIn(repository, { env, calls: () => [], probes: () => [] })
      const detached = await loop.oompa(['run', '--detach', '--json'])
      expect(detached.status, detached.stderr).toBe(0)
      const { swarm, pid }: { swarm: string; pid: number } = JSON.parse(detached.stdout)
      await until(() => loop.events('landing.landed').length >= 2, 'two landings', 120_000)

      const elsewhere = `${repository.root}/deep/er`
      mkdirSync(elsewhere, { recursive: true })
      const seen = await loop.oompa(['view', '--json'], { cwd: elsewhere })
      expect(seen.status).toBe(0)
      expect(seen.stdout).toContain(swarm)
      process.kill(pid, 'SIGKILL')
      await allEnded(loop, 10_000)

      const resumed = await loop.oompa(['resume'], { cwd: elsewhere })
      expect(resumed.status, resumed.stdout + resumed.stderr).toBe(0)
      expect(loop.swarms()).toEqual([swarm])
      const landed = loop.events('iteration.ended').filter((event) => event.outcome === 'landed')
      const names = new Set(landed.map((event) => `${event.worker}-${event.iteration}`))
      expect(names.size, resumed.stdout).toBe(realHarnesses.length * ITERATIONS)
      expect(repository.git(['status', '--porcelain'])).toBe('')
      await allEnded(loop, 10_000)
    },
    600_000,
  )
})
