import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { level1, level2, type TestLoop, until } from '../support/loop.js'

const works =
  'cd "$OOMPA_WORKTREE" && echo "$OOMPA_WORKER" > "$OOMPA_WORKER.txt" && git add -A && git commit -qm "Work of $OOMPA_WORKER"; echo done'

interface Work {
  name: string
  ref: string
  swarm?: string
  task?: string
  reason: string
  files: string[]
  commits: number
  unsaved: number
}

async function listed(loop: TestLoop): Promise<Work[]> {
  const ended = await loop.oompa(['salvage', '--json'])
  return JSON.parse(ended.stdout)
}

describe('oompa salvage', () => {
  test('lists work that did not land with where it came from and why, and lands it when asked, with its task', async () => {
    const loop = level2(works, {
      // The test fails until the person has mended what it needs.
      config: { merge: { test: 'test -e "$HOME/mended"' } },
      files: {
        'hooks/tasks.mjs': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n",
        'tasks/pending/one.json': '{ "id": "one", "summary": "The first" }\n',
      },
    })
    const { root } = loop.repository
    expect((await loop.run()).status).toBe(1)
    const [id = ''] = loop.swarms()
    const [work] = await listed(loop)
    expect(work).toMatchObject({ name: `${id}/w1-1`, swarm: id, task: 'one', commits: 1, files: ['w1.txt'] })
    expect(work?.reason).toContain('test')
    const words = await loop.oompa(['salvage'])
    expect(words.status).toBe(0)
    expect(words.stdout).toContain(`${id}/w1-1: 1 commit, 1 file, task one`)

    // Not by going round the test.
    const refused = await loop.oompa(['salvage', id])
    expect(refused.status).toBe(4)
    expect(refused.stdout).toContain('stays (test)')
    expect(existsSync(path.join(root, 'tasks/pending/one.json'))).toBe(true)
    expect(loop.refs('refs/oompa/kept/')).toHaveLength(1)

    loop.repository.write('../home/mended', '')
    const landed = await loop.oompa(['salvage', `${id}/w1-1`])
    expect(landed.status, landed.stdout + landed.stderr).toBe(0)
    expect(loop.repository.git(['show', 'main:w1.txt'])).toBe('w1')
    expect(existsSync(path.join(root, 'tasks/complete/one.json'))).toBe(true)
    expect(loop.refs('refs/oompa/kept/')).toEqual([])
    expect(loop.events('landing.landed')).toMatchObject([{ worker: 'w1', iteration: 1 }])
    expect(loop.events('task.completed')).toMatchObject([{ worker: 'w1', iteration: 1, task: 'one' }])
    expect(loop.repository.git(['status', '--porcelain'])).toBe('')
    expect((await loop.oompa(['salvage'])).status).toBe(3)
    expect((await loop.oompa(['salvage', id])).status).toBe(3)
    expect((await loop.oompa(['salvage', 'w9-9'])).status).toBe(2)
  })

  test('asks the reviewers: what they reject stays', async () => {
    const loop = level2(works, {
      files: {
        'hooks/review.mjs': `import { existsSync } from 'node:fs'
export default (change) => existsSync(process.env.HOME + '/fine') ? { approved: true } : { approved: false, feedback: 'Not like this.' }
`,
      },
    })
    await loop.run()
    const refused = await loop.oompa(['salvage', '--land'])
    expect(refused.status).toBe(4)
    expect(refused.stdout).toContain('Not like this.')
    expect(loop.repository.git(['log', '--format=%s', 'main'])).toBe('Start')
    loop.repository.write('../home/fine', '')
    expect((await loop.oompa(['salvage', '--land'])).status).toBe(0)
    expect(loop.repository.git(['show', 'main:w1.txt'])).toBe('w1')
  })

  test('what touches a protected file waits for a person all the same', async () => {
    const loop = level2('cd "$OOMPA_WORKTREE" && echo more >> prompts/worker.md && touch "$HOME/wrote" && sleep 1000')
    const running = loop.start()
    await until(() => existsSync(path.join(loop.repository.home, 'wrote')), 'the agent to write')
    running.child.kill('SIGINT')
    await running.ended
    const ended = await loop.oompa(['salvage', '--land'])
    expect(ended.status).toBe(4)
    expect(ended.stdout).toContain('oompa approve')
    expect(loop.repository.git(['log', '--format=%s', 'main'])).toBe('Start')
    const [work] = JSON.parse((await loop.oompa(['approvals', '--json'])).stdout)
    expect((await loop.oompa(['approve', work.id])).status).toBe(0)
    expect((await loop.oompa(['salvage'])).status).toBe(3)
  })

  test('at level 1 it lands branches and what is unsaved in their worktrees; --dry-run only lists', async () => {
    const loop = level1(
      'cd "$OOMPA_WORKTREE"; echo "$OOMPA_WORKER" > "$OOMPA_WORKER.txt"; [ "$OOMPA_WORKER" = w1 ] || { git add -A; git commit -qm work; }; echo done',
    )
    await loop.run([], { env: { ...loop.env, WORKERS: '2', ITERATIONS: '1' } })
    const works = await listed(loop)
    expect(works.map(({ name, unsaved }) => [name, unsaved])).toEqual([
      ['oompa/w1-i1', 1],
      ['oompa/w2-i1', 0],
    ])
    const [id = ''] = loop.swarms()
    expect((await loop.oompa(['salvage', id, '--dry-run'])).status).toBe(0)
    expect(loop.repository.git(['log', '--format=%s', 'main'])).toBe('Start')
    expect((await loop.oompa(['salvage', id])).status).toBe(0)
    for (const worker of ['w1', 'w2']) expect(loop.repository.git(['show', `main:${worker}.txt`])).toBe(worker)
    expect(loop.repository.git(['status', '--porcelain'])).toBe('')
  })

  test('leaves a running swarm alone', async () => {
    const loop = level2(
      'cd "$OOMPA_WORKTREE"; echo x > x; git add x; git commit -qm x; touch "$HOME/wrote"; sleep 1000',
    )
    const running = loop.start()
    await until(() => existsSync(path.join(loop.repository.home, 'wrote')), 'the agent to write')
    expect((await loop.oompa(['salvage'])).status).toBe(3)
    running.child.kill('SIGINT')
    await running.ended
    expect(await listed(loop)).toHaveLength(1)
  })
})
