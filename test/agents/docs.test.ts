// The agent of one's own in docs/agents.md works as it is written there.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createJiti } from 'jiti'
import { describe, expect, it } from 'vitest'
import type { Agent } from '../../src/agents/contract.js'
import { probeVersion } from '../../src/agents/probe.js'
import { runAgent } from '../../src/agents/run-agent.js'
import { packageRoot } from '../support/oompa.js'
import { testRepository } from '../support/repository.js'

/** Blocks of TypeScript in the document. */
const blocks = [...readFileSync(path.join(packageRoot, 'docs/agents.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(
  (match) => match[1]!,
)

async function load(block: string, root: string): Promise<Agent> {
  const alias = { 'oompa-loompas': path.join(packageRoot, 'dist/index.js') }
  return createJiti(import.meta.url, { alias, fsCache: false }).import(path.join(root, block), { default: true })
}

describe('docs/agents.md', () => {
  it('names a program', async () => {
    const repository = testRepository({ 'hooks/agent.ts': blocks[0]! })
    repository.write('scripts/my-agent', '#!/bin/sh\ncat\n', 0o755)
    const agent = await load('hooks/agent.ts', repository.root)
    expect(agent.name).toBe('my-agent')
    const context = { root: repository.root, env: repository.env }
    expect(await probeVersion(agent, { harness: 'my-agent' }, context)).toMatchObject({ works: true })
  })

  it('reads a CLI with a stream of its own', async () => {
    const repository = testRepository({ 'hooks/agent.ts': blocks[1]! })
    repository.write(
      'bin/mycli',
      `#!/bin/sh
echo 'warning: something'
printf '{"type":"tool","name":"look","session":"s1"}\\n{"type":"mess'; sleep 0.05
printf 'age","text":"%s|%s"}\\n{"type":"end"}\\n' "$*" "$(cat)"`,
      0o755,
    )
    const agent = await load('hooks/agent.ts', repository.root)
    const run = await runAgent({
      agent,
      turn: {
        spec: { harness: 'mycli', model: 'm' },
        form: 'json',
        permissions: 'bypass',
        session: { id: 's1', resume: true },
      },
      prompt: 'Work.',
      cwd: repository.root,
      env: { ...repository.env, PATH: `${path.join(repository.root, 'bin')}:${repository.env.PATH}` },
      limits: {},
    })
    expect(run).toMatchObject({ text: 'run --json --model m --resume s1 --yes|Work.', session: 's1', status: 0 })
    expect(run.failure).toBeUndefined()
  })
})
