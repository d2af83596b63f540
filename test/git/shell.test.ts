// Git that a shell starts for us answers as one that we start: to the byte, and whatever is asked.

import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'
import { git, gitBytes } from '../../src/git/run.js'
import { gitByShell, type ShellRequest } from '../../src/git/shell.js'
import { type TestRepository, testRepository } from '../support/repository.js'

async function ask(repository: TestRepository, args: readonly string[], more: Partial<ShellRequest> = {}) {
  const answer = await gitByShell({ cwd: repository.root, args, ...more }, repository.env)
  if (!answer) throw new Error('no shell')
  return answer
}

test('output of any bytes and any size, the status, and the words for an error', async () => {
  const repository = testRepository()
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, at) => (at * 7) % 256))
  repository.write('all', bytes)
  repository.write('large', 'line\n'.repeat(1_000_000))
  repository.write('none', '')
  repository.write('open', 'no line end')
  repository.git(['add', '-A'])
  for (const [name, content] of [
    ['all', bytes],
    ['none', Buffer.alloc(0)],
    ['open', Buffer.from('no line end')],
  ] as const) {
    const { status, stdout, stderr } = await ask(repository, ['cat-file', 'blob', `:${name}`])
    expect({ status, stderr, same: stdout.equals(content) }).toEqual({ status: 0, stderr: '', same: true })
  }
  expect((await ask(repository, ['cat-file', 'blob', ':large'])).stdout.length).toBe(5_000_000)
  const failed = await ask(repository, ['rev-parse', '--verify', 'nothing'])
  expect(failed).toMatchObject({ status: 128, stderr: 'fatal: Needed a single revision\n' })
  expect((await ask(repository, ['diff', '--quiet', 'HEAD'])).status).toBe(1)
})

test('arguments, variables and input that a shell would read as its own', async () => {
  const repository = testRepository()
  const nasty = `a'b"c $HOME \`id\` $(id) \\ \n # ; & | * ~ é`
  const hash = (text: string) =>
    execFileSync('git', ['hash-object', '--stdin'], { cwd: repository.root, input: text, encoding: 'utf8' })
  expect((await ask(repository, ['rev-parse', '--sq-quote', nasty])).stdout.toString()).toContain('$(id)')
  const input = `${nasty}\nEOF\n`
  expect((await ask(repository, ['hash-object', '--stdin'], { input })).stdout.toString()).toBe(hash(input))
  expect((await ask(repository, ['hash-object', '--stdin'], { input: '' })).stdout.toString()).toBe(hash(''))
  const large = 'a line of input\n'.repeat(100_000)
  expect((await ask(repository, ['hash-object', '--stdin'], { input: large })).stdout.toString()).toBe(hash(large))
  const env = { GIT_AUTHOR_NAME: nasty.replace('\n', '') }
  expect((await ask(repository, ['var', 'GIT_AUTHOR_IDENT'], { env })).stdout.toString()).toContain("a'b")
  expect((await ask(repository, ['var', 'GIT_AUTHOR_IDENT'])).stdout.toString()).toMatch(/^Test </)
})

test('what no script can hold is left to the caller', () => {
  const repository = testRepository()
  const asked = (input: string | Uint8Array) => gitByShell({ cwd: repository.root, args: [], input }, repository.env)
  expect(asked('a\0b\n')).toBeUndefined()
  expect(asked('no line end')).toBeUndefined()
  expect(asked(Buffer.from('bytes\n'))).toBeUndefined()
})

test('many at once, each with its own answer, some of them without a shell', async () => {
  const repository = testRepository()
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, at) => {
      const { stdout, stderr } = await git(repository.root, ['-c', `a.b=${at}`, 'config', '--get', 'a.b'])
      return { stdout, stderr }
    }),
  )
  expect(answers).toEqual(Array.from({ length: 40 }, (_, at) => ({ stdout: `${at}\n`, stderr: '' })))
})

test('a folder that is not there, and a git that is not, are said as ever', async () => {
  const repository = testRepository()
  // So many that shells are in use by now.
  for (let at = 0; at < 20; at++) await gitBytes(repository.root, ['--version'])
  await expect(git(path.join(repository.root, 'gone'), ['--version'])).rejects.toMatchObject({ code: 'git-missing' })
  const before = process.env.PATH
  try {
    process.env.PATH = '/nowhere'
    await expect(git(repository.root, ['--version'])).rejects.toMatchObject({ code: 'git-missing' })
  } finally {
    process.env.PATH = before
  }
  expect((await git(repository.root, ['--version'])).status).toBe(0)
})

test('a shell that is killed says so, and the next has another', async () => {
  const repository = testRepository()
  const killsItsShell = "alias.end=!kill -9 $(cut -d' ' -f4 /proc/$PPID/stat)"
  const killed = await ask(repository, ['-c', killsItsShell, 'end'])
  expect(killed).toMatchObject({ status: 129, stderr: 'the shell that ran it was ended' })
  expect(await ask(repository, ['rev-parse', '--show-prefix'])).toMatchObject({ status: 0, stderr: '' })
})
