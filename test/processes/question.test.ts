// Questions to programs that end by themselves.

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { askProgram, type Question } from '../../src/processes/question.js'
import { temporaryFolder } from '../support/repository.js'
import { alive, env, pidIn, until } from './support.js'

function ask(script: string, options: Partial<Question> = {}) {
  return askProgram(['sh', '-c', script, 'sh'], { cwd: temporaryFolder(), env, timeoutMs: 30_000, ...options })
}

test('gives status and outputs, reads the input, and has no other environment than ours', async () => {
  expect(await ask('cat; echo out; echo err >&2; exit 7', { input: 'in\n' })).toEqual({
    status: 7,
    stdout: 'in\nout',
    output: 'in\nout\nerr',
  })
  const { stdout } = await ask('env', { env: { PATH: process.env.PATH, WORD: 'word' } })
  expect(stdout).toContain('WORD=word')
  expect(stdout).not.toContain('HOME=')
})

test('says that there is no such program', async () => {
  const answer = await askProgram(['no-such-gh'], { cwd: temporaryFolder(), env, timeoutMs: 1000 })
  expect(answer).toEqual({ status: 127, stdout: '', output: 'There is no executable `no-such-gh`.' })
})

test('ends a program that takes too long, with what it has started', async () => {
  const cwd = temporaryFolder()
  const answer = await ask("sh -c 'echo $$ > child; sleep 1000' & echo asking; wait", { cwd, timeoutMs: 600 })
  expect(answer).toMatchObject({ status: null, stdout: 'asking' })
  const pid = await pidIn(cwd, 'child')
  await until(() => !alive(pid), 'the child has ended')
})

test('ends it on a signal', async () => {
  const stop = new AbortController()
  const answer = ask('echo $$ > child; sleep 1000', { signal: stop.signal })
  stop.abort()
  expect(await answer).toMatchObject({ status: null })
})

test('does not wait for what a program leaves in the background', async () => {
  const cwd = temporaryFolder()
  writeFileSync(path.join(cwd, 'daemon'), 'echo $$ > daemon.pid; exec sleep 60')
  const began = performance.now()
  const script =
    "sh -c 'echo $$ > child; sleep 1000' & setsid sh daemon & while ! [ -s daemon.pid ]; do sleep 0.01; done"
  expect(await ask(`${script}; echo 1.0`, { cwd })).toMatchObject({ status: 0, stdout: '1.0' })
  expect(performance.now() - began).toBeLessThan(10_000)
  const [child, daemon] = [await pidIn(cwd, 'child'), await pidIn(cwd, 'daemon.pid')]
  await until(() => !alive(child), 'the child has ended')
  process.kill(daemon, 'SIGKILL')
})
