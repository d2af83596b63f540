// What taking a lock does to the process that takes it: nothing that it would not have done without.

import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { onLockWarning, withLock } from '../../src/locks/index.js'
import { packageRoot, start } from '../support/oompa.js'
import { testRepository } from '../support/repository.js'

const lockModule = JSON.stringify(path.join(packageRoot, 'dist/locks/index.js'))

/** Runs a program that takes a lock of the repository first. */
function program(root: string, home: string, rest: string) {
  const file = path.join(home, 'program.mjs')
  writeFileSync(
    file,
    `import { spawnSync } from 'node:child_process'
     import { constants } from 'node:os'
     import { withLock } from ${lockModule}
     const { emit, reallyExit } = process
     await withLock(${JSON.stringify(root)}, 'a', async () => {})
     ${rest}`,
  )
  return start(process.execPath, [file], { cwd: root, env: process.env })
}

describe('a process that has taken a lock', () => {
  test('listens for no signal, and is what it was', async () => {
    const { root, home } = testRepository()
    const { stdout, stderr } = await program(
      root,
      home,
      `for (const name of Object.keys(constants.signals))
         if (process.listenerCount(name)) console.log('listens for ' + name)
       if (process.emit !== emit || process.reallyExit !== reallyExit) console.log('is changed')
       console.log('end')`,
    ).ended
    expect({ stdout, stderr }).toEqual({ stdout: 'end\n', stderr: '' })
  })

  test('is ended by a signal at once, while it waits for a git as well', async () => {
    const { root, home } = testRepository()
    const running = program(root, home, `console.log('waits'); spawnSync('sleep', ['2'])`)
    await running.prints(/waits/)
    const began = performance.now()
    running.child.kill('SIGTERM')
    await new Promise((resolve) => running.child.once('exit', resolve))
    expect(performance.now() - began).toBeLessThan(1500)
    expect(await running.ended).toMatchObject({ signal: 'SIGTERM' })
  })

  test('gives it back at its exit', async () => {
    const { root, home } = testRepository()
    const ended = await program(root, home, `withLock(${JSON.stringify(root)}, 'b', async () => process.exit(7))`).ended
    expect(ended.status).toBe(7)
    expect(readdirSync(path.join(root, '.git/oompa/locks'))).toEqual([])
  })
})

describe('the end of a lock', () => {
  test('that somebody removed is said, and ends nothing', async () => {
    const { root, home } = testRepository()
    // The package looks after its lock every 30 s; it does so at once where its timer is told to be quick.
    const quick = `
      const wait = globalThis.setTimeout
      globalThis.setTimeout = (act, ms, ...args) => wait(act, ms === 30_000 ? 20 : ms, ...args)
      const { rmSync } = await import('node:fs')
      await withLock(${JSON.stringify(root)}, 'b', async () => {
        rmSync(${JSON.stringify(path.join(root, '.git/oompa/locks'))}, { recursive: true })
        await new Promise((resolve) => wait(resolve, 200))
      })
      console.log('done')`
    const ended = await program(root, home, quick).ended
    expect(ended).toMatchObject({ status: 0, stdout: 'done\n' })
    expect(ended.stderr).toContain('The lock `b` was removed while we held it')
  })

  test('that was removed unseen is as good as given back', async () => {
    const { root } = testRepository()
    await withLock(root, 'a', async () => rmSync(path.join(root, '.git/oompa/locks'), { recursive: true }))
    expect(await withLock(root, 'a', async () => 'again')).toBe('again')
  })

  test('that fails fails its caller, after what its work has to say', async () => {
    const { root } = testRepository()
    const lock = path.join(root, '.git/oompa/locks/a')
    /** Takes the name under which a lock is put away. */
    const spoil = () => writeFileSync(`${lock}.${readdirSync(lock)[0]!}`, '')
    await expect(withLock(root, 'a', async () => spoil())).rejects.toMatchObject({
      code: 'ENOTDIR',
    })
    rmSync(lock, { recursive: true, force: true })
    const said: string[] = []
    onLockWarning((text) => said.push(text))
    const work = async () => {
      spoil()
      throw new Error('of the work')
    }
    await expect(withLock(root, 'a', work)).rejects.toThrow('of the work')
    expect(said).toEqual([expect.stringContaining('The lock `a` could not be given back')])
  })
})
