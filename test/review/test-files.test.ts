// A change that touches what the gate's test runs from is marked: for the reviewer, for hooks/approve, and in the log.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { $ as zx } from 'zx'
import { testCommandsOf, withTest } from '../../src/hooks/test-commands.js'
import { mergeQueue } from '../../src/merge/hook.js'
import { inShell } from '../../src/processes/zx.js'
import { materialFor } from '../../src/review/material.js'
import { approval, touchesTheTest } from '../../src/review/risk.js'
import { testFiles, touchedOfTest } from '../../src/review/test-files.js'
import { changeOf, contextFor } from '../hooks/context.js'
import { level2 } from '../support/loop.js'
import { testRepository } from '../support/repository.js'

const touched = (line: string, files: readonly string[], scripts: Readonly<Record<string, string>> = {}, folder = '') =>
  testFiles(
    [line],
    files.map((file) => ({ path: file, status: 'modified' as const })),
    (asked) => (asked === folder ? scripts : {}),
  )

test.each<[string, string[]]>([
  [
    'npm test',
    ['package.json', 'package-lock.json', 'web/package.json', 'vitest.config.ts', 'tsconfig.build.json', '.npmrc'],
  ],
  ['npx vitest run', ['vite.config.mts', 'pnpm-lock.yaml']],
  ['CI=1 ./node_modules/.bin/jest --ci', ['jest.config.js', '.mocharc.json', 'karma.conf.js', 'playwright.config.ts']],
  ['make -j4 check', ['Makefile', 'makefile', 'GNUmakefile', 'build/rules.mk']],
  ['just test', ['justfile', 'Justfile']],
  ['task test', ['Taskfile.yml']],
  ['cargo test', ['Cargo.toml', 'crates/a/Cargo.toml', 'Cargo.lock', 'build.rs', '.cargo/config.toml']],
  ['uv run pytest -q', ['pyproject.toml', 'tox.ini', 'pytest.ini', 'conftest.py', 'tests/conftest.py', 'setup.cfg']],
  ['python3.12 -m unittest', ['pyproject.toml', 'requirements-dev.txt']],
  ['go test ./...', ['go.mod', 'go.sum']],
  ['./gradlew test', ['build.gradle', 'app/build.gradle.kts', 'gradlew', 'gradle/wrapper/gradle-wrapper.jar']],
  ['mvn -q verify', ['pom.xml']],
  ['bundle exec rake', ['Rakefile', 'Gemfile.lock']],
  ['composer test', ['composer.json', 'phpunit.xml']],
  ['deno task test', ['deno.json', 'deno.jsonc']],
  ['scripts/test.sh --all', ['scripts/test.sh']],
  ["sh -c './scripts/test.sh && echo done'", ['scripts/test.sh']],
  ['bash -lc "cd web; make test"', ['web/Makefile', 'Makefile']],
  ['cd tools && ./run.py', ['tools/run.py']],
  ['node test/run --config=ci/gate.json', ['test/run.js', 'ci/gate.json']],
  [
    'true',
    ['.github/workflows/ci.yml', '.gitlab-ci.yml', '.circleci/config.yml', 'Jenkinsfile', 'azure-pipelines.yml'],
  ],
])('`%s` runs from %j', (line, files) => {
  expect(touched(line, files)).toEqual(files)
})

test.each<[string, string[]]>([
  ['npm test', ['src/a.ts', 'test/a.test.ts', 'Makefile', 'README.md', 'docs/package.json.md']],
  ['vitest run test', ['test/a.test.ts']],
  ['pytest tests/', ['tests/test_a.py', 'package.json']],
  ['make check', ['src/make', 'Makefile.md']],
  ['scripts/test.sh', ['scripts/other.sh', 'other/scripts/test.sh']],
])('`%s` does not run from %j', (line, files) => {
  expect(touched(line, files)).toEqual([])
})

test('what a script of package.json consists of counts, with those before and after it, wherever it is named', () => {
  const scripts = {
    pretest: 'node scripts/fixtures.mjs',
    test: 'npm run unit && sh ./scripts/e2e.sh',
    posttest: 'scripts/after.sh',
    unit: "sh -c 'make unit'",
    deploy: 'scripts/deploy.sh',
  }
  const files = ['scripts/fixtures.mjs', 'scripts/e2e.sh', 'scripts/after.sh', 'Makefile']
  expect(touched('npm t', [...files, 'scripts/deploy.sh'], scripts)).toEqual(files)
  expect(touched('scripts/test', [...files], scripts)).toEqual([])
  expect(touched('npm --prefix web test', ['web/scripts/e2e.sh'], scripts, 'web')).toEqual(['web/scripts/e2e.sh'])
  expect(touched('npm test', ['a.sh'], { test: 'npm test; ./a.sh' })).toEqual(['a.sh'])
})

test('a file that is renamed away or removed is touched', () => {
  const files = [
    { path: 'old.sh', from: 'scripts/test.sh', status: 'renamed' as const },
    { path: 'Makefile', status: 'removed' as const },
  ]
  expect(testFiles(['make', 'scripts/test.sh'], files, () => ({}))).toEqual(['scripts/test.sh', 'Makefile'])
})

test('the scripts are those of the base; a manifest that is no JSON says nothing', async () => {
  const repository = testRepository({
    'package.json': JSON.stringify({ scripts: { test: 'sh scripts/check.sh' } }),
    'bad/package.json': '{',
    'scripts/check.sh': 'true\n',
  })
  repository.git(['checkout', '-q', '-b', 'work'])
  repository.commit('Work', { 'scripts/check.sh': 'exit 0\n', 'a.txt': 'a\n' })
  const change = changeOf(repository, 'work')
  expect(await touchedOfTest(repository.root, change, ['npm test'])).toEqual(['scripts/check.sh'])
  expect(await touchedOfTest(repository.root, change, ['cd bad && npm test'])).toEqual(['scripts/check.sh'])
  expect(await touchedOfTest(repository.root, change, [])).toEqual([])
})

test('the rule gives the reason, and the reviewer reads it', async () => {
  const repository = testRepository()
  repository.git(['checkout', '-q', '-b', 'work'])
  repository.commit('Work', { Makefile: 'check:\n' })
  const change = changeOf(repository, 'work', { touchesTheTest: ['Makefile'] })
  const { context } = contextFor(repository)
  const hook = approval({ when: touchesTheTest })
  expect(await hook(change, context)).toEqual({ wait: 'It touches what the test runs from: Makefile.' })
  expect(await hook(changeOf(repository, 'work'), context)).toEqual({ approved: true })
  const { text } = await materialFor(change, context)
  expect(text).toMatch(/Look whether the test still tests:\s+```\nMakefile\n```/)
  expect((await materialFor(changeOf(repository, 'work'), context)).text).not.toContain('still tests')
})

test('the test is known from the queue, from a script’s lines, and from what a function has run', async () => {
  const repository = testRepository({ 'hooks/merge.sh': '#!/bin/sh\n# make none\n\nmake check\n' })
  repository.write('hooks/merge.sh', readFileSync(path.join(repository.root, 'hooks/merge.sh')), 0o755)
  const { root } = repository
  expect(testCommandsOf(root, undefined, { test: 'npm test' })).toEqual(['npm test'])
  expect(testCommandsOf(root, mergeQueue({ test: 'make' }))).toEqual(['make'])
  const { context } = contextFor(repository)
  const own = withTest(root, async (change, { run, ...rest }) => {
    await run('true ./mine.sh')
    await run(['true', 'other.sh'])
    await rest.$({ cwd: root })`true ./third.sh`
    await inShell(rest.$, () => zx`true ./fourth.sh`)
    return { commit: change.commit, into: 'main' }
  })
  expect(own.testCommands()).toEqual(['make check'])
  await own.merge?.(changeOf(repository, 'main'), context)
  expect(own.testCommands()).toEqual([
    'make check',
    'true ./mine.sh',
    'true other.sh',
    'true ./third.sh',
    'true ./fourth.sh',
  ])
})

const MERGE = "import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({ test: 'sh scripts/test.sh' })\n"
const WEAK = 'echo exit 0 > scripts/test.sh; echo broken > a; git add -A; git commit -qm Work'
const files = { 'hooks/merge.ts': MERGE, 'scripts/test.sh': '! grep broken a\n' }

test('through the loop it waits with the shipped sample, and an executable hook reads it', async () => {
  const sample = readFileSync(path.join(import.meta.dirname, '../../hooks/approve.sample.ts'), 'utf8')
  const loop = level2(WEAK, {
    files: { ...files, 'hooks/approve.ts': sample },
  })
  const script = loop.repository.write('hooks/approve.zz.sh', '#!/bin/sh\ncat > "$HOME/read"\n', 0o755)
  expect(script).toContain('approve')
  loop.repository.commit('A script')
  await loop.run()
  const reasons = loop.events('approval.waiting')[0]?.reasons
  expect(reasons).toEqual(['It touches what the test runs from: scripts/test.sh.'])
  const read = JSON.parse(readFileSync(path.join(loop.repository.home, 'read'), 'utf8'))
  expect(read.change.touchesTheTest).toEqual(['scripts/test.sh'])
  const listed = await loop.oompa(['approvals'])
  expect(listed.stdout).toContain('because: It touches what the test runs from: scripts/test.sh.')
})

test('without an approve hook it lands, and the log names the files', async () => {
  const loop = level2(WEAK, { files })
  await loop.run()
  expect(loop.events('landing.landed')).toHaveLength(1)
  const notes = loop.events('note').map(({ text }) => text)
  expect(notes).toContain(
    'oompa/w1-i1 touches what the test runs from, and is tested by its own version of it: scripts/test.sh.',
  )
})
