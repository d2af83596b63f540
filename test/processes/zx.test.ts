// `$` on our processes: nothing that it starts outlives its time limit, a kill, or us; and it is zx in everything else.

import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { uniqueMarker } from '../../src/processes/marks.js'
import { $, type ShellPlace, shellIn } from '../../src/processes/zx.js'
import { packageRoot, start } from '../support/oompa.js'
import { temporaryFolder } from '../support/repository.js'
import { alive, env, pidIn, until } from './support.js'

/** Ways to leave a process behind; each writes its pid into `child`. */
const ways: Record<string, string> = {
  'a background child': "sh -c 'echo $$ > child; exec sleep 1000' &",
  'a child in a session of its own': "setsid sh -c 'echo $$ > child; exec sleep 1000' &",
  'a child whose parent has gone': 'sh -c "setsid sh -c \'echo \\$\\$ > child; exec sleep 1000\' &"',
  'a child that does not hear HUP': "nohup sh -c 'echo $$ > child; exec sleep 1000' > /dev/null 2>&1 &",
  'a child in a pipeline': "sh -c 'echo $$ > child; exec sleep 1000' | cat &",
  'a child that does not hear TERM': 'sh -c \'trap "" TERM; echo $$ > child; while :; do sleep 0.1; done\' &',
}
const WAIT = 'while ! [ -s child ]; do sleep 0.01; done'

function shell(place: Partial<ShellPlace> = {}) {
  return shellIn({ cwd: temporaryFolder(), env: () => env, marker: () => uniqueMarker(), ...place })
}

/** A line as a template without values: zx would quote it as one word. */
const line = (text: string) => Object.assign([text], { raw: [text] })

describe('what `$` starts ends with it', () => {
  for (const [name, script] of Object.entries(ways)) {
    it(`${name}, at a time limit`, async () => {
      const cwd = temporaryFolder()
      const ended = await shell({ cwd, timeoutMs: 600 })({ nothrow: true })(line(`${script}\n${WAIT}; sleep 1000`))
      expect(ended).toMatchObject({ exitCode: null, ok: false })
      expect(ended.signal).toMatch(/^SIG(TERM|KILL)$/)
      expect(alive(await pidIn(cwd, 'child'))).toBe(false)
    })

    it(`${name}, when it is killed`, async () => {
      const cwd = temporaryFolder()
      const running = shell({ cwd })({ nothrow: true })(line(`${script}\n${WAIT}; echo ready; sleep 1000`))
      const pid = await pidIn(cwd, 'child')
      await running.kill()
      expect(alive(pid)).toBe(false)
      expect(await running).toMatchObject({ exitCode: null })
    })

    it(`${name}, after a normal end`, async () => {
      const cwd = temporaryFolder()
      expect(await shell({ cwd })(line(`${script}\n${WAIT}; echo end`))).toMatchObject({ stdout: 'end\n', exitCode: 0 })
      expect(alive(await pidIn(cwd, 'child'))).toBe(false)
    })
  }

  it('when its signal is aborted, and a status that it gives then says nothing', async () => {
    const cwd = temporaryFolder()
    const abort = new AbortController()
    const running = shell({ cwd, signal: abort.signal })({ nothrow: true })(
      line('trap "exit 0" TERM; echo $$ > child; while :; do sleep 0.05; done'),
    )
    const pid = await pidIn(cwd, 'child')
    abort.abort()
    expect(await running).toMatchObject({ exitCode: null, ok: false })
    expect(alive(pid)).toBe(false)
  })

  it('when the script that has it is killed, in no swarm', async () => {
    const cwd = temporaryFolder()
    const zx = path.join(packageRoot, 'dist/processes/zx.js')
    writeFileSync(
      path.join(cwd, 'script.mjs'),
      `import { $ } from ${JSON.stringify(zx)}\nawait $\`setsid sh -c 'echo $$ > child; exec sleep 1000' & sleep 1000\`\n`,
    )
    const script = start(process.execPath, ['script.mjs'], { cwd, env })
    const pid = await pidIn(cwd, 'child')
    script.child.kill('SIGKILL')
    await script.ended
    await until(() => !alive(pid), 'the command has ended')
  })
})

describe('it is zx', () => {
  it('quotes values, and joins lists', async () => {
    const dangerous = `it's "$(touch x)"; \\ \n*`
    const { stdout } = await shell()`printf '%s|' ${dangerous} ${['a b', '']} end`
    expect(stdout).toBe(`${dangerous}|a b||end|`)
  })

  it('throws for a status, with what was said on standard error', async () => {
    const failed: unknown = await shell()`echo why >&2; exit 7`.catch((error: unknown) => error)
    expect(failed).toMatchObject({ exitCode: 7, stderr: 'why\n' })
    expect(await shell()({ nothrow: true })`exit 3`).toMatchObject({ exitCode: 3 })
    expect(await shell()`exit 5`.exitCode).toBe(5)
  })

  it('stops at the first command of a pipeline that fails', async () => {
    await expect(shell()`false | cat; echo on`).rejects.toMatchObject({ exitCode: 1, stdout: '' })
  })

  it('reads its input, which can be opened by name, and none if none is given', async () => {
    expect(await shell()({ input: 'in' })`cat /dev/stdin`.text()).toBe('in')
    expect(await shell()`cat; echo end`.text()).toBe('end\n')
    expect(await shell()({ stdio: 'ignore' })`cat`).toMatchObject({ stdout: '' })
  })

  it('has outputs that can be opened by name', async () => {
    expect(await shell()`echo out > /dev/stdout; echo err > /dev/stderr`).toMatchObject({
      stdout: 'out\n',
      stderr: 'err\n',
    })
  })

  it('gives bytes as they are, however many', async () => {
    const { length } = (await shell()`head -c 3000000 /dev/zero`.buffer()).filter((byte) => byte === 0)
    expect(length).toBe(3_000_000)
  })

  it('takes what is written to it', async () => {
    const cat = shell()`cat`
    cat.stdin.write('written')
    cat.stdin.end()
    expect((await cat).stdout).toBe('written')
  })

  it('pipes one command into the next, in the same folder and environment', async () => {
    const cwd = temporaryFolder()
    mkdirSync(path.join(cwd, 'here'))
    const there = shell({ cwd: path.join(cwd, 'here'), env: () => ({ ...env, WORD: 'word' }) })
    const piped = there`echo a; echo b`.pipe`tac; pwd`.pipe`cat; echo $WORD`
    expect((await piped).stdout).toBe(`b\na\n${path.join(cwd, 'here')}\nword\n`)
  })

  it('says that its folder is missing', async () => {
    const failed: unknown = await shell({ cwd: '/nowhere' })`true`.catch((error: unknown) => error)
    expect(String((failed as Error).message)).toContain('There is no folder /nowhere')
  })

  it('has no sync in a swarm, where it would stop every worker', () => {
    expect(() => shell()({ sync: true })`true`).toThrow(/would stop every worker/)
  })

  it('of itself runs in this folder, and adds to its options', async () => {
    const cwd = temporaryFolder()
    expect((await $({ cwd })`pwd`).stdout).toBe(`${cwd}\n`)
    expect((await $({ quiet: true })`echo x >&2; pwd`).stdout).toBe(`${process.cwd()}\n`)
  })
})
