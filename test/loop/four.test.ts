import { describe, expect } from 'vitest'
import { readLog } from '../../src/events/log.js'
import { allEnded, loopIn, until } from '../support/loop.js'
import { itWith, realAgentEnvironment, type Scenario, scriptedModel, scriptedModels } from '../support/realAgents.js'
import { testRepository } from '../support/repository.js'

const harnesses = ['claude', 'codex', 'opencode', 'gemini'] as const

describe('a night with all four', () => {
  itWith(...harnesses)(
    'one swarm of four real CLIs is detached, watched, killed, resumed, and ends with every worker’s work listed',
    async () => {
      const repository = testRepository({
        'prompts/worker.md': 'Write your file.\n',
        'oompa.json': JSON.stringify({
          permissions: 'bypass',
          workers: harnesses.map((name) => ({ model: `${name}:${scriptedModels[name]}`, iterations: 3 })),
        }),
      })
      // Gemini's shell sees neither the environment's identity nor its variables.
      repository.git(['config', 'user.name', 'Agent'])
      repository.git(['config', 'user.email', 'agent@example.com'])
      const reply: Scenario = ({ tools, turn, prompt }) => {
        if (tools.length === 0) return { text: 'a title' }
        if (prompt.includes('one word: ready')) return { text: 'ready' }
        if (turn > 0) return { text: 'Committed.\n\nCOMPLETE_AND_READY_FOR_MERGE' }
        const [, worker, iteration] = /worker (w\d), iteration (\d)/.exec(prompt) ?? []
        const file = `${worker}-${iteration}.txt`
        return { shell: `echo made > ${file} && git add ${file} && git commit -qm ${file}` }
      }
      const model = await scriptedModel(reply)
      const env = realAgentEnvironment(repository.home, model.url)
      const loop = loopIn(repository, { env, calls: () => [], probes: () => [] })

      const started = await loop.oompa(['run', '--detach', '--json'])
      expect(started.status, started.stdout + started.stderr).toBe(0)
      const { swarm, pid } = JSON.parse(started.stdout)
      const landed = () => readLog(repository.root, swarm).filter((event) => event.type === 'landing.landed').length
      await until(() => landed() > 0, 'a first landing', 120_000)
      const watched = JSON.parse((await loop.oompa(['status', '--json'])).stdout)
      expect(watched[0]).toMatchObject({ swarm, state: 'running', pid })

      process.kill(pid, 'SIGKILL')
      await allEnded(loop)
      expect(JSON.parse((await loop.oompa(['status', '--json'])).stdout)[0].state).toBe('crashed')

      const resumed = await loop.oompa(['resume', swarm])
      expect(resumed.status, resumed.stdout + resumed.stderr).toBe(0)
      for (const worker of ['w1', 'w2', 'w3', 'w4']) expect(resumed.stdout).toContain(worker)
      const files = repository.git(['ls-tree', '--name-only', 'main']).split('\n')
      for (const worker of [1, 2, 3, 4]) {
        for (const iteration of [1, 2, 3]) expect(files).toContain(`w${worker}-${iteration}.txt`)
      }
      expect(repository.git(['status', '--porcelain'])).toBe('')
      await allEnded(loop)
    },
    600_000,
  )
})
