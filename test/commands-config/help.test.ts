import { expect, test } from 'vitest'
import { commands } from '../../src/commands/index.js'
import { oompa } from '../support/oompa.js'
import { temporaryFolder } from '../support/repository.js'

const help = async (...args: string[]) => {
  const { status, stdout } = await oompa([...args, '--help'], { cwd: temporaryFolder(), env: process.env })
  expect(status).toBe(0)
  return stdout
}

test('every command is listed once, under its heading and with its summary, in 80 columns', async () => {
  const lines = (await help()).split('\n')
  for (const [name, { group, summary }] of Object.entries(commands)) {
    expect(lines.filter((line) => line.startsWith(`  ${name} `) && line.includes(summary))).toHaveLength(1)
    expect(lines).toContain(`${group}:`)
  }
  expect(lines.filter((line) => line.length > 80)).toEqual([])
})

test('oompa help and oompa --help are the same, and work outside of a repository', async () => {
  const cwd = temporaryFolder()
  const outputs = await Promise.all([['help'], ['--help']].map((args) => oompa(args, { cwd, env: process.env })))
  for (const { status, stdout } of outputs) {
    expect(status).toBe(0)
    expect(stdout).toBe(outputs[0]!.stdout)
  }
})

test('oompa alone shows ten verbs in at most 20 lines of 80 columns, each a command', async () => {
  const { status, stdout } = await oompa([], { cwd: temporaryFolder(), env: process.env })
  expect(status).toBe(0)
  const lines = stdout.trimEnd().split('\n')
  expect(lines.length).toBeLessThanOrEqual(20)
  expect(lines.filter((line) => line.length > 80)).toEqual([])
  const verbs = lines.flatMap((line) => /^ {2}oompa (\w+) /.exec(line)?.[1] ?? [])
  expect(verbs).toHaveLength(10)
  for (const verb of verbs) expect(commands).toHaveProperty(verb)
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
