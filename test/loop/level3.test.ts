import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { scriptedAgent } from '../support/agents.js'
import { loopIn } from '../support/loop.js'
import { itWith, realAgentEnvironment, type Scenario, scriptedModel } from '../support/realAgents.js'
import { testRepository } from '../support/repository.js'

const one = { WORKERS: '1', ITERATIONS: '1' }

/** A reviewer that refuses what does not say `good`. */
const REVIEWER = `#!/bin/sh
cat > "$HOME/review-$(date +%s%N)"
if grep -q good made.txt; then echo APPROVED; else echo "Say good."; echo REJECTED; fi
`

describe('level 3', () => {
  test('a level 1 repository goes to level 2 and 3 by `oompa add`, and what landed carries over', async () => {
    const repository = testRepository({ 'prompts/worker.md': 'Match spec.md.\n', 'spec.md': 'A spec.\n' })
    const agent = scriptedAgent(repository, 'echo "$OOMPA_SWARM" >> "made-$OOMPA_SWARM.txt"')
    const loop = loopIn(repository, agent)
    const run = () => loop.run([], { env: { ...loop.env, ...one } })
    expect((await run()).status).toBe(0)
    expect((await loop.oompa(['add', 'merge'])).status).toBe(0)
    repository.commit('Add merge')
    expect((await run()).status).toBe(0)
    expect((await loop.oompa(['add', 'review'])).status).toBe(0)
    repository.write(
      'hooks/review.ts',
      `import { reviewer } from 'oompa-loompas'\nexport default reviewer({ agent: 'command:./reviewer' })\n`,
    )
    repository.write('reviewer', '#!/bin/sh\ncat > /dev/null\necho APPROVED\n', 0o755)
    repository.commit('Add review')
    const third = await run()
    expect(third.status, third.stdout + third.stderr).toBe(0)
    const landed = repository
      .git(['ls-tree', '--name-only', 'main'])
      .split('\n')
      .filter((name) => name.startsWith('made-'))
    expect(landed).toHaveLength(3) // the first is what the agent of level 1 left in the main checkout
    expect(loop.swarms()).toHaveLength(3)
  })

  test('three rounds are three author runs and three reviews; then the work is kept, the task has the feedback', async () => {
    const repository = testRepository({
      'prompts/worker.md': 'Match spec.md.\n',
      'hooks/review.ts': `import { reviewer } from 'oompa-loompas'\nexport default reviewer({ agent: 'command:./reviewer' })\n`,
      'hooks/tasks.ts': `import { taskFolder } from 'oompa-loompas'\nexport default taskFolder('tasks')\n`,
      'tasks/pending/t.edn': '{:id "t" :summary "Do it"}\n',
    })
    repository.write('reviewer', REVIEWER, 0o755)
    repository.commit('A reviewer')
    const agent = scriptedAgent(repository, 'echo bad >> made.txt')
    const loop = loopIn(repository, agent)
    const ended = await loop.run([], { env: { ...loop.env, ...one } })
    expect(ended.status).toBe(1)
    expect(agent.calls()).toHaveLength(3)
    expect(loop.events('review.ended').map((event) => event.verdict)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(agent.calls()[1]!.input).toContain('Say good.')
    const shown = JSON.parse((await loop.oompa(['tasks', 'show', 't', '--json'])).stdout)
    expect(JSON.stringify(shown)).toContain('Say good.')
    expect(loop.refs('refs/oompa/kept')).toHaveLength(1)
    expect(repository.git(['status', '--porcelain'])).toBe('')
  })

  test('with test_first the test runs before the review, and its result is shown to the reviewer', async () => {
    const repository = testRepository({
      'prompts/worker.md': 'Match spec.md.\n',
      'oompa.json': JSON.stringify({ test_first: true }),
      'hooks/merge.ts': `import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({ test: 'grep good made.txt', retries: 0 })\n`,
      'hooks/review.ts': `import { reviewer } from 'oompa-loompas'\nexport default reviewer({ agent: 'command:./reviewer' })\n`,
      'made.txt': 'good\n',
    })
    repository.write('reviewer', '#!/bin/sh\ncat > "$HOME/review-$(date +%s%N)"\necho APPROVED\n', 0o755)
    repository.commit('A reviewer')
    const agent = scriptedAgent(
      repository,
      'if grep -q "grep good" "$INPUT"; then echo good; else echo bad; fi > made.txt; date +%N >> made.txt',
    )
    const loop = loopIn(repository, agent)
    const ended = await loop.run([], { env: { ...loop.env, ...one } })
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(agent.calls()).toHaveLength(2)
    const reviews = readdirSync(repository.home).filter((name) => name.startsWith('review-'))
    expect(reviews).toHaveLength(1)
    expect(readFileSync(path.join(repository.home, reviews[0]!), 'utf8')).toContain('grep good made.txt')
  })

  test('an author that edits its judge, in its worktree or in the main checkout, does not land', async () => {
    const repository = testRepository({
      'prompts/worker.md': 'Match spec.md.\n',
      'hooks/review.sh': '',
    })
    repository.write('hooks/review.sh', '#!/bin/sh\necho "No."\nexit 1\n', 0o755)
    repository.commit('A judge')
    const agent = scriptedAgent(
      repository,
      `printf '#!/bin/sh\\nexit 0\\n' > hooks/review.sh
       printf '#!/bin/sh\\nexit 0\\n' > hooks/review.zz.sh; chmod +x hooks/review.zz.sh
       cp hooks/review.sh "$OOMPA_ROOT/hooks/review.sh"; cp -p hooks/review.zz.sh "$OOMPA_ROOT/hooks/"; echo x > made.txt`,
    )
    const loop = loopIn(repository, agent)
    const ended = await loop.run([], { env: { ...loop.env, ...one } })
    expect(ended.status).toBe(1)
    expect(repository.git(['log', '--format=%s', 'main'])).toBe('A judge\nStart')
    expect(loop.events('landing.landed')).toHaveLength(0)
  })

  itWith('claude', 'codex')(
    'the real claude is refused twice by the real codex, mends, is approved, and lands',
    async () => {
      const repository = testRepository({
        'prompts/worker.md': 'Write made.txt.\n',
        'oompa.json': JSON.stringify({ permissions: 'bypass' }),
        'hooks/merge.ts': `import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({ test: 'test -s made.txt' })\n`,
        'hooks/review.ts': `import { reviewer } from 'oompa-loompas'\nexport default reviewer({ agent: 'codex:scripted' })\n`,
      })
      let authored = 0
      let reviewed = 0
      const reply: Scenario = ({ api, tools, turn, prompt }) => {
        if (tools.length === 0) return { text: 'a title' }
        if (prompt.includes('one word: ready')) return { text: 'ready' }
        if (api === 'responses') {
          reviewed++
          return { text: reviewed < 3 ? `Round ${reviewed}: not good enough.\n\nREJECTED` : 'Good now.\n\nAPPROVED' }
        }
        if (turn > 0) return { text: 'Committed.\n\nCOMPLETE_AND_READY_FOR_MERGE' }
        authored++
        return { shell: `echo "try ${authored}" > made.txt && git add made.txt && git commit -qm "Try ${authored}"` }
      }
      const model = await scriptedModel(reply)
      const env = realAgentEnvironment(repository.home, model.url, { ...one, OOMPA_AGENT: 'claude:claude-sonnet-4-5' })
      const loop = loopIn(repository, { env, calls: () => [], probes: () => [] })
      const ended = await loop.run([], { env })
      expect(ended.status, ended.stdout + ended.stderr).toBe(0)
      expect(loop.events('review.ended').map((event) => event.verdict)).toEqual(['rejected', 'rejected', 'approved'])
      expect(readFileSync(path.join(repository.root, 'made.txt'), 'utf8')).toBe('try 3\n')
      // One conversation: the feedback came into the author's own session.
      const prompts = model.requests.filter((request) => request.api === 'anthropic').at(-1)!.prompts
      expect(prompts.some((text) => text.includes('Round 2: not good enough.'))).toBe(true)
      expect(prompts.length).toBeGreaterThanOrEqual(3)
      expect(repository.git(['log', '-1', '--format=%B', 'main'])).toContain('Reviewed-by')
    },
    180_000,
  )

  itWith('claude')(
    'the real claude resolves a real conflict',
    async () => {
      const repository = testRepository({
        'prompts/worker.md': 'Add your line to list.txt.\n',
        'list.txt': 'first\n',
        'oompa.json': JSON.stringify({ permissions: 'bypass' }),
        'hooks/merge.ts': `import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({})\n`,
      })
      const reply: Scenario = ({ tools, turn, prompt }) => {
        if (tools.length === 0) return { text: 'a title' }
        if (prompt.includes('one word: ready')) return { text: 'ready' }
        if (turn > 0) return { text: 'Done.\n\nCOMPLETE_AND_READY_FOR_MERGE' }
        if (prompt.includes('conflict')) {
          return {
            shell: `grep -v '^[<=>|]' list.txt | awk '!seen[$0]++' > mended && mv mended list.txt && git add -A && git commit -qm Mended`,
          }
        }
        return { shell: 'echo "$OOMPA_WORKER" >> list.txt && git add -A && git commit -qm "Add a line"' }
      }
      const model = await scriptedModel(reply)
      const env = realAgentEnvironment(repository.home, model.url, {
        WORKERS: '2',
        ITERATIONS: '1',
        OOMPA_AGENT: 'claude:claude-sonnet-4-5',
      })
      const loop = loopIn(repository, { env, calls: () => [], probes: () => [] })
      const ended = await loop.run([], { env })
      expect(ended.status, ended.stdout + ended.stderr).toBe(0)
      expect(repository.git(['show', 'main:list.txt']).split('\n').sort()).toEqual(['first', 'w1', 'w2'])
    },
    180_000,
  )
})
