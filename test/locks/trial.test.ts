// Several processes that take one lock again and again while some of them are killed at any moment: never two holders.
// OOMPA_LOCK_TURNS asks for more than the few of `npm test`.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { oompaBin, packageRoot, start } from '../support/oompa.js'
import { testRepository } from '../support/repository.js'

const PROCESSES = 6
const TURNS = Number(process.env.OOMPA_LOCK_TURNS ?? (process.env.OOMPA_REQUIRE === '1' ? 400 : 120))
/** A kill for every so many turns. */
const TURNS_PER_KILL = 8

/** Takes the lock until it is told to end, and writes when it was inside, by the clock that all processes share. */
const WORKER = `
import { appendFileSync } from 'node:fs'
import { withLock } from ${JSON.stringify(path.join(packageRoot, 'dist/locks/index.js'))}
const [root, log] = process.argv.slice(2)
const say = (word) => appendFileSync(log, word + ' ' + process.pid + ' ' + process.hrtime.bigint() + '\\n')
console.log('ready')
for (;;) {
  await withLock(root, 'landing', async () => {
    say('in')
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3))
    say('out')
  })
  console.log('turn')
}`

interface Line {
  readonly word: string
  readonly pid: string
  readonly at: bigint
}

function linesOf(text: string): Line[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const [word = '', pid = '', at = '0'] = line.split(' ')
    return { word, pid, at: BigInt(at) }
  })
}

/** Who was inside must be outside, or killed, before the next is inside. */
function holdersAtOnce(lines: readonly Line[], killedAt: ReadonlyMap<string, bigint>): string[] {
  const wrong: string[] = []
  let inside: string | undefined
  for (const { word, pid, at } of lines) {
    if (word === 'in') {
      const killed = inside === undefined ? 0n : killedAt.get(inside)
      if (killed === undefined || killed > at) wrong.push(`${pid} came in at ${at} beside ${inside}`)
      inside = pid
    } else if (inside !== pid) wrong.push(`${pid} went out at ${at}, while ${inside} was inside`)
    else inside = undefined
  }
  return wrong
}

test(`a lock has never two holders: ${PROCESSES} processes, ${TURNS} turns, and a kill -9 every ${TURNS_PER_KILL}`, async () => {
  const { root, home } = testRepository()
  const file = path.join(home, 'worker.mjs')
  const log = path.join(home, 'log')
  writeFileSync(file, WORKER)
  writeFileSync(log, '')
  const killedAt = new Map<string, bigint>()
  let turns = 0
  let wake = () => {}
  const reach = async (count: number) => {
    while (turns < count) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  const begin = () => {
    const worker = start(process.execPath, [file, root, log], { cwd: root, env: process.env })
    worker.child.stdout!.on('data', (text: string) => {
      turns += text.split('turn').length - 1
      wake()
    })
    return worker
  }
  const workers = Array.from({ length: PROCESSES }, begin)
  await Promise.all(workers.map((worker) => worker.prints(/ready/)))
  const kill = async (at: number) => {
    const { child, ended } = workers[at]!
    killedAt.set(String(child.pid), process.hrtime.bigint())
    child.kill('SIGKILL')
    await ended
  }
  for (let count = TURNS_PER_KILL; count <= TURNS; count += TURNS_PER_KILL) {
    await reach(count)
    // The moment is to be any: in the taking, inside, in the giving back, or in between.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 10))
    const at = Math.floor(Math.random() * PROCESSES)
    await kill(at)
    workers[at] = begin()
  }
  for (let at = 0; at < PROCESSES; at++) await kill(at)
  expect(holdersAtOnce(linesOf(readFileSync(log, 'utf8')), killedAt)).toEqual([])
  // Whoever was killed last, it is free.
  const last = await start(process.execPath, [oompaBin, 'lock', '--timeout', '5', '--', 'true'], {
    cwd: root,
    env: process.env,
  }).ended
  expect(last).toMatchObject({ status: 0 })
}, 600_000)
