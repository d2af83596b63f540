import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { scriptedAgent } from '../support/agents.js'
import { loopIn, type TestLoop } from '../support/loop.js'
import { testRepository } from '../support/repository.js'

const merge = (options: string) => `import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue(${options})\n`

/** A repository with `hooks/merge.ts` and a scripted `claude`. */
function withMerge(body: string, options = '{}', files: Readonly<Record<string, string>> = {}): TestLoop {
  const repository = testRepository({
    'prompts/worker.md': 'Match spec.md.\n',
    'spec.md': 'A spec.\n',
    'hooks/merge.ts': merge(options),
    ...files,
  })
  return loopIn(repository, scriptedAgent(repository, body))
}

const one = { WORKERS: '1', ITERATIONS: '1' }
const firstParents = (loop: TestLoop) =>
  loop.repository.git(['log', '--first-parent', '--format=%s', 'main']).split('\n')

describe('level 2', () => {
  test('agents work in their worktree, are told who lands it, and what they leave uncommitted lands', async () => {
    const loop = withMerge('echo work > made.txt')
    const ended = await loop.run([], { env: { ...loop.env, ...one } })
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    const [call] = loop.agent.calls()
    const [swarm] = loop.swarms()
    expect(call!.cwd).toBe(path.join(loop.repository.root, '.w1-i1'))
    expect(call!.input.startsWith(`[oompa:${swarm}:w1] `)).toBe(true)
    expect(call!.input.trimEnd().split('\n').at(-1)).toContain('The loop lands your work on main')
    expect(readFileSync(path.join(loop.repository.root, 'made.txt'), 'utf8')).toBe('work\n')
    expect(loop.repository.git(['status', '--porcelain'])).toBe('')
    expect(loop.repository.git(['worktree', 'list']).split('\n')).toHaveLength(1)
    expect(loop.refs('refs/heads/oompa')).toEqual([])
    expect(loop.events('landing.landed')).toHaveLength(1)
  })

  test('what is committed in the worktree after the change that landed is kept, and said', async () => {
    const late = 'git -C $OOMPA_ROOT/.w1-i1 commit -q --allow-empty -m Late'
    const loop = withMerge('echo work > made.txt', `{ test: '${late}' }`)
    const ended = await loop.run([], { env: { ...loop.env, ...one } })
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(loop.events('iteration.ended')[0]).toMatchObject({ outcome: 'landed' })
    const [kept] = loop.events('work.kept')
    expect(kept).toMatchObject({ reason: 'it was committed after the landing' })
    expect(loop.repository.git(['log', '-1', '--format=%s', kept!.ref])).toBe('Late')
    expect(loop.repository.git(['log', '--format=%s', 'main'])).not.toContain('Late')
  })

  test('an agent that ends at once leaves its files to the next iteration: one checkout, not one for each', async () => {
    const loop = withMerge('echo $OOMPA_ITERATION > made.txt; ls -di . | grep -o "[0-9]*" >> $OOMPA_ROOT/../folders')
    const ended = await loop.run([], { env: { ...loop.env, WORKERS: '1', ITERATIONS: '3' } })
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    const folders = readFileSync(path.join(loop.repository.root, '../folders'), 'utf8').trim().split('\n')
    expect(folders).toHaveLength(3)
    expect(new Set(folders).size).toBe(1)
  })

  test('a failed test goes back to the author, twice; then the work is kept and main has not moved', async () => {
    const loop = withMerge('echo broken >> made.txt', `{ test: 'grep -q good made.txt', retries: 0 }`, {
      'made.txt': 'good\n',
    })
    const author = scriptedAgent(loop.repository, 'echo broken > made.txt')
    const ended = await loop.run([], { env: { ...author.env, ...one } })
    expect(ended.status).toBe(1)
    const calls = author.calls()
    expect(calls).toHaveLength(3)
    expect(calls[1]!.input).toContain('grep -q good made.txt')
    expect(firstParents(loop)).toEqual(['Start'])
    expect(loop.events('landing.refused').map((event) => event.reason)).toEqual(['test', 'test', 'test'])
    const [swarm] = loop.swarms()
    expect(loop.repository.git(['show', `refs/oompa/kept/${swarm}/w1-1:made.txt`])).toBe('broken')
  })

  test('a conflict is brought to its author, whose mended work lands', async () => {
    const loop = withMerge(
      `if grep -q '^<<<<<<<' list.txt; then grep -v '^[<=>|]' list.txt > mended && mv mended list.txt
       else echo "$OOMPA_WORKER" >> list.txt; fi
       [ "$OOMPA_WORKER" = w1 ] || sleep 0.3`,
      '{}',
      { 'list.txt': 'first\n' },
    )
    const ended = await loop.run([], { env: { ...loop.env, WORKERS: '3', ITERATIONS: '1' } })
    expect(ended.status, ended.stdout).toBe(0)
    const lines = readFileSync(path.join(loop.repository.root, 'list.txt'), 'utf8').trim().split('\n').sort()
    expect(lines).toEqual(['first', 'w1', 'w2', 'w3'])
    expect(loop.events('landing.landed')).toHaveLength(3)
  })

  test('a person’s uncommitted edits stay to the byte; one that overlaps makes only that landing wait', async () => {
    const loop = withMerge('echo "$OOMPA_WORKER" > "$OOMPA_WORKER.txt"; sleep 0.2', '{}', {
      'w1.txt': 'mine\n',
      'other.txt': 'o\n',
    })
    const { root } = loop.repository
    writeFileSync(path.join(root, 'other.txt'), 'edited\n')
    writeFileSync(path.join(root, 'w1.txt'), 'my own edit\n')
    const running = loop.start([], { env: { ...loop.env, WORKERS: '2', ITERATIONS: '1' } })
    await running.prints(/w1\.txt/)
    await running.prints(/\[w2\] landed/)
    expect(readFileSync(path.join(root, 'w1.txt'), 'utf8')).toBe('my own edit\n')
    writeFileSync(path.join(root, 'w1.txt'), 'mine\n')
    const ended = await running.ended
    expect(ended.status, ended.stdout).toBe(0)
    expect(readFileSync(path.join(root, 'w1.txt'), 'utf8')).toBe('w1\n')
    expect(readFileSync(path.join(root, 'other.txt'), 'utf8')).toBe('edited\n')
  })

  test('an agent that merges by itself is refused by git, and its work lands all the same', async () => {
    const loop = withMerge(
      'echo work > made.txt; git add -A; git commit -qm work; git -C "$OOMPA_ROOT" merge "$OOMPA_BRANCH" > "$HOME/merge" 2>&1 || echo refused',
    )
    const ended = await loop.run([], { env: { ...loop.env, ...one } })
    expect(ended.status).toBe(0)
    expect(ended.stdout).toContain('refused')
    expect(readFileSync(path.join(loop.repository.home, 'merge'), 'utf8')).toContain('not yours to move')
    expect(firstParents(loop)).toHaveLength(2)
  })

  test('a target that a worker moved all the same is noticed: landing stops, status 1, nothing is moved back', async () => {
    const loop = withMerge(
      `echo work > made.txt; git add -A; git commit -qm work
       env -u GIT_CONFIG_COUNT git -C "$OOMPA_ROOT" -c core.hooksPath=/dev/null merge -q "$OOMPA_BRANCH"`,
    )
    const ended = await loop.run([], { env: { ...loop.env, ...one } })
    expect(ended.status).toBe(1)
    expect(ended.stdout).toContain('git log --oneline')
    expect(loop.events('landing.bypassed')).toHaveLength(1)
    expect(firstParents(loop)).toContain('work')
  })

  test('what touches a protected path waits for a person, and oompa approve lands it', async () => {
    const loop = withMerge('echo "export default () => ({ approved: true })" > hooks/review.zz.ts')
    const ended = await loop.run([], { env: { ...loop.env, ...one } })
    expect(ended.status).toBe(0)
    expect(existsSync(path.join(loop.repository.root, 'hooks/review.zz.ts'))).toBe(false)
    const waiting = JSON.parse((await loop.oompa(['approvals', '--json'])).stdout)
    expect(waiting).toHaveLength(1)
    expect(waiting[0].files).toEqual(['hooks/review.zz.ts'])
    const approved = await loop.oompa(['approve', waiting[0].id])
    expect(approved.status, approved.stderr).toBe(0)
    expect(existsSync(path.join(loop.repository.root, 'hooks/review.zz.ts'))).toBe(true)
  })

  test('a worktree that an earlier run left is not landed by surprise, and not lost', async () => {
    const loop = withMerge('echo new > new.txt')
    const { repository } = loop
    repository.git(['worktree', 'add', '-q', '.w1-i1', '-b', 'oompa/w1-i1'])
    writeFileSync(path.join(repository.root, '.w1-i1/old.txt'), 'old\n')
    const ended = await loop.run([], { env: { ...loop.env, ...one } })
    expect(ended.status).toBe(0)
    expect(existsSync(path.join(repository.root, 'old.txt'))).toBe(false)
    const [kept] = loop.refs('refs/oompa/kept')
    expect(repository.git(['show', `${kept}:old.txt`])).toBe('old')
    expect(readFileSync(path.join(repository.root, 'new.txt'), 'utf8')).toBe('new\n')
  })

  test('workers in oompa.json land without a hook, and CLAIM(…) is answered in the conversation', async () => {
    const repository = testRepository({
      'prompts/worker.md': 'Match spec.md.\n',
      'oompa.json': JSON.stringify({ workers: [{ model: 'claude', count: 1, iterations: 1 }] }),
      'tasks/pending/a.edn': '{:id "a" :summary "Do a"}\n',
      'tasks/pending/b.json': '{"id": "b", "summary": "Do b", "depends_on": ["a"]}\n',
      'tasks/current/.gitkeep': '',
      'tasks/complete/.gitkeep': '',
    })
    const agent = scriptedAgent(
      repository,
      `if grep -q 'already-taken\\|dependency-missing' "$INPUT"; then echo done > a.txt; echo COMPLETE_AND_READY_FOR_MERGE
       else echo 'CLAIM(a, b, none)'; fi`,
    )
    const loop = loopIn(repository, agent)
    const ended = await loop.run()
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    const answer = agent.calls()[1]!.input
    expect(answer).toMatch(/a\b.*claimed/)
    expect(answer).toMatch(/b\b.*dependency-missing/)
    expect(answer).toMatch(/none\b.*not-found/)
    expect(repository.git(['ls-tree', '-r', '--name-only', 'main', 'tasks']).split('\n')).toContain(
      'tasks/complete/a.edn',
    )
    expect(repository.git(['status', '--porcelain'])).toBe('')
  })
})
