import { expect, test } from 'vitest'
import { overview } from '../../src/commands/help.js'
import { commands } from '../../src/commands/index.js'
import { oompa } from '../support/oompa.js'
import { temporaryFolder } from '../support/repository.js'

test('every command is listed once, with its summary', () => {
  const text = overview(commands)
  for (const [name, { summary }] of Object.entries(commands)) {
    expect(text.split('\n').filter((line) => line.startsWith(`  ${name} `) && line.includes(summary))).toHaveLength(1)
  }
})

test('a command that is in no group is listed too', () => {
  expect(overview({ sing: { summary: 'Sing' } })).toContain('Other:\n  sing  Sing')
})

test('oompa, oompa help and oompa --help are the same, and work outside of a repository', async () => {
  const cwd = temporaryFolder()
  const outputs = await Promise.all([[], ['help'], ['--help']].map((args) => oompa(args, { cwd, env: process.env })))
  for (const { status, stdout } of outputs) {
    expect(status).toBe(0)
    expect(stdout).toBe(outputs[0]!.stdout)
  }
})

test('oompa help COMMAND is its --help, subcommands too; an unknown one is status 2', async () => {
  const cwd = temporaryFolder()
  const [help, flag, sub, unknown] = await Promise.all(
    [
      ['help', 'init'],
      ['init', '--help'],
      ['help', 'worktree', 'new'],
      ['help', 'nothing'],
    ].map((args) => oompa(args, { cwd, env: process.env })),
  )
  expect(help!.stdout).toBe(flag!.stdout)
  expect(help!.stdout).toContain('oompa init')
  expect(sub!.stdout).toContain('--no-setup')
  expect(unknown).toMatchObject({ status: 2 })
})
