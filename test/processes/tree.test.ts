// Whatever a process starts ends with it, however well it hides.

import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { start } from '../support/oompa.js'
import { temporaryFolder } from '../support/repository.js'
import { alive, env, pidIn, runShell, until } from './support.js'

const linux = process.platform === 'linux'

/** Ways to leave a process behind; each writes its pid into `child`. */
const ways: Record<string, string> = {
  'a background child': "sh -c 'echo $$ > child; exec sleep 1000' &",
  'a child that holds our pipes': "sh -c 'echo $$ > child; sleep 1000' &",
  'a child in a session of its own': "setsid sh -c 'echo $$ > child; exec sleep 1000' &",
  'a child whose parent has gone': 'sh -c "setsid sh -c \'echo \\$\\$ > child; exec sleep 1000\' &" ; sleep 0.1',
  'a child without our environment': 'env -i PATH="$PATH" setsid sh -c \'echo $$ > child; exec sleep 1000\' &',
  'a child that does not hear TERM': 'sh -c \'trap "" TERM; echo $$ > child; while :; do sleep 0.1; done\' &',
  'a daemon: session, no parent, no environment, no pipes':
    '(env -i PATH="$PATH" setsid sh -c \'echo $$ > child; exec sleep 1000\' > /dev/null 2>&1 < /dev/null &)',
}

/** Waits in shell until the child has written its pid. */
const WAIT = 'while ! [ -s child ]; do sleep 0.01; done'

describe('whatever a process started ends with it', () => {
  for (const [name, script] of Object.entries(ways)) {
    it.skipIf(!linux && name.includes('environment'))(`${name}, after a normal end`, async () => {
      const cwd = temporaryFolder()
      const end = await runShell(`${script}\n${WAIT}`, { cwd })
      expect(end).toMatchObject({ status: 0, reason: 'exited' })
      expect(end.leftovers).toBeGreaterThanOrEqual(1)
      expect(alive(await pidIn(cwd, 'child'))).toBe(false)
      expect(end.durationMs).toBeLessThan(5000)
    })

    it.skipIf(!linux && name.includes('environment'))(`${name}, on abort`, async () => {
      const cwd = temporaryFolder()
      const abort = new AbortController()
      const run = runShell(`${script}\n${WAIT}\necho ready; sleep 1000`, {
        cwd,
        signal: abort.signal,
        onStdout: (text) => text.includes('ready') && abort.abort(),
      })
      expect(await run).toMatchObject({ reason: 'aborted' })
      expect(alive(await pidIn(cwd, 'child'))).toBe(false)
    })
  }

  it('a grandchild that holds standard output does not delay the result', async () => {
    const cwd = temporaryFolder()
    const end = await runShell(`${ways['a child that holds our pipes']}\n${WAIT}; echo end`, { cwd })
    expect(end.durationMs).toBeLessThan(2000)
  })

  it('leaves everybody else alone: a neighbour, and another run', async () => {
    const cwd = temporaryFolder()
    const neighbour = start('sleep', ['1000'], { cwd, env })
    const abort = new AbortController()
    const other = runShell('echo $$ > other; setsid sleep 1000 & wait', { cwd, signal: abort.signal })
    const pid = await pidIn(cwd, 'other')
    await runShell(`${ways['a child in a session of its own']}\n${WAIT}`, { cwd })
    expect(alive(pid)).toBe(true)
    expect(alive(neighbour.child.pid!)).toBe(true)
    abort.abort()
    expect(await other).toMatchObject({ leftovers: 1 })
    neighbour.child.kill('SIGKILL')
    await neighbour.ended
  })
})

describe('when we are killed', () => {
  for (const [name, script] of Object.entries(ways)) {
    it.skipIf(!linux && name.includes('environment'))(`the watchdog ends ${name}`, async () => {
      const cwd = temporaryFolder()
      const agent = `echo $$ > agent\n${script}\n${WAIT}\necho $$ > ready; exec sleep 1000`
      const runner = start(process.execPath, [path.join(import.meta.dirname, 'swarm.mjs'), cwd, agent], { cwd, env })
      const pids = [await pidIn(cwd, 'agent'), await pidIn(cwd, 'child'), await pidIn(cwd, 'ready')]
      const killed = performance.now()
      runner.child.kill('SIGKILL')
      await runner.ended
      await until(() => !pids.some(alive), `${name} has ended`)
      expect(performance.now() - killed).toBeLessThan(4000)
    })
  }

  it('the watchdog goes without a word when we say that we are done', async () => {
    const cwd = temporaryFolder()
    const runner = start(process.execPath, [path.join(import.meta.dirname, 'swarm.mjs'), cwd, 'exit 0'], { cwd, env })
    const { status, stdout } = await runner.ended
    expect(status).toBe(0)
    const watchdog = Number(/watchdog (\d+)/.exec(stdout)?.[1])
    expect(watchdog).toBeGreaterThan(1)
    await until(() => !alive(watchdog), 'the watchdog has ended')
  })

  it('the watchdog outlives the signals of a closed terminal', async () => {
    const cwd = temporaryFolder()
    const agent = 'echo $$ > agent; exec sleep 1000'
    const runner = start(process.execPath, [path.join(import.meta.dirname, 'swarm.mjs'), cwd, agent], { cwd, env })
    const pid = await pidIn(cwd, 'agent')
    const watchdog = await pidIn(cwd, 'watchdog')
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.kill(watchdog, signal)
    await sleep(100)
    expect(alive(watchdog)).toBe(true)
    runner.child.kill('SIGKILL')
    await until(() => !alive(pid), 'the agent has ended')
  })
})
