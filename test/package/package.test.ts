import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Ended, packageRoot, start } from '../support/oompa.js'
import { repositoryAt, type TestRepository, testRepository } from '../support/repository.js'
import { type Packed, pack } from './install.js'

let packed: Packed
beforeAll(() => {
  packed = pack()
})
afterAll(() => packed.remove())

/** Commits one file and says where it ran. */
const AGENT = `#!/bin/sh
cat > /dev/null
cd "$OOMPA_WORKTREE" && echo "$OOMPA_ITERATION" > "$OOMPA_WORKER-$OOMPA_ITERATION.txt" && git add -A && git commit -qm "Work of $OOMPA_WORKER"
`

/** A repository of another language, without a package.json, and an agent beside it. */
function pythonRepository(): { repository: TestRepository; agent: string } {
  const repository = testRepository({ 'main.py': 'print("hello")\n', 'spec.md': 'A spec.\n' })
  const agent = repositoryAt(repository.home, repository.home).write('agent', AGENT, 0o755)
  return { repository, agent: `command:${agent}` }
}

function run(repository: TestRepository, command: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const [file, ...args] = command
  return start(file!, args, {
    cwd: repository.root,
    env: { ...repository.env, ...packed.env, HOME: repository.home, WORKERS: '1', ITERATIONS: '1', ...env },
  }).ended
}

/** A PATH without any `oompa` of the machine's, nor of an `npm test` that is above us. */
function cleanPath(...first: readonly string[]): string {
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  return [...first, ...folders.filter((folder) => !existsSync(path.join(folder, 'oompa')))].join(path.delimiter)
}

describe('what is packed', () => {
  const entries = () =>
    execFileSync('tar', ['-tvzf', packed.tarball], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => ({ mode: line.slice(0, 10), name: line.slice(line.indexOf('package/') + 'package/'.length) }))

  test('has all that a run, a hook and a reader need, and nothing else', () => {
    const names = entries().map((entry) => entry.name)
    for (const file of [
      'oompa_loompas.mjs',
      'bin/oompa',
      'schema.json',
      'spec.md',
      'prompts/worker.md',
      'prompts/plan.md',
      'prompts/planner.md',
      'prompts/executor.md',
      'prompts/reviewer.md',
      'hooks/merge.sample.ts',
      'hooks/review.sample.ts',
      'hooks/tasks.sample.ts',
      'docs/configuration.md',
      'page/index.html',
      'dist/index.js',
      'dist/index.d.ts',
      'LICENSE',
      'package.json',
    ]) {
      expect(names).toContain(file)
    }
    for (const optional of ['README.md', 'bin/oompa_loompas.sh']) {
      if (existsSync(path.join(packageRoot, optional))) expect(names).toContain(optional)
    }
    const known =
      /^(dist\/.+\.(js|d\.ts)|page\/[\w.]+|bin\/[\w.]+|hooks\/\w+\.sample\.(ts|sh)|prompts\/\w+\.md|docs\/.+\.(md|json|svg|png)|(README|CHANGELOG|spec)\.md|LICENSE|(package|schema)\.json|oompa_loompas\.mjs)$/
    expect(names.filter((name) => !known.test(name))).toEqual([])
  })

  test('can be executed where a person executes it', () => {
    const executable = entries().filter((entry) => entry.mode.endsWith('x'))
    expect(executable.map((entry) => entry.name)).toEqual(expect.arrayContaining(['bin/oompa', 'oompa_loompas.mjs']))
    for (const { name } of executable) expect(name).toMatch(/^bin\/|\.mjs$|\.sh$/)
  })

  test('ships the JSON Schema of this very configuration', async () => {
    const { jsonSchemaText } = await import('../../src/config/jsonSchema.js')
    expect(readFileSync(path.join(packageRoot, 'schema.json'), 'utf8')).toBe(jsonSchemaText())
  })
})

/** The newcomer's way, wherever the package is: init, the loop, then a TypeScript hook. */
async function newcomersWay(
  repository: TestRepository,
  agent: string,
  oompa: readonly string[],
  loop: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const say = (ended: Ended) => `${ended.stdout}\n${ended.stderr}`
  const init = await run(repository, [...oompa, 'init'], env)
  expect(init.status, say(init)).toBe(0)
  repository.commit('Start with oompa')

  const byCommand = await run(repository, [...oompa, 'run', '--agent', agent, '--workers', '2'], env)
  expect(byCommand.status, say(byCommand)).toBe(0)
  expect(repository.git(['log', '-1', '--format=%s', 'oompa/w2-i1'])).toBe('Work of w2')

  const byFile = await run(repository, loop, { ...env, OOMPA_AGENT: agent, ITERATIONS: '2' })
  expect(byFile.status, say(byFile)).toBe(0)
  expect(repository.git(['log', '-1', '--format=%s', 'oompa/w1-i2'])).toBe('Work of w1')

  const add = await run(repository, [...oompa, 'add', 'merge', '--test', 'test -f main.py'], env)
  expect(add.status, say(add)).toBe(0)
  repository.commit('Level 2')
  const landed = await run(repository, [...loop, '--iterations', '2'], { ...env, OOMPA_AGENT: agent })
  expect(landed.status, say(landed)).toBe(0)
  expect(repository.git(['show', 'main:w1-2.txt'])).toBe('2')
  expect(repository.git(['status', '--porcelain'])).toBe('')
  expect(existsSync(path.join(repository.root, 'package.json'))).toBe(false)
}

describe('in a repository without a package.json', () => {
  test('installed globally', async () => {
    const { repository, agent } = pythonRepository()
    const prefix = path.join(packed.folder, 'global')
    execFileSync('npm', ['install', '--silent', '--global', '--prefix', prefix, packed.tarball], { env: packed.env })
    const env = { PATH: cleanPath(path.join(prefix, 'bin')) }
    await newcomersWay(repository, agent, ['oompa'], ['./oompa_loompas.mjs'], env)
  })

  test('installed locally', async () => {
    const { repository, agent } = pythonRepository()
    const args = ['install', '--silent', '--no-save', '--no-package-lock', '--prefix', repository.root, packed.tarball]
    execFileSync('npm', args, { env: packed.env, cwd: repository.root })
    repository.write('.gitignore', 'node_modules\n')
    const env = { PATH: cleanPath() }
    await newcomersWay(repository, agent, ['npx', '--no-install', 'oompa'], ['./oompa_loompas.mjs'], env)
  })

  test('through npx, and the copied loop by itself afterwards', async () => {
    const { repository, agent } = pythonRepository()
    // What npm has fetched already is shared; what npx installs is not put in the person's cache.
    const cache = path.join(packed.folder, 'npx')
    mkdirSync(cache)
    symlinkSync(path.join(packed.env.npm_config_cache!, '_cacache'), path.join(cache, '_cacache'))
    const env = { PATH: cleanPath(), npm_config_cache: cache }
    const npx = ['npx', '--yes', '--package', packed.tarball, '--', 'oompa']
    await newcomersWay(repository, agent, npx, ['./oompa_loompas.mjs'], env)
  })

  test('not installed: one line says how to get it, status 2', async () => {
    const { repository } = pythonRepository()
    repository.write('oompa_loompas.mjs', readFileSync(path.join(packageRoot, 'oompa_loompas.mjs')), 0o755)
    const ended = await run(repository, ['./oompa_loompas.mjs'], { PATH: cleanPath() })
    expect(ended.status).toBe(2)
    expect(ended.stderr.trim().split('\n')).toHaveLength(1)
    expect(ended.stderr).toContain('npm install --global .')
  })
})
