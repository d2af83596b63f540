// One holder at a time, whoever dies.

import { mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { onLockWarning, withLock } from '../../src/locks/index.js'
import { processStart } from '../../src/processes/identity.js'
import { thisOwner } from '../../src/processes/owner.js'
import { oompa, oompaBin, packageRoot, start } from '../support/oompa.js'
import { processes } from '../support/processes.js'
import { testRepository } from '../support/repository.js'

const lockModule = path.join(packageRoot, 'dist/locks/index.js')

/** A program that takes the lock, writes when it had it, and holds it for a moment or for ever. */
function program(file: string, root: string, hold: string): string {
  writeFileSync(
    file,
    `import { withLock } from ${JSON.stringify(lockModule)}
     import { appendFileSync } from 'node:fs'
     const options = { onWait: () => console.log('waits') }
     await withLock(${JSON.stringify(root)}, 'landing', async () => {
       appendFileSync(process.argv[2], 'in ' + process.pid + ' ' + Date.now() + '\\n')
       console.log('held')
       ${hold}
       appendFileSync(process.argv[2], 'out ' + process.pid + ' ' + Date.now() + '\\n')
     }, options)`,
  )
  return file
}

function neverTwo(log: string): void {
  let inside: string | undefined
  for (const line of log.trim().split('\n')) {
    const [word, pid] = line.split(' ')
    if (word === 'in') {
      expect(inside).toBeUndefined()
      inside = pid
    } else {
      expect(inside).toBe(pid)
      inside = undefined
    }
  }
}

/** A minute's worth where everything is required (`.ci/run`), a few elsewhere. */
const TRIALS = process.env.OOMPA_REQUIRE === '1' ? 40 : 5

describe('a lock', () => {
  test('is held by one at a time, in order of arrival within a process', async () => {
    const { root } = testRepository()
    const order: number[] = []
    let inside = 0
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        withLock(root, 'landing', async () => {
          expect(++inside).toBe(1)
          await Promise.resolve()
          order.push(i)
          inside--
        }),
      ),
    )
    expect(order).toEqual([...order].sort((a, b) => a - b))
    // Ours is kept for the next time, until we end.
    expect(readdirSync(path.join(root, '.git/oompa/locks'))).toEqual([
      expect.stringContaining(`landing.${process.pid}-`),
    ])
  })

  test('costs less than 5 ms where nobody holds it', async () => {
    const { root } = testRepository()
    const took: number[] = []
    for (let i = 0; i < 51; i++) {
      const began = performance.now()
      await withLock(root, 'landing', async () => {})
      took.push(performance.now() - began)
    }
    expect(took.sort((a, b) => a - b)[25]).toBeLessThan(5)
  })

  test('is given back when the work throws, and waiting ends at the signal and at the time limit', async () => {
    const { root } = testRepository()
    await expect(withLock(root, 'a', () => Promise.reject(new Error('x')))).rejects.toThrow('x')
    await withLock(root, 'a', async () => {
      const other = start(process.execPath, [oompaBin, 'lock', 'a', '--timeout', '0.05', '--', 'true'], {
        cwd: root,
        env: process.env,
      })
      expect(await other.ended).toMatchObject({ status: 4, stderr: expect.stringContaining(String(process.pid)) })
      await expect(withLock(root, 'a', async () => {}, { timeoutMs: 20 })).rejects.toMatchObject({
        code: 'lock-timeout',
      })
      const stop = new AbortController()
      const waiting = withLock(root, 'a', async () => {}, { signal: stop.signal })
      stop.abort(new Error('stopped'))
      await expect(waiting).rejects.toThrow('stopped')
    })
    await withLock(root, 'a', async () => {})
  })

  test(`of a dead holder is taken by exactly one of 8 processes, and by each in turn: ${TRIALS} trials`, async () => {
    const { root, home } = testRepository()
    for (let trial = 0; trial < TRIALS; trial++) {
      const log = path.join(home, `log-${trial}`)
      const holder = start(
        process.execPath,
        [
          program(path.join(home, 'hold.mjs'), root, 'await new Promise(() => setInterval(() => {}, 1000))'),
          path.join(home, 'dead'),
        ],
        { cwd: root, env: process.env },
      )
      await holder.prints(/held/)
      const file = program(path.join(home, 'take.mjs'), root, 'await new Promise((r) => setTimeout(r, 5))')
      const others = Array.from({ length: 8 }, () =>
        start(process.execPath, [file, log], { cwd: root, env: process.env }),
      )
      // All of them wait when it dies: how long a program takes to start on a busy machine is not the lock's.
      await Promise.all(others.map((other) => other.prints(/waits/)))
      holder.child.kill('SIGKILL')
      expect((await Promise.all(others.map((other) => other.ended))).map((one) => one.status)).toEqual(Array(8).fill(0))
      const text = readFileSync(log, 'utf8')
      neverTwo(text)
      expect(text.match(/in /g)).toHaveLength(8)
    }
    expect(readdirSync(path.join(root, '.git/oompa/locks'))).toEqual([])
  }, 300_000)
})

describe('what stands in the place of a lock', () => {
  /** Writes a record as a holder would. */
  function forge(root: string, { pid, start, host = 'here' }: { pid: number; start: string; host?: string }): string {
    const name = `${pid}-${start}-0badcafe`
    const folder = path.join(root, '.git/oompa/locks/landing')
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, name), JSON.stringify({ pid, start, host, command: 'forged' }))
    return path.join(folder, name)
  }
  const take = (root: string) => withLock(root, 'landing', async () => 'taken', { timeoutMs: 5000 })

  test('and was written by somebody who does not hold it blocks nothing, whichever process it names', async () => {
    const { root } = testRepository()
    for (const pid of [1, process.ppid, process.pid]) {
      forge(root, { pid, start: processStart(pid)! })
      expect(await take(root)).toBe('taken')
    }
  })

  test('and is no record at all blocks nothing, and is moved aside and not followed', async () => {
    const { root, home, write } = testRepository()
    const locks = path.join(root, '.git/oompa/locks')
    mkdirSync(locks, { recursive: true })
    write('mine/precious.txt', 'keep')
    const lock = path.join(locks, 'landing')
    const put: (() => void)[] = [
      () => writeFileSync(lock, 'free'),
      () => symlinkSync(path.join(root, 'mine'), lock),
      () => symlinkSync(lock, lock),
      () => mkdirSync(path.join(lock, 'a/folder'), { recursive: true }),
      () => {
        mkdirSync(lock)
        writeFileSync(path.join(lock, 'garbage'), '{')
        symlinkSync(home, path.join(lock, '1-a.1-0badcafe'))
      },
    ]
    for (const one of put) {
      one()
      expect(await take(root)).toBe('taken')
    }
    expect(readFileSync(path.join(root, 'mine/precious.txt'), 'utf8')).toBe('keep')
    expect(readdirSync(path.join(root, 'mine'))).toEqual(['precious.txt'])
  })

  test('of a holder that cannot be seen from here is freed when it has been silent for two minutes, and not before', async () => {
    const { root } = testRepository()
    const record = forge(root, { pid: 7, start: '0badcafe.1', host: 'elsewhere' })
    await expect(withLock(root, 'landing', async () => {}, { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'lock-timeout',
      mend: expect.stringContaining('.git/oompa/locks/landing'),
    })
    const before = new Date(Date.now() - 121_000)
    utimesSync(record, before, before)
    expect(await take(root)).toBe('taken')
  })

  test('of a crash that left its record empty is freed by the name', async () => {
    const { root } = testRepository()
    writeFileSync(forge(root, { pid: 1, start: `${thisOwner().start.split('.')[0]}.1` }), '')
    expect(await take(root)).toBe('taken')
  })
})

test('a lock that is waited for for some seconds is named, with who holds it and how it is freed', async () => {
  const { root, env } = testRepository()
  await withLock(root, 'deploy', async () => {
    const other = start(process.execPath, [oompaBin, 'lock', 'deploy', '--', 'true'], { cwd: root, env })
    await other.prints(/Waiting for the lock `deploy`: it is held by process \d+ on .*\n.*kill \d+/)
    const said = new Promise<string>((resolve) => onLockWarning(resolve))
    const third = start(process.execPath, [oompaBin, 'lock', 'third', '--', 'sleep', '1000'], { cwd: root, env })
    const stop = new AbortController()
    const held = path.join(root, '.git/oompa/locks/third')
    while (!readdirSync(path.dirname(held)).includes('third')) await new Promise((resolve) => setTimeout(resolve, 20))
    const waiting = withLock(root, 'third', async () => {}, { signal: stop.signal })
    expect(await said).toContain(`process ${third.child.pid} on`)
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    other.child.kill('SIGTERM')
    third.child.kill('SIGTERM')
    await Promise.all([other.ended, third.ended])
  })
})

describe('oompa lock', () => {
  test('is what flock is: after its holder was killed it is free when the command has ended, too', async () => {
    const { root, env, home } = testRepository()
    const log = path.join(home, 'log')
    const hold = (script: string) =>
      start(process.execPath, [oompaBin, 'lock', '--', 'sh', '-c', script], { cwd: root, env })
    const first = hold(`echo in first >> ${log}; echo held; read -r line; sleep 1; echo out first >> ${log}`)
    await first.prints(/held/)
    first.child.kill('SIGKILL')
    const second = hold(`echo in second >> ${log}; echo out second >> ${log}`)
    expect((await second.ended).status).toBe(0)
    expect(readFileSync(log, 'utf8').split('\n', 4)).toEqual(['in first', 'out first', 'in second', 'out second'])
  })

  test('that was killed keeps the lock for what its command starts under it, which does not wait for itself', async () => {
    const { root, env, home } = testRepository()
    const log = path.join(home, 'log')
    const inner = `${process.execPath} ${oompaBin} lock -- sh -c 'echo inner >> ${log}'`
    const script = `echo held; read -r line; ${inner}; sleep 0.5; echo out >> ${log}`
    const first = start(process.execPath, [oompaBin, 'lock', '--', 'sh', '-c', script], { cwd: root, env })
    await first.prints(/held/)
    first.child.kill('SIGKILL')
    expect((await oompa(['lock', '--', 'cat', log], { cwd: root, env })).stdout).toBe('inner\nout\n')
  })

  test('goes on within a lock after one that was inside it was killed', async () => {
    const { root, env, home } = testRepository()
    const nested = `${process.execPath} ${oompaBin} lock --`
    const inside = path.join(home, 'inside')
    const wait = `until test -e '${inside}'; do sleep 0.05; done`
    const script = `${nested} sh -c "touch '${inside}'; exec sleep 98721" > '/dev/null' 2>&1 & ${wait}; kill -9 $!; ${nested} echo next`
    const ended = await oompa(['lock', '--', 'sh', '-c', script], { cwd: root, env })
    for (const pid of processes('sleep 98721')) process.kill(pid)
    expect(ended).toMatchObject({ status: 0, stdout: 'next\n' })
  })

  test('passes the status of the command on, and 128 + n for a signal', async () => {
    const { root, env } = testRepository()
    const status = async (...line: string[]) => (await oompa(['lock', '--', ...line], { cwd: root, env })).status
    expect(await status('true')).toBe(0)
    expect(await status('sh', '-c', 'exit 37')).toBe(37)
    expect(await status('sh', '-c', 'kill -TERM $$')).toBe(143)
    expect(await status('no-such-command')).toBe(127)
    expect((await oompa(['lock'], { cwd: root, env })).status).toBe(2)
  })

  test('is re-entrant by the environment, and siblings inside it take turns', async () => {
    const { root, env, home } = testRepository()
    mkdirSync(path.join(root, 'below'))
    const log = path.join(home, 'log')
    const inner = `${process.execPath} ${oompaBin} lock -- sh -c 'echo in $$ >> ${log}; sleep 0.05; echo out $$ >> ${log}'`
    const ended = await oompa(['lock', '--', 'sh', '-c', `${inner} & ${inner} & ${inner} & wait`], {
      cwd: path.join(root, 'below'),
      env,
    })
    expect(ended.status).toBe(0)
    neverTwo(readFileSync(log, 'utf8'))
  })

  test('of another name does not wait', async () => {
    const { root, env } = testRepository()
    await withLock(root, 'landing', async () => {
      expect((await oompa(['lock', 'other', '--', 'true'], { cwd: root, env })).status).toBe(0)
    })
  })
})
