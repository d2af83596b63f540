import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { loadSettings } from '../../src/config/load.js'
import { packageRoot, start } from '../support/oompa.js'
import { temporaryFolder, testRepository } from '../support/repository.js'

const load = (
  root: string,
  argv: string[] = [],
  env: NodeJS.ProcessEnv = {},
  command: 'run' | 'loop' = 'run',
  cwd = root,
) => loadSettings(root, { argv, env, command, cwd })

test('oompa.json is read from the root, else from oompa/', async () => {
  const { root, write } = testRepository()
  expect((await load(root)).file).toBeUndefined()
  write('oompa/oompa.json', '{"agent":"codex"}')
  expect((await load(root)).workers[0]!.agent.harness).toBe('codex')
  write('oompa.json', '{"agent":"gemini"}')
  expect(await load(root)).toMatchObject({
    file: path.join(root, 'oompa.json'),
    workers: [{ agent: { harness: 'gemini' } }, {}, {}],
  })
})

test('a configuration may be named, from the folder one is in or the root', async () => {
  const { root, write } = testRepository()
  write('night.json', '{"iterations":9}')
  write('sub/other.json', '{"iterations":8}')
  const cwd = path.join(root, 'sub')
  expect((await load(root, ['night.json'], {}, 'run', cwd)).workers[0]!.iterations).toBe(9)
  expect((await load(root, ['other.json'], {}, 'run', cwd)).workers[0]!.iterations).toBe(8)
  expect((await load(root, ['--config', 'night.json'])).workers[0]!.iterations).toBe(9)
  await expect(load(root, ['nihgt.json'])).rejects.toMatchObject({ status: 2, code: 'no-config' })
})

test('the loop command takes its iterations as a word', async () => {
  const { root } = testRepository()
  const { workers } = await load(root, ['4', '--workers', 'claude:2', 'codex:1'], { ITERATIONS: '7' }, 'loop')
  expect(workers.map(({ agent, iterations }) => [agent.harness, iterations])).toEqual([
    ['claude', 4],
    ['claude', 4],
    ['codex', 4],
  ])
  await expect(load(root, [], {}, 'loop')).rejects.toMatchObject({ status: 2, mend: 'oompa loop 5' })
  await expect(load(root, ['0'], {}, 'loop')).rejects.toMatchObject({ status: 2 })
})

test('a number below zero is a bad value and not an unknown option', async () => {
  const { root } = testRepository()
  await expect(load(root, ['--iterations', '-1'])).rejects.toThrow('--iterations is `-1`: it must be a whole number')
  await expect(load(root, ['--budget-usd', '-0.5'])).rejects.toThrow('--budget-usd is `-0.5`')
})

test('a file that is not text, or a folder, is a configuration that cannot be read', async () => {
  const { root, write } = testRepository()
  write('oompa.json', new Uint8Array([0x7b, 0xff, 0x7d]))
  await expect(load(root)).rejects.toMatchObject({ status: 2, code: 'unreadable-config' })
  const other = temporaryFolder()
  mkdirSync(path.join(other, 'oompa.json'))
  await expect(load(other)).rejects.toMatchObject({ status: 2, code: 'unreadable-config' })
})

test('without options neither yargs nor a package for later is loaded', async () => {
  const { root, env } = testRepository()
  const script = `
    import { registerHooks } from 'node:module'
    import { loadSettings } from ${JSON.stringify(path.join(packageRoot, 'dist/config/load.js'))}
    await loadSettings(${JSON.stringify(root)}, { argv: [], env: { WORKERS: '2' } })
  `
  const loader = `
    export async function resolve(specifier, context, next) {
      if (/^(yargs|execa|zx)$/.test(specifier)) throw new Error('imported ' + specifier)
      return next(specifier, context)
    }
  `
  const folder = temporaryFolder()
  const { writeFileSync } = await import('node:fs')
  writeFileSync(path.join(folder, 'loader.mjs'), loader)
  writeFileSync(path.join(folder, 'main.mjs'), script.replace(/.*registerHooks.*\n/, ''))
  const ended = await start(
    process.execPath,
    ['--no-warnings', '--loader', path.join(folder, 'loader.mjs'), path.join(folder, 'main.mjs')],
    {
      cwd: root,
      env,
    },
  ).ended
  expect(ended).toMatchObject({ status: 0, stderr: '' })
})
