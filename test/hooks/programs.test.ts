import { chmodSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parseAgentSpec } from '../../src/agents/spec.js'
import { findHooks } from '../../src/hooks/find.js'
import { type ProgramSources, programsOf } from '../../src/hooks/programs.js'
import { uncommittedJudges, uncommittedWords } from '../../src/hooks/uncommitted.js'
import { temporaryFolder, testRepository } from '../support/repository.js'

const SCRIPT = '#!/bin/sh\nexit 0\n'
const NONE: Pick<ProgramSources, 'hooks' | 'settings'> = {
  hooks: { review: [] },
  settings: { reviewers: [], workers: [] },
}

/** A repository of these files, `mode` 755 for those that begin with `#!`. */
function repositoryWith(files: Readonly<Record<string, string>>) {
  const repository = testRepository(files)
  for (const [file, text] of Object.entries(files)) {
    if (text.startsWith('#!')) chmodSync(path.join(repository.root, file), 0o755)
  }
  repository.commit('Modes')
  return repository
}

/** The paths that are found. */
function found(files: Readonly<Record<string, string>>, sources: Partial<typeof NONE> = {}): string[] {
  const { root } = repositoryWith(files)
  return programsOf(root, { ...NONE, ...sources, found: findHooks(root) }).map((one) => one.path)
}

test.each([
  ['a path from the root', '#!/bin/sh\n./tools/x.sh\n'],
  ['one in a substitution', '#!/bin/sh\nresult=$(tools/x.sh "$1")\n'],
  ['one behind a variable', '#!/bin/sh\nexec "$OOMPA_ROOT/tools/x.sh"\n'],
  ['one behind a variable in braces', '#!/bin/sh\n$' + '{OOMPA_ROOT}/tools/x.sh\n'],
  ['one beside the hook', '#!/bin/sh\n"$(dirname "$0")/../tools/x.sh"\n'],
  ['one beside the hook, by its full path', '#!/bin/sh\n"$(cd "$(dirname "$0")/.." && pwd)/tools/x.sh"\n'],
])('a script of a review hook: %s', (_what, hook) => {
  expect(found({ 'hooks/review.sh': hook, 'tools/x.sh': SCRIPT, 'tools/y.sh': SCRIPT })).toEqual(['tools/x.sh'])
})

test.each([
  ['a line of shell', "context.run('./tools/x.sh --strict')"],
  ['argv', "context.run(['tools/x.sh'])"],
  ['zx', '$`./tools/x.sh`'],
  ['a path with the root', 'context.run([`$' + '{context.root}/tools/x.sh`])'],
  ['a path that is joined', "context.run([path.join(context.root, 'tools', 'x.sh')])"],
  ['an agent that it asks', "context.ask('command:./tools/x.sh', 'Judge.', {})"],
])('a script of hooks/approve.ts: %s', (_what, call) => {
  const hook = `export default async (change, context) => { await ${call}; return { approved: true } }\n`
  expect(found({ 'hooks/approve.ts': hook, 'tools/x.sh': SCRIPT })).toEqual(['tools/x.sh'])
})

test('a file that cannot be run by itself counts where an interpreter is given it, or it is loaded', () => {
  const files = {
    'hooks/review.sh': '#!/bin/sh\nset -e\n. tools/common.sh\npython3 -u tools/check.py\ncat tools/rules.txt\n',
    'hooks/approve.ts': "import { rule } from '../tools/rule.js'\nexport default rule\n",
    'tools/common.sh': 'x=1\n',
    'tools/check.py': 'import rules\nfrom lib.more import all\n',
    'tools/rules.py': 'x = 1\n',
    'tools/lib/more.py': 'all = 1\n',
    'tools/rules.txt': 'none\n',
    'tools/rule.ts': "import './deep'\nexport const rule = () => ({ approved: true })\n",
    'tools/deep.js': '',
  }
  expect(found(files)).toEqual([
    'tools/check.py',
    'tools/common.sh',
    'tools/deep.js',
    'tools/lib/more.py',
    'tools/rule.ts',
    'tools/rules.py',
  ])
})

test('what a program runs in its turn counts, and what runs each other ends', () => {
  const files = {
    'hooks/review.sh': '#!/bin/sh\ntools/a.sh\n',
    'tools/a.sh': '#!/bin/sh\n"$(dirname "$0")/b.sh"\n',
    'tools/b.sh': '#!/bin/sh\ntools/a.sh\n',
  }
  expect(found(files)).toEqual(['tools/a.sh', 'tools/b.sh'])
})

test('files that a hook only speaks of are nobody’s judge, also on a disk where every file may be executed', () => {
  const { root } = testRepository({
    'hooks/approve.ts':
      "// see src/api.ts\nexport default (change) => change.files.includes('src/api.ts') ? { wait: 'x' } : { approved: true }\n",
    'src/api.ts': 'export {}\n',
  })
  chmodSync(path.join(root, 'src/api.ts'), 0o755)
  expect(programsOf(root, { ...NONE, found: findHooks(root) })).toEqual([])
})

test('what only prepares, lists or is told does not judge, and neither does the test of a ready-made queue', () => {
  const hook = (text: string) => `export default ${text}\n`
  const files = {
    'hooks/merge.ts': hook("mergeQueue({ test: './tools/x.sh' })"),
    'hooks/worktree.ts': hook("setup({ run: './tools/x.sh' })"),
    'hooks/event.ts': hook("notify({ run: './tools/x.sh' })"),
    'hooks/review.sample.ts': hook("'./tools/x.sh'"),
    'hooks/agent.ts': hook("command('./tools/x.sh')"),
    'tools/x.sh': SCRIPT,
  }
  const merge = Object.assign(() => ({ refused: 'policy' as const, feedback: '' }), { options: {} })
  expect(found(files, { hooks: { review: [], merge } })).toEqual([])
  expect(found(files), 'a merge hook of one’s own').toEqual(['tools/x.sh'])
  const review = [Object.assign(() => ({ approved: true as const }), { agents: ['mine'] })]
  expect(found(files, { hooks: { review, merge } }), 'an agent that reviews').toEqual(['tools/x.sh'])
})

test('the program of a reviewer counts, wherever it is named; one on the PATH or outside does not', () => {
  const files = { judge: SCRIPT, 'tools/j.sh': SCRIPT }
  const reviewers = ['command:./judge', 'command:judge', 'command:/bin/sh', 'claude:opus'].map((text) => ({
    agent: parseAgentSpec(text),
    prompts: [],
  }))
  const review = [Object.assign(() => ({ approved: true as const }), { agents: ['command:tools/j.sh'] })]
  expect(found(files, { settings: { reviewers, workers: [] } })).toEqual(['judge'])
  expect(found(files, { hooks: { review } })).toEqual(['tools/j.sh'])
})

test('nothing outside of the repository, in it of git or of packages, and no folder', () => {
  const repository = repositoryWith({
    'hooks/review.sh':
      '#!/bin/sh\nsh ../out.sh; sh .git/x; sh node_modules/a/x; sh tools; sh nowhere.sh; sh tools/link.sh\n',
    'node_modules/a/x': SCRIPT,
    'tools/x.sh': SCRIPT,
  })
  repository.write('.git/x', SCRIPT, 0o755)
  symlinkSync('x.sh', path.join(repository.root, 'tools/link.sh'))
  const programs = programsOf(repository.root, { ...NONE, found: findHooks(repository.root) })
  expect(programs).toEqual([{ path: 'tools/link.sh', by: 'hooks/review.sh' }])
})

test('what judges and is not committed is named, with the command that commits it', async () => {
  const repository = testRepository({
    'hooks/review.ts': 'export default 1\n',
    'hooks/merge.ts': 'export default 1\n',
    'hooks/merge.sample.ts': '',
    'tools/x.sh': SCRIPT,
    'src/a.ts': '',
    '.gitignore': 'hooks/event.ts\n',
  })
  const { root } = repository
  const settings = {
    file: path.join(root, 'my.json'),
    workers: [],
    reviewers: [{ agent: parseAgentSpec('claude'), prompts: ['docs/judge.md'] }],
  }
  const programs = [{ path: 'tools/x.sh', by: 'hooks/review.ts' }]
  expect(uncommittedWords(await uncommittedJudges(root, settings, programs))).toBeUndefined()
  for (const file of ['hooks/review.ts', 'tools/x.sh', 'src/a.ts', 'hooks/merge.sample.ts', 'hooks/tsconfig.json']) {
    repository.write(file, 'changed\n')
  }
  for (const file of ['hooks/event.ts', 'my.json', 'docs/judge.md', 'prompts/worker.md'])
    repository.write(file, 'new\n')
  repository.git(['rm', '-q', 'hooks/merge.ts'])
  const uncommitted = await uncommittedJudges(root, settings, programs)
  expect([...uncommitted.differ].sort()).toEqual(['hooks/merge.ts', 'hooks/review.ts', 'tools/x.sh'])
  expect([...uncommitted.fresh].sort()).toEqual(['docs/judge.md', 'hooks/event.ts', 'my.json', 'prompts/worker.md'])
  expect(uncommittedWords({ differ: ['hooks/review.ts'], fresh: [] })).toEqual({
    text: expect.stringMatching(
      /^hooks\/review\.ts differs from HEAD: a swarm uses it as it stands here\. Commit it, so that /,
    ),
    mend: 'git add -A -- hooks/review.ts && git commit -m Hooks -- hooks/review.ts',
  })
})

test('a repository without hooks has none', () => {
  expect(programsOf(temporaryFolder(), { ...NONE, found: { files: [], remarks: [] } })).toEqual([])
})
