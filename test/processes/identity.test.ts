// A pid alone is not a process.

import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { isAlive, parsePs, processStart } from '../../src/processes/identity.js'
import { environmentMatches, limitMatcher, limitOf, uniqueMarker, withMarker } from '../../src/processes/marks.js'
import { thisOwner } from '../../src/processes/owner.js'
import { reap } from '../../src/processes/reap.js'
import { start } from '../support/oompa.js'
import { temporaryFolder } from '../support/repository.js'
import { alive, env, pidIn, until } from './support.js'

describe('which process is meant', () => {
  it('we are alive, with our start time', () => {
    const { pid, start: started } = thisOwner()
    expect(pid).toBe(process.pid)
    expect(isAlive(pid, started)).toBe(true)
  })

  it('a process with the same pid and another start time is another one', () => {
    expect(isAlive(process.pid, 'another')).toBe(false)
  })

  it('there is no process with a pid that is none', () => {
    for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 30]) expect(processStart(pid)).toBeUndefined()
  })

  it('a process that has ended is not alive, even while nobody has fetched its status', async () => {
    const child = spawn('sh', ['-c', 'sh -c "exit 0" & echo $!; exec sleep 1000'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const zombie = await new Promise<number>((resolve) => child.stdout.once('data', (text) => resolve(Number(text))))
    await until(() => processStart(zombie) === undefined, 'the zombie counts as ended')
    child.kill('SIGKILL')
  })

  it('reads what ps prints where there is no /proc', () => {
    const text = '  123   1   123 Ss   Tue Nov 18 10:00:01 2025\n 124 123 123 Z+ Tue Nov 18 10:00:02 2025\nnonsense\n'
    expect(parsePs(text)).toEqual([
      {
        pid: 123,
        parent: 1,
        group: 123,
        session: 0,
        start: 'Tue_Nov_18_10:00:01_2025',
        started: Date.UTC(2025, 10, 18, 10, 0, 1) / 1000,
      },
    ])
  })
})

describe('marks', () => {
  it('no two runs have the same', () => {
    const markers = Array.from({ length: 1000 }, () => uniqueMarker('0a0b0c0d', 'w1', 1))
    expect(new Set(markers).size).toBe(1000)
    expect(new Set(markers.map(limitOf)).size).toBe(1000)
  })

  it('an agent inside an agent carries both', () => {
    const inner = withMarker(withMarker({}, 'aaaaaaaa:w1:1:1.1'), 'bbbbbbbb:w2:1:1.1')
    const environment = `A=1\0OOMPA_PROCESS=${inner.OOMPA_PROCESS}\0B=2`
    expect(environmentMatches(environment, { marker: 'aaaaaaaa:w1:1:1.1' })).toBe(true)
    expect(environmentMatches(environment, { swarm: 'bbbbbbbb' })).toBe(true)
    expect(environmentMatches(environment, { swarm: 'cccccccc' })).toBe(false)
    expect(environmentMatches(environment, { marker: 'aaaaaaaa:w1:1:1' })).toBe(false)
  })

  it('the limit stands for a run and for its swarm', () => {
    const marker = uniqueMarker('0a0b0c0d', 'w1', 1)
    const limits = `Max file size   unlimited\nMax file locks            ${limitOf(marker)}            unlimited locks\n`
    expect(limitMatcher({ marker })(limits)).toBe(true)
    expect(limitMatcher({ swarm: '0a0b0c0d' })(limits)).toBe(true)
    expect(limitMatcher({ swarm: '0a0b0c0e' })(limits)).toBe(false)
    expect(limitMatcher({ marker: uniqueMarker('0a0b0c0d', 'w1', 1) })(limits)).toBe(false)
    expect(limitMatcher({ marker })('Max file locks   unlimited   unlimited locks')).toBe(false)
  })
})

describe('reaping what a crashed swarm left', () => {
  it('ends what carries its mark, and says how many there were', async () => {
    const cwd = temporaryFolder()
    const swarm = path.join(import.meta.dirname, 'swarm.mjs')
    const script = 'echo $$ > agent; setsid sleep 1000 & sleep 1000'
    const runner = start(process.execPath, [swarm, cwd, script, 'decade00'], { cwd, env })
    const agent = await pidIn(cwd, 'agent')
    // Another oompa's watchdog must not do it first.
    process.kill(await pidIn(cwd, 'watchdog'), 'SIGKILL')
    expect(await reap('decade01', path.join(cwd, 'none'))).toBe(0)
    expect(alive(agent)).toBe(true)
    runner.child.kill('SIGKILL')
    await runner.ended
    expect(await reap('decade00', path.join(cwd, 'none'))).toBe(3)
    expect(alive(agent)).toBe(false)
  })

  it('ends what was written down, and never a process that has the pid now', async () => {
    const cwd = temporaryFolder()
    const ours = spawn('setsid', ['sleep', '1000'], { stdio: 'ignore' })
    const other = spawn('setsid', ['sleep', '1000'], { stdio: 'ignore' })
    const record = path.join(cwd, 'processes')
    writeFileSync(
      record,
      `${ours.pid} ${processStart(ours.pid!)}\n${other.pid} 1.1\nbroken line\n1 ${processStart(1)}\n`,
    )
    expect(await reap('decade02', record)).toBe(1)
    expect(alive(ours.pid!)).toBe(false)
    expect(alive(other.pid!)).toBe(true)
    other.kill('SIGKILL')
  })

  it('has nothing to do where nothing was left', async () => {
    expect(await reap('decade03', path.join(temporaryFolder(), 'processes'))).toBe(0)
  })
})
