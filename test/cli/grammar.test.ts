import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Command } from '../../src/cli/contract.js'
import { find, parse } from '../../src/cli/parse.js'
import { root } from '../../src/commands/index.js'
import { oompaBin, start } from '../support/oompa.js'
import { temporaryFolder } from '../support/repository.js'

const read = async (...words: string[]) => parse(await find(root, words))

/** The message and the mend of a command line that is wrong. */
async function mistake(...words: string[]): Promise<[string, string | undefined]> {
  const error = await read(...words).catch((error) => error)
  expect(error).toMatchObject({ status: 2 })
  return [error.message, error.mend]
}

test('a command that there is not is said with the one that was meant, at each level', async () => {
  expect(await mistake('mrege', 'x')).toEqual([
    'There is no command `oompa mrege`. Did you mean `oompa merge`?',
    'oompa --help',
  ])
  expect(await mistake('tasks', 'clam')).toEqual([
    'There is no command `oompa tasks clam`. Did you mean `oompa tasks claim`?',
    'oompa tasks --help',
  ])
  expect(await mistake('tasks', 'clam', '--help')).toEqual(await mistake('tasks', 'clam'))
  for (const word of ['xyz', 'constructor', '__proto__', 'a, b']) {
    expect(await mistake(word)).toEqual([`There is no command \`oompa ${word}\`.`, 'oompa --help'])
  }
  expect(await mistake('tasks', '--json', 'claim')).toEqual([
    '`claim` has to stand before the options.',
    'oompa tasks claim',
  ])
})

test('an option that there is not is said with the one that was meant, but for hidden ones', async () => {
  expect(await mistake('merge', 'x', '--itno', 'main')).toEqual([
    'oompa merge has no option `--itno`. Did you mean `--into`?',
    'oompa merge --help',
  ])
  expect((await mistake('merge', 'x', '--itno=main'))[0]).toContain('`--itno`. Did you mean `--into`?')
  expect((await mistake('status', '-x'))[0]).toBe('oompa status has no option `-x`.')
  expect((await mistake('status', '--no-json'))[0]).toContain('`--no-json`')
  expect((await mistake('run', '--harnes', 'x'))[0]).toBe('oompa run has no option `--harnes`.')
  expect((await mistake('status', '--constructor', '1'))[0]).toBe('oompa status has no option `--constructor`.')
})

test('a value that is missing or wrong is named, with what it may be', async () => {
  for (const [words, message] of [
    [['merge'], '<branch> is missing (The branch (or commit) to land).'],
    [['reject', 'x'], '<why> is missing (What its author should mend).'],
    [['merge', 'a', 'b'], 'oompa merge does not take `b`.'],
    [['status', ''], 'oompa status does not take ``.'],
    [['merge', 'a', '--into'], '--into needs a value.'],
    [['merge', '--into', '--push', 'a'], '--into needs a value.'],
    [['merge', 'a', '--strategy', 'x'], '--strategy is `x`: it must be one of merge, rebase, squash.'],
    [['demo', '--level', 'abc'], '--level is `abc`: it must be a number.'],
    [['demo', '--level', ''], '--level is ``: it must be a number.'],
    [['demo', '--level', 'Infinity'], '--level is `Infinity`: it must be a number.'],
    [['status', '--json=yes'], '--json takes no value.'],
  ] as const) {
    expect(await mistake(...words)).toEqual([message, `oompa ${words[0]} --help`])
  }
})

test('values arrive as they were given: the last of several, numbers as numbers, texts and positionals as texts', async () => {
  const command: Command = {
    summary: 'Try.',
    positionals: [
      { name: 'first', describe: '' },
      { name: 'more', describe: '', array: true },
    ],
    options: {
      text: { type: 'string', describe: '', short: 't' },
      list: { type: 'string', describe: '', array: true },
      number: { type: 'number', describe: '' },
      wait: { type: 'number', describe: '', optional: true },
      'no-setup': { type: 'boolean', describe: '' },
    },
    examples: [],
    run: async () => 0,
  }
  const given = async (...words: string[]) => {
    const args = await parse({ command, path: 'oompa try', words })
    if ('help' in args) throw new Error('help')
    const options = Object.fromEntries(Object.entries(args.options).filter(([, value]) => value !== undefined))
    return [args.positionals, options, args.rest]
  }
  expect(await given()).toEqual([[], {}, []])
  expect(await given('5', '-', '0x10', '-1')).toEqual([['5', '-', '0x10', '-1'], {}, []])
  expect(await given('--text', '007', '-t', 'b.c', '--number', '-1.5')).toEqual([[], { text: 'b.c', number: -1.5 }, []])
  expect(await given('--text=', '--list', 'a', 'b', '--no-setup', 'x', '--list=c')).toEqual([
    ['x'],
    { text: '', list: ['a', 'b', 'c'], 'no-setup': true },
    [],
  ])
  expect(await given('--wait', 'x')).toEqual([['x'], { wait: Number.POSITIVE_INFINITY }, []])
  expect(await given('x', '--wait', '60')).toEqual([['x'], { wait: 60 }, []])
  expect(await given('please', 'help', '--', '--help', '5', '--', '-x')).toEqual([
    ['please', 'help'],
    {},
    ['--help', '5', '--', '-x'],
  ])
})

test('the help of every command fits 80 columns and has an example', async () => {
  const visit = async (command: Command, ...words: string[]): Promise<void> => {
    const answer = await read(...words, '--help')
    const lines = 'help' in answer ? answer.help.split('\n') : []
    expect(lines[0]).toMatch(new RegExp(`^${['oompa', ...words].join(' ')}\\b`))
    expect(lines.filter((line) => line.length > 80)).toEqual([])
    expect(lines).toContain('Examples:')
    for (const [name, { load }] of Object.entries(command.subcommands ?? {})) {
      await visit((await load()).command, ...words, name)
    }
  }
  await visit(root)
})

test('oompa --version, and a command without a word, load no yargs', async () => {
  const folder = temporaryFolder()
  const loader = path.join(folder, 'loader.mjs')
  writeFileSync(
    loader,
    `export async function resolve(specifier, context, next) {
      if (specifier === 'yargs') throw new Error('imported yargs')
      return next(specifier, context)
    }`,
  )
  const run = (...args: string[]) =>
    start(process.execPath, ['--no-warnings', '--loader', loader, oompaBin, ...args], { cwd: folder, env: process.env })
      .ended
  expect(await run('--version')).toMatchObject({ status: 0, stderr: '' })
  expect((await run('status')).stderr).not.toContain('yargs')
  expect((await run('--help')).stderr).toContain('imported yargs')
})
