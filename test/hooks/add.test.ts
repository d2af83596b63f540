// `oompa add` as a person runs it: what it writes, what it says, and what it never does.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Files } from '../../src/files/seen.js'
import { testCommand } from '../../src/hooks/detect.js'
import { HOOK_NAMES } from '../../src/hooks/find.js'
import { CLAIMED_PROCESS, claimingLines, mergingLines, quoted } from '../../src/hooks/samples.js'
import { installCommand } from '../../src/worktrees/dependencies.js'
import { oompa, packageRoot } from '../support/oompa.js'
import { type TestRepository, testRepository } from '../support/repository.js'

const add = (repository: TestRepository, ...args: string[]) =>
  oompa(['add', ...args], { cwd: repository.root, env: repository.env })
const text = (repository: TestRepository, file: string) => readFileSync(path.join(repository.root, file), 'utf8')

test('in a repository without anything, every hook can be added, loads, and type-checks without node_modules', async () => {
  const repository = testRepository()
  for (const hook of HOOK_NAMES) {
    const { status, stdout, stderr } = await add(repository, hook)
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(stdout).toContain(`wrote hooks/${hook}.ts`)
    expect(stdout).toContain('From now on:')
    expect(text(repository, `hooks/${hook}.ts`)).not.toContain('oompa add')
  }
  expect(text(repository, 'hooks/merge.ts')).toContain('export default mergeQueue()')
  expect(repository.git(['status', '--porcelain'])).toBe('?? hooks/')
  const tsc = path.join(packageRoot, 'node_modules/.bin/tsc')
  execFileSync(tsc, ['-p', 'hooks'], { cwd: repository.root, env: repository.env })
  repository.write(
    'hooks/review.ts',
    "import type { ReviewHook } from 'oompa-loompas'\nexport default ((change) => ({ approved: change.fils.length > 1 })) satisfies ReviewHook\n",
  )
  expect(() =>
    execFileSync(tsc, ['-p', 'hooks'], { cwd: repository.root, env: repository.env, stdio: 'pipe' }),
  ).toThrow(expect.objectContaining({ stdout: expect.objectContaining({}) }))
  const loaded = await import(path.join(packageRoot, 'dist/hooks/load-hooks.js'))
  repository.write('hooks/review.ts', 'export default () => ({ approved: true })\n')
  const hooks = await loaded.loadHooks(repository.root, { swarm: '01234567' })
  expect(hooks.files).toHaveLength(HOOK_NAMES.length)
  expect(hooks.merge.options).toEqual({})
  expect(hooks.agents[0].name).toBe('my-agent')
})

test('the test that the repository has is written into the merge hook, and a prompt that merges is shown', async () => {
  const repository = testRepository({
    'package.json': '{"scripts":{"test":"node \'it.js\'"}}',
    'package-lock.json': '{}',
    'prompts/worker.md': 'Goal: spec.md\nWhen you are done, merge into main and push.\nDo not push anything else.\n',
  })
  const { stdout } = await add(repository, 'merge')
  expect(text(repository, 'hooks/merge.ts')).toContain("mergeQueue({ test: 'npm test' })")
  expect(stdout).toContain('prompts/worker.md:2: When you are done, merge into main and push.')
  expect(stdout).not.toContain('prompts/worker.md:3')
  expect(stdout).toContain('oompa add worktree')
  expect(text(repository, 'prompts/worker.md')).toContain('merge into main')
})

test('--test and --agent are written as they are given', async () => {
  const repository = testRepository()
  await add(repository, 'merge', '--test', `make check && echo 'it is $&'`)
  expect(text(repository, 'hooks/merge.ts')).toContain(`mergeQueue({ test: 'make check && echo \\'it is $&\\'' })`)
  await add(repository, 'review', '--agent', 'codex:o3:high')
  expect(text(repository, 'hooks/review.ts')).toContain("agent: 'codex:o3:high'")
})

test('what a worktree needs is filled in: ignored files that are there, and the installation', async () => {
  const repository = testRepository({ '.gitignore': '.env\n', 'uv.lock': '' })
  repository.write('.env', 'KEY=1\n')
  await add(repository, 'worktree')
  expect(text(repository, 'hooks/worktree.ts')).toContain("copy: ['.env'],")
  expect(text(repository, 'hooks/worktree.ts')).toContain("run: 'uv sync --frozen',")
  const bare = testRepository()
  await add(bare, 'worktree')
  expect(text(bare, 'hooks/worktree.ts')).not.toContain('.env')
  expect(text(bare, 'hooks/worktree.ts')).toContain("// run: 'npm ci',")
})

test('nothing is ever overwritten: a hook in any form, or a file in the way, is status 4', async () => {
  const repository = testRepository()
  repository.write('hooks/merge.sh', '#!/bin/sh\n', 0o755)
  const refused = await add(repository, 'merge')
  expect(refused.status).toBe(4)
  expect(refused.stderr).toContain('hooks/merge.sh is there already')
  symlinkSync('/nowhere', path.join(repository.root, 'hooks/tsconfig.json'))
  repository.write('hooks/tsconfig.json.keep', '')
  expect(existsSync(path.join(repository.root, 'hooks/merge.ts'))).toBe(false)
})

test('a shell sample is executable, and one that is not there is named', async () => {
  const repository = testRepository()
  expect((await add(repository, 'review', '--shell')).status).toBe(0)
  expect(statSync(path.join(repository.root, 'hooks/review.sh')).mode & 0o111).not.toBe(0)
  const missing = await add(repository, 'tasks', '--shell')
  expect(missing.status).toBe(2)
  expect(missing.stderr).toContain('there is one of merge, review')
})

test('an unknown hook is status 2, and --json prints facts', async () => {
  const repository = testRepository()
  expect((await add(repository, 'reveiw')).status).toBe(2)
  const { stdout } = await add(repository, 'tasks', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ hook: 'tasks', written: expect.arrayContaining(['hooks/tasks.ts']) })
})

const files = (contents: Readonly<Record<string, string>>): Files => ({
  read: (name) => contents[name],
  list: (folder) =>
    Object.keys(contents).flatMap((name) => {
      if (folder === '.') return [name.split('/')[0] ?? '']
      return name.startsWith(`${folder}/`) ? [name.slice(folder.length + 1)] : []
    }),
})

test.each([
  [{}, undefined],
  [{ 'package.json': '{"scripts":{"test":"vitest"}}' }, 'npm test'],
  [{ 'package.json': '{"scripts":{"test":"vitest"}}', 'pnpm-lock.yaml': '' }, 'pnpm test'],
  [{ 'package.json': '{"scripts":{"test":"x"}}', 'yarn.lock': '' }, 'yarn test'],
  [{ 'package.json': '{"scripts":{"test":"echo \\"Error: no test specified\\" && exit 1"}}' }, undefined],
  [{ 'package.json': 'not json', Makefile: 'all:\n\techo\n\ntest: all\n\techo\n' }, 'make test'],
  [{ Makefile: 'test := 1\ntests:\n' }, undefined],
  [{ justfile: 'test *args:\n  x\n' }, 'just test'],
  [{ 'pyproject.toml': '[tool.pytest.ini_options]\n' }, 'python3 -m pytest'],
  [{ 'tests/test_a.py': '', 'uv.lock': '' }, 'uv run pytest'],
  [{ 'Cargo.toml': '' }, 'cargo test'],
  [{ 'go.mod': '' }, 'go test ./...'],
  [{ 'App.csproj': '' }, 'dotnet test'],
  [{ gradlew: '' }, './gradlew test'],
] as const)('the test of %j is %j', (contents, expected) => {
  expect(testCommand(files(contents))).toBe(expected)
})

test.each([
  [{}, undefined],
  [{ 'package-lock.json': '' }, 'npm ci'],
  [{ 'package.json': '{"dependencies":{"a":"1"}}' }, 'npm install --no-package-lock'],
  [{ 'package.json': '{"dependencies":{}}' }, undefined],
  [{ 'yarn.lock': '', '.yarnrc.yml': '' }, 'yarn install --immutable'],
  [{ 'poetry.lock': '' }, 'poetry install'],
  [{ 'go.mod': '' }, undefined],
] as const)('what %j needs is %j', (contents, expected) => {
  expect(installCommand(files(contents))?.join(' ')).toBe(expected)
})

test('a prompt that tells the agent not to merge is left alone', () => {
  expect(mergingLines('Commit.\nDo not merge or push.\nNever rebase.\nThen merge it.\nemerge\n')).toEqual([
    { line: 4, text: 'Then merge it.' },
  ])
  expect(quoted("a'b\\c\nd")).toBe("'a\\'b\\\\c\\nd'")
})

test('add tasks shows the line of the prompt that tells the agent to take one, and what to write instead', async () => {
  const repository = testRepository({ 'a.txt': 'a' })
  const run = (...args: string[]) => oompa(args, { cwd: repository.root, env: repository.env })
  await run('init')
  const added = await run('add', 'tasks')
  expect(added.stdout).toContain('change this in prompts/worker.md:\n  prompts/worker.md:2: Process: Take one task')
  expect(added.stdout).toContain(`to:\n  ${CLAIMED_PROCESS}`)
  // Where the hook is there first, init writes that line by itself.
  rmSync(path.join(repository.root, 'prompts'), { recursive: true })
  await run('init')
  const written = readFileSync(path.join(repository.root, 'prompts/worker.md'), 'utf8')
  expect(written).toContain(`\n${CLAIMED_PROCESS}\n`)
  expect(claimingLines(written)).toEqual([])
})

test('a prompt that takes tasks is known in other words, and one that does not is left alone', () => {
  const lines = (text: string) => claimingLines(text).map(({ line }) => line)
  expect(lines('Goal.\nPick a pending task.\nRun oompa tasks claim.\nmv it to tasks/current/\n')).toEqual([2, 3, 4])
  expect(lines('Do your task.\nDo not take another task.\nTake care of errors.\n')).toEqual([])
})
