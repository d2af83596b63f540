// Hooks of every form are loaded from a copy, and a mistake in one names its file, line and reason.

import { chmodSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { OompaError } from '../../src/errors.js'
import { loadHooks } from '../../src/hooks/load-hooks.js'
import { type TestRepository, temporaryFolder, testRepository } from '../support/repository.js'
import { changeOf, contextFor, runFor } from './context.js'

const SWARM = '01234567'
let repository: TestRepository

beforeEach(() => {
  vi.stubEnv('OOMPA_CACHE', temporaryFolder())
  repository = testRepository({ 'README.md': 'hello\n' })
  repository.git(['branch', 'work'])
  return () => vi.unstubAllEnvs()
})

const load = (extra: Parameters<typeof loadHooks>[1] = {}) =>
  loadHooks(repository.root, { swarm: SWARM, run: runFor(repository), ...extra })

async function verdicts() {
  const hooks = await load()
  const { context } = contextFor(repository)
  return Promise.all(hooks.review.map((hook) => hook(changeOf(repository, 'work'), context)))
}

async function mistake(): Promise<OompaError> {
  const error: unknown = await load().then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof OompaError)) throw new Error(`no OompaError: ${String(error)}`)
  expect(error.status).toBe(2)
  return error
}

test('a repository without hooks gets none', async () => {
  const hooks = await load()
  expect(hooks).toMatchObject({ review: [], approve: [], worktree: [], event: [], agents: [], remarks: [] })
  expect(hooks.merge).toBeUndefined()
})

test('TypeScript, JavaScript and executables are loaded side by side, in name order', async () => {
  const { write } = repository
  write(
    'hooks/review.1.ts',
    `import type { ReviewHook } from 'oompa-loompas'
enum Answer { yes = 'yes, to ' }
export default (async (change) => ({ approved: true, feedback: Answer.yes + change.into })) satisfies ReviewHook
`,
  )
  write('hooks/review.2.mjs', "export default () => ({ approved: false, feedback: 'no', by: 'me' })\n")
  write('hooks/review.3.cjs', "module.exports = () => ({ approved: 'unavailable', feedback: 'later' })\n")
  write('hooks/review.4.js', 'export default () => ({ approved: true })\n')
  write('hooks/review.5.sh', '#!/bin/sh\ncat > /dev/null\necho "from $OOMPA_WORKER"\nexit 1\n', 0o755)
  expect(await verdicts()).toEqual([
    { approved: true, feedback: 'yes, to main', by: 'hooks/review.1.ts' },
    { approved: false, feedback: 'no', by: 'me' },
    { approved: 'unavailable', feedback: 'later', by: 'hooks/review.3.cjs' },
    { approved: true, by: 'hooks/review.4.js' },
    { approved: false, feedback: 'from w1', by: 'hooks/review.5.sh' },
  ])
})

test('a hook uses files beside it, files outside hooks/, packages of the repository and top-level await', async () => {
  const { write } = repository
  write('hooks/lib/words.ts', "export const word = 'beside'\n")
  write('scripts/rule.ts', "import { tail } from './tail.js'\nexport const rule = 'outside' + tail\n")
  write('scripts/tail.ts', "export const tail = '!'\n")
  write('node_modules/some-package/package.json', '{"name":"some-package","type":"module","exports":"./index.js"}')
  write('node_modules/some-package/index.js', "export const name = 'package'\n")
  write(
    'hooks/review.ts',
    `import { word } from './lib/words.js'
import { rule } from '../scripts/rule.js'
import { name } from 'some-package'
const late: string = await Promise.resolve('late')
export default () => ({ approved: false, feedback: [word, rule, name, late].join(' ') })
`,
  )
  expect(await verdicts()).toMatchObject([{ feedback: 'beside outside! package late' }])
})

test('a hook that imports oompa-loompas gets the package that is running, without node_modules', async () => {
  repository.write(
    'hooks/review.ts',
    "import * as oompa from 'oompa-loompas'\nexport default () => ({ approved: false, feedback: Object.keys(oompa).join() })\n",
  )
  const ours = await import('../../src/index.js')
  const [verdict] = await verdicts()
  expect(verdict).toMatchObject({ approved: false })
  for (const name of Object.keys(ours)) expect(verdict?.feedback).toContain(name)
})

test('what runs is what was there at the start, whatever is edited afterwards', async () => {
  const { write, root } = repository
  write('hooks/lib.sh', 'answer() { echo "as it was"; exit 1; }\n')
  write('hooks/review.1.sh', '#!/bin/sh\n. "$(dirname "$0")/lib.sh"\nanswer\n', 0o755)
  write('hooks/late.ts', "export default 'as it was'\n")
  write(
    'hooks/review.2.ts',
    "export default async () => ({ approved: false, feedback: (await import('./late.js')).default })\n",
  )
  const events: string[] = []
  const hooks = await load({ emit: (event) => events.push(event.type === 'note' ? event.text : event.type) })
  write('hooks/lib.sh', 'answer() { echo changed; exit 0; }\n')
  write('hooks/review.1.sh', '#!/bin/sh\nexit 0\n', 0o755)
  write('hooks/review.2.ts', 'export default () => ({ approved: true })\n')
  write('hooks/late.ts', "export default 'changed'\n")
  write('hooks/review.zz.sh', '#!/bin/sh\nexit 0\n', 0o755)
  // An agent that knows where the copies are does not get further.
  const copy = path.join(root, '.oompa/runs', SWARM, 'start/hooks')
  chmodSync(path.join(copy, 'lib.sh'), 0o644)
  writeFileSync(path.join(copy, 'lib.sh'), 'answer() { exit 0; }\n')
  const { context } = contextFor(repository)
  const change = changeOf(repository, 'work')
  expect(hooks.review).toHaveLength(2)
  expect(await Promise.all(hooks.review.map((hook) => hook(change, context)))).toMatchObject([
    { approved: false, feedback: 'as it was' },
    { approved: false, feedback: 'as it was' },
  ])
  expect(events.join()).toMatch(/start\/hooks\/lib\.sh was changed while the swarm ran/)
  expect(readFileSync(path.join(copy, 'lib.sh'), 'utf8')).toContain('as it was')
})

test('an executable behind a link is copied, and one outside hooks/ that it calls is found', async () => {
  const { write, root } = repository
  write('scripts/check.sh', '#!/bin/sh\necho checked; exit 1\n', 0o755)
  const script = write('scripts/review.sh', '#!/bin/sh\nexec "$(dirname "$0")/../scripts/check.sh"\n', 0o755)
  write('hooks/README.md', 'notes\n')
  symlinkSync(script, path.join(root, 'hooks/review'))
  const hooks = await load()
  write('scripts/review.sh', '#!/bin/sh\nexit 0\n', 0o755)
  const { context } = contextFor(repository)
  expect(await hooks.review[0]?.(changeOf(repository, 'work'), context)).toMatchObject({ feedback: 'checked' })
})

test('a syntax error names file, line and reason', async () => {
  repository.write('hooks/review.ts', 'const a = 1\nexport default (=> a\n')
  const error = await mistake()
  expect(error.message).toMatch(/^Cannot load hooks\/review\.ts:2: it is not valid: Unexpected token/)
})

test('an import that is not there names the line of the import', async () => {
  repository.write('hooks/review.ts', "\nimport { x } from './nowhere.js'\nexport default x\n")
  expect((await mistake()).message).toBe(
    "Cannot load hooks/review.ts:2: it imports './nowhere.js', which is not there.",
  )
})

test('a hook that throws while it is loaded names its line', async () => {
  repository.write('hooks/approve.ts', "\n\nthrow new Error('no rules yet')\nexport default 1\n")
  expect((await mistake()).message).toBe('Cannot load hooks/approve.ts:3: no rules yet.')
})

test.each([
  ['review.ts', 'export const rule = 1\n', /hooks\/review\.ts has no default export: it has to be a function/],
  ['merge.ts', 'export default { test: 1 }\n', /hooks\/merge\.ts exports an object with test by default/],
  ['tasks.mjs', "export default { name: 'x', list() {} }\n", /it has to be a task store/],
  ['agent.ts', 'export default () => 1\n', /it has to be an agent/],
  ['event.ts', "export default 'tell me'\n", /exports a string by default/],
])('a wrong default export of hooks/%s is named', async (name, content, message) => {
  repository.write(`hooks/${name}`, content)
  expect((await mistake()).message).toMatch(message)
})

test('what is compiled is kept by content, so that the next swarm compiles nothing', async () => {
  repository.write('hooks/review.ts', 'export default (async (): Promise<unknown> => ({ approved: true }))\n')
  await load()
  const cache = process.env.OOMPA_CACHE ?? ''
  const { readdirSync } = await import('node:fs')
  const kept = () => readdirSync(cache, { recursive: true }).filter((name) => String(name).endsWith('.js'))
  expect(kept()).toHaveLength(1)
  await loadHooks(repository.root, { swarm: '89abcdef' })
  expect(kept()).toHaveLength(1)
})
