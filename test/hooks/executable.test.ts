// What executable hooks read, where they run, and when they are believed.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { agentName } from '../../src/hooks/executable-agent.js'
import { loadHooks } from '../../src/hooks/load-hooks.js'
import { type TestRepository, temporaryFolder, testRepository } from '../support/repository.js'
import { changeOf, contextFor, runFor } from './context.js'

let repository: TestRepository

beforeEach(() => {
  vi.stubEnv('OOMPA_CACHE', temporaryFolder())
  repository = testRepository()
  repository.git(['checkout', '-q', '-b', 'work'])
  repository.commit('Work', { 'new file.txt': 'new\n' })
  repository.git(['checkout', '-q', 'main'])
  return () => vi.unstubAllEnvs()
})

const load = () => loadHooks(repository.root, { swarm: '01234567', run: runFor(repository) })

test('an executable review reads JSON, has the commits in its environment, and a detached worktree of its own', async () => {
  repository.write(
    'hooks/review',
    `#!/bin/sh
cat > "$OOMPA_ROOT/../input.json"
git diff --name-only "$OOMPA_BASE" "$OOMPA_COMMIT"
cat "new file.txt"
git rev-parse --abbrev-ref HEAD
echo scribble > scribble.txt
[ "$OOMPA_WORKTREE" = "$(pwd)" ] || echo elsewhere
pwd > "$OOMPA_ROOT/../where"
exit 1
`,
    0o755,
  )
  const { context } = contextFor(repository)
  const change = changeOf(repository, 'work')
  const verdict = await (await load()).review[0]?.(change, context)
  expect(verdict?.feedback).toBe(
    '"new file.txt"\nnew\nHEAD\n(It edited scribble.txt; that was thrown away.)'.replace(
      '"new file.txt"',
      'new file.txt',
    ),
  )
  const input: unknown = JSON.parse(readFileSync(path.join(repository.root, '../input.json'), 'utf8'))
  expect(input).toMatchObject({
    hook: 'review',
    worker: 'w1',
    iteration: 1,
    round: 1,
    rounds: [],
    change: {
      commit: change.commit,
      base: change.base,
      into: 'main',
      files: [{ path: 'new file.txt', status: 'added' }],
    },
  })
  const where = readFileSync(path.join(repository.root, '../where'), 'utf8').trim()
  expect(where).not.toContain(repository.root)
  expect(existsSync(where)).toBe(false)
  expect(repository.git(['worktree', 'list', '--porcelain'])).not.toContain(where)
  expect(existsSync(path.join(repository.root, 'scribble.txt'))).toBe(false)
})

const LAND = `#!/bin/sh
set -e
git merge -q --no-ff -m Land "$OOMPA_COMMIT" >&2
git rev-parse HEAD
`

test('an executable merge is believed when git shows the landing', async () => {
  repository.write('hooks/merge.sh', LAND, 0o755)
  const { context } = contextFor(repository)
  const change = changeOf(repository, 'work')
  const landing = await (await load()).merge?.(change, context)
  expect(landing).toEqual({ commit: repository.git(['rev-parse', 'main']), into: 'main', mergedCommit: change.commit })
})

test('an executable merge that squashes is believed, without a merged commit', async () => {
  repository.write(
    'hooks/merge.sh',
    '#!/bin/sh\nset -e\ngit merge -q --squash "$OOMPA_COMMIT" >&2\ngit commit -q -m S\ngit rev-parse HEAD\n',
    0o755,
  )
  const { context } = contextFor(repository)
  const landing = await (await load()).merge?.(changeOf(repository, 'work'), context)
  expect(landing).toEqual({ commit: repository.git(['rev-parse', 'main']), into: 'main' })
})

test.each([
  ['exit 0', 'it printed no commit'],
  ['echo all done', 'its last line, `all done`, names no commit'],
  ['git rev-parse main', 'does not contain the work of work'],
  ['git rev-parse work', 'is not in the history of main'],
])('an executable merge that does only `%s` has not landed', async (script, why) => {
  repository.write('hooks/merge', `#!/bin/sh\n${script}\n`, 0o755)
  const { context } = contextFor(repository)
  const answer = await (await load()).merge?.(changeOf(repository, 'work'), context)
  expect(answer).toMatchObject({ refused: 'policy', final: true, feedback: expect.stringContaining(why) })
})

test('an executable merge that ends with 1 refuses, and its author may mend it', async () => {
  repository.write('hooks/merge', '#!/bin/sh\necho rebase first\nexit 1\n', 0o755)
  const { context } = contextFor(repository)
  expect(await (await load()).merge?.(changeOf(repository, 'work'), context)).toEqual({
    refused: 'policy',
    feedback: 'rebase first',
  })
})

test('an executable event hook gets one event after the other', async () => {
  repository.write(
    'hooks/event.sh',
    '#!/bin/sh\nread -r line\necho "$OOMPA_EVENT $line" >> "$OOMPA_ROOT/../events"\n',
    0o755,
  )
  const [hook] = (await load()).event
  await Promise.all([
    hook?.({ type: 'note', text: 'first', at: 'a', swarm: 's' }),
    hook?.({ type: 'agent.activity', text: 'too many of these', at: 'a', swarm: 's' }),
    hook?.({ type: 'note', text: 'second', at: 'b', swarm: 's' }),
  ])
  expect(readFileSync(path.join(repository.root, '../events'), 'utf8')).toBe(
    'note {"hook":"event","event":{"type":"note","text":"first","at":"a","swarm":"s"}}\n' +
      'note {"hook":"event","event":{"type":"note","text":"second","at":"b","swarm":"s"}}\n',
  )
})

test('an executable task store answers operations', async () => {
  repository.write(
    'hooks/tasks',
    `#!/bin/sh
cat > /dev/null
case "$OOMPA_OPERATION" in
  list) echo '{"pending":[{"id":"a","summary":"A","waitsFor":["b"]}]}' ;;
  claim) echo '{"id":"b","summary":"B","priority":1}' ;;
  complete) echo 'not yours any more'; exit 1 ;;
  *) exit 9 ;;
esac
`,
    0o755,
  )
  const store = (await load()).tasks
  expect((await store?.list())?.pending).toMatchObject([{ id: 'a', ready: false, waitsFor: ['b'] }])
  const answer = await store?.claim({ claimer: { worker: 'w1' } })
  expect(answer).toMatchObject({
    answer: 'claimed',
    claim: { task: { id: 'b', priority: 1 }, holder: { worker: 'w1' } },
  })
  if (answer?.answer !== 'claimed') throw new Error('not claimed')
  await expect(store?.complete(answer.claim, { by: 'w1', at: '' })).rejects.toMatchObject({
    code: 'not-yours',
    status: 4,
  })
  await expect(store?.release(answer.claim, 'x')).rejects.toThrow(/ended with status 9 on release/)
})

test('an executable agent takes its name from its file, and its final message is all of standard output', async () => {
  expect(['agent', 'agent.sh', 'agent.mine', 'agent.mine.py'].map(agentName)).toEqual([
    'agent',
    'agent',
    'mine',
    'mine',
  ])
  repository.write('hooks/agent.mine.sh', '#!/bin/sh\ncat\n', 0o755)
  const [agent] = (await load()).agents
  const turn = { spec: { harness: 'mine' }, form: 'text', permissions: 'inherit' } as const
  expect(agent?.command(turn).file).toMatch(/start\/hooks\/agent\.mine\.sh$/)
  const reader = agent?.reader(turn)
  reader?.read('one\n')
  reader?.read('two\n')
  expect(reader?.end({ status: 0, signal: null, stderr: '' })).toEqual({ text: 'one\ntwo\n', denials: [] })
  expect(reader?.end({ status: 1, signal: null, stderr: 'bad' }).failure?.message).toContain('bad')
})
