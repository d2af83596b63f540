import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, utimesSync } from 'node:fs'
import { expect, test } from 'vitest'
import { logFile } from '../../src/events/log.js'
import { findRun, listRuns, readRun, runningRun, startHeartbeat, thisWorld } from '../../src/events/runs.js'
import { processStart } from '../../src/processes/identity.js'
import { temporaryFolder } from '../support/repository.js'
import { ourselves, startedByTheDead, startedHere, startOfTheDead, stopped, writeEvents } from './folder.js'
import { at, started } from './sample.js'

const [A, B, C] = ['aaaa0001', 'aaab0002', 'cccc0003']

test('a swarm whose process lives is running, with an end it has stopped, without either it has crashed', () => {
  const root = temporaryFolder()
  writeEvents(root, A, [startedHere(0, A)])
  writeEvents(root, B, [startedHere(1, B), stopped(2, B)])
  writeEvents(root, C, [startedByTheDead(2, C)])
  expect(listRuns(root).map(({ swarm, state }) => [swarm, state])).toEqual([
    [C, 'crashed'],
    [B, 'stopped'],
    [A, 'running'],
  ])
})

test('a pid that another process has now does not make a swarm look running', async () => {
  const root = temporaryFolder()
  const child = spawn('sleep', ['100'])
  const pid = child.pid ?? 0
  const facts = { ...ourselves(), pid, processStart: processStart(pid) ?? '' }
  writeEvents(root, A, [at(0, started(facts), A)])
  writeEvents(root, B, [at(0, started({ ...facts, processStart: `${facts.processStart}0` }), B)])
  expect([readRun(root, A)?.state, readRun(root, B)?.state]).toEqual(['running', 'crashed'])
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(readRun(root, A)?.state).toBe('crashed')
})

test('a swarm that was resumed is judged by its latest start', () => {
  const root = temporaryFolder()
  writeEvents(root, A, [startedByTheDead(0, A), stopped(1, A, 130), startedHere(2, A)])
  expect(readRun(root, A)).toMatchObject({ state: 'running', startedAt: at(0, started()).at, stoppedAt: undefined })
  writeEvents(root, A, [stopped(3, A)])
  expect(readRun(root, A)?.state).toBe('stopped')
})

test('events after the end, such as an approval, do not make a stopped swarm look crashed', () => {
  const root = temporaryFolder()
  const later = { type: 'note', text: 'x'.repeat(300) } as const
  writeEvents(root, A, [startedByTheDead(0, A), stopped(1, A)])
  writeEvents(
    root,
    A,
    Array.from({ length: 200 }, (_, i) => at(2 + i, later, A)),
  )
  expect(readRun(root, A)?.state).toBe('stopped')
})

test('a long log that has no end near its end is judged by its start', () => {
  const root = temporaryFolder()
  writeEvents(root, A, [startedHere(0, A)])
  const activity = { type: 'agent.activity', worker: 'w1', text: 'y'.repeat(300) } as const
  writeEvents(
    root,
    A,
    Array.from({ length: 200 }, (_, i) => at(i, activity, A)),
  )
  expect(readRun(root, A)).toMatchObject({ state: 'running', owner: { pid: process.pid } })
})

test('a last line that a crash has cut is passed over, and not counted', () => {
  const root = temporaryFolder()
  writeEvents(root, A, [startedHere(0, A)])
  const whole = readRun(root, A)?.size
  appendFileSync(logFile(root, A), '{"at":"2026-11-21T10:00:00.000Z","swarm":"aaaa0001","type":"swarm.stopp')
  expect(readRun(root, A)).toMatchObject({ state: 'running', size: whole })
})

test('a swarm of another machine or container is judged by its heartbeat, for its pid says nothing here', () => {
  const root = temporaryFolder()
  writeEvents(root, A, [at(0, started({ ...ourselves(), processStart: '0badcafe.1', host: 'elsewhere' }), A)])
  const old = new Date(Date.now() - 3_600_000)
  utimesSync(logFile(root, A), old, old)
  expect(readRun(root, A)?.state).toBe('crashed')
  startHeartbeat(root, A)()
  expect(readRun(root, A)?.state).toBe('running')
  const later = { ...thisWorld(root), now: () => Date.now() + 130_000 }
  expect(readRun(root, A, later)?.state).toBe('crashed')
})

test('the process decides on one machine, whatever the machine is called now', () => {
  const root = temporaryFolder()
  writeEvents(root, A, [at(0, started({ ...ourselves(), host: 'earlier-name' }), A)])
  writeEvents(root, B, [at(0, started({ ...ourselves(), processStart: startOfTheDead(), host: 'earlier-name' }), B)])
  expect([readRun(root, A)?.state, readRun(root, B)?.state]).toEqual(['running', 'crashed'])
})

test('a swarm is found by the beginning of its id, else the running one, else the latest', () => {
  const root = temporaryFolder()
  expect(() => findRun(root)).toThrow(expect.objectContaining({ code: 'no-swarm', status: 3 }))
  writeEvents(root, A, [startedHere(0, A)])
  writeEvents(root, B, [startedHere(1, B), stopped(2, B)])
  writeEvents(root, C, [startedHere(2, C), stopped(3, C)])
  expect(findRun(root).swarm).toBe(A)
  expect(findRun(root, 'c').swarm).toBe(C)
  expect(findRun(root, 'aaab').swarm).toBe(B)
  expect(() => findRun(root, 'aaa')).toThrow(expect.objectContaining({ code: 'ambiguous-swarm', status: 2 }))
  for (const id of ['dead', '../x', 'C']) {
    expect(() => findRun(root, id)).toThrow(expect.objectContaining({ code: 'unknown-swarm', status: 2 }))
  }
  writeEvents(root, A, [stopped(9, A)])
  expect(findRun(root).swarm).toBe(C)
})

test('what ends a swarm wants one that runs, and asks which where there are two', () => {
  const root = temporaryFolder()
  writeEvents(root, A, [startedByTheDead(0, A)])
  expect(() => runningRun(root)).toThrow(expect.objectContaining({ code: 'not-running', status: 3 }))
  writeEvents(root, B, [startedHere(0, B)])
  expect(runningRun(root).swarm).toBe(B)
  writeEvents(root, C, [startedHere(0, C)])
  expect(() => runningRun(root)).toThrow(expect.objectContaining({ code: 'ambiguous-swarm', status: 2 }))
  expect(runningRun(root, 'c').swarm).toBe(C)
})

test('a folder without a log, and what is not a swarm, is no swarm', () => {
  const root = temporaryFolder()
  writeEvents(root, A, [])
  writeEvents(root, 'notes', [startedHere(0, 'notes')])
  expect(listRuns(root)).toEqual([])
})
