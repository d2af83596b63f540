// A swarm as a page should show it: workers at every stage, a change that waits for a person, one that landed after a
// rejection, and text of agents that would like to be more than text.

import { appendFileSync } from 'node:fs'
import path from 'node:path'
import type { NewEvent } from '../../src/events/contract.js'
import { openLog } from '../../src/events/log.js'
import { outputFile } from '../../src/files/paths.js'
import { excludeOurs } from '../../src/git/exclude.js'
import { holdForApproval } from '../../src/review/held-changes.js'
import { ourselves } from '../events/folder.js'
import { changeOf, contextFor } from '../hooks/context.js'
import type { TestRepository } from '../support/repository.js'

export const SWARM = '3f2a91bc'
export const HOSTILE = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>"\'&amp;'

export interface Scene {
  emit(event: NewEvent): void
  /** Id of the change that waits for a person. */
  readonly approval: string
}

const at = (worker: string, iteration: number) => ({ worker, iteration })

/**
 * Writes the scene below a repository. `OOMPA_STATE` must be the repository's.
 * @param workers how many beside the two that tell something
 * @param iterations how many each of them has behind it
 */
export async function scene(repository: TestRepository, { workers = 2, iterations = 6 } = {}): Promise<Scene> {
  const { root } = repository
  excludeOurs(path.join(root, '.git'))
  const names = Array.from({ length: workers + 2 }, (_, number) => `w${number + 1}`)
  const log = openLog(root, SWARM)
  const emit = (event: NewEvent) => log.emit(event)
  emit({
    type: 'swarm.started',
    ...ourselves(),
    level: 3,
    workers: names.map((worker) => ({ worker, agent: 'claude:opus', iterations: iterations + 4 })),
    iterations: iterations + 4,
    into: 'main',
    budgetUsd: 20,
    version: '1.0.0',
  })
  repository.git(['checkout', '-q', '-B', 'oompa/w1-i1', 'main'])
  repository.commit('Work', {
    'src/parse.ts': `export const parse = 1\n// ${HOSTILE}\n`,
    'package.json': '{ "name": "x" }\n',
  })
  repository.git(['checkout', '-q', 'main'])
  const base = repository.git(['rev-parse', 'main'])
  emit({ type: 'iteration.started', ...at('w1', 1), branch: 'oompa/w1-i1', base })
  agent(emit, 'w1', 1, 0.42)
  const change = changeOf(repository, 'oompa/w1-i1')
  const { context } = contextFor(repository)
  await holdForApproval(change, ['it touches package.json', HOSTILE], { ...context, swarm: SWARM, emit })
  emit({ type: 'iteration.ended', ...at('w1', 1), outcome: 'waiting', branch: 'oompa/w1-i1', commits: 1 })
  emit({ type: 'iteration.started', ...at('w2', 1), branch: 'oompa/w2-i1', base })
  emit({ type: 'agent.message', ...at('w2', 1), role: 'author', text: `Done. ${HOSTILE}` })
  agent(emit, 'w2', 1, 0.31)
  emit({
    type: 'review.ended',
    ...at('w2', 1),
    round: 1,
    verdict: 'rejected',
    by: HOSTILE,
    feedback: `The empty list.\n${HOSTILE}`,
  })
  emit({ type: 'review.ended', ...at('w2', 1), round: 2, verdict: 'approved', by: 'codex:o3' })
  emit({
    type: 'landing.refused',
    ...at('w2', 1),
    branch: 'oompa/w2-i1',
    reason: 'test',
    feedback: 'npm test\n1 failed',
  })
  emit({ type: 'landing.landed', ...at('w2', 1), branch: 'oompa/w2-i1', into: 'main', commit: base })
  emit({ type: 'iteration.ended', ...at('w2', 1), outcome: 'landed', branch: 'oompa/w2-i1', commits: 1 })
  const outcomes = ['landed', 'landed', 'refused', 'nothing', 'kept', 'failed'] as const
  for (const [index, worker] of names.slice(2).entries()) {
    for (let iteration = 1; iteration <= iterations; iteration++) {
      emit({ type: 'iteration.started', ...at(worker, iteration), task: `t-${index}-${iteration}` })
      agent(emit, worker, iteration, 0.11)
      const outcome = outcomes[(index + iteration) % outcomes.length] ?? 'landed'
      emit({ type: 'iteration.ended', ...at(worker, iteration), outcome, branch: `oompa/${worker}-i${iteration}` })
    }
    emit({ type: 'iteration.started', ...at(worker, iterations + 1), branch: `oompa/${worker}-i${iterations + 1}` })
    emit({ type: 'agent.started', ...at(worker, iterations + 1), agent: 'claude:opus', attempt: 1, role: 'author' })
    if (index % 3 === 1)
      emit({
        type: 'landing.queued',
        ...at(worker, iterations + 1),
        branch: `oompa/${worker}-i${iterations + 1}`,
        position: 1,
      })
    else emit({ type: 'agent.activity', ...at(worker, iterations + 1), text: `Edit src/${worker}.ts ${HOSTILE}` })
  }
  emit({ type: 'note', text: `Worth knowing: ${HOSTILE}`, level: 'warning' })
  const lines = Array.from({ length: 60 }, (_, number) => `\u001b[32mline\u001b[0m ${number}\n`).join('')
  appendFileSync(outputFile(root, SWARM, 'w2', 1), `${lines}${HOSTILE}\n`)
  return { emit, approval: `w1-1-${change.commit.slice(0, 7)}` }
}

function agent(emit: Scene['emit'], worker: string, iteration: number, costUsd: number): void {
  emit({ type: 'agent.started', ...at(worker, iteration), agent: 'claude:opus', attempt: 1, role: 'author' })
  emit({
    type: 'agent.ended',
    ...at(worker, iteration),
    agent: 'claude:opus',
    role: 'author',
    attempt: 1,
    status: 0,
    durationMs: 61_000,
    costUsd,
    usage: { input: 1000, output: 500, cacheRead: 20_000, cacheWrite: 100 },
  })
}
