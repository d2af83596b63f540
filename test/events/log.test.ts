import { appendFileSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { OompaEvent } from '../../src/events/contract.js'
import { earlierShape } from '../../src/events/earlier-format.js'
import { fold } from '../../src/events/fold.js'
import { logFile, openLog, readLog } from '../../src/events/log.js'
import { readRun } from '../../src/events/runs.js'
import { scanForState, scanLog } from '../../src/events/scan-log.js'
import { followLog, lineSplitter, openTail } from '../../src/events/tail.js'
import { temporaryFolder } from '../support/repository.js'
import { startedHere, stopped, writeEvents } from './folder.js'
import { at, SWARM, sampleEvents } from './sample.js'

test('a log gives back what was emitted, with time and swarm, and tells its listeners', () => {
  const root = temporaryFolder()
  const log = openLog(root, SWARM)
  const heard: OompaEvent[] = []
  log.listen((event) => heard.push(event))
  log.emit({ worker: 'w1', text: 'says "type":"swarm.started"', type: 'agent.activity' })
  log.close()
  expect(readLog(root, SWARM)).toEqual(heard)
  expect(heard).toMatchObject([{ swarm: SWARM, type: 'agent.activity', worker: 'w1' }])
  expect(readFileSync(logFile(root, SWARM), 'utf8')).toMatch(
    /^\{"at":"[^"]{24}","swarm":"3f2a91bc","type":"agent.activity",/,
  )
})

test('the first event after a line that was cut is not lost with it', () => {
  const root = temporaryFolder()
  writeEvents(root, SWARM, sampleEvents())
  appendFileSync(logFile(root, SWARM), '{"at":"2026')
  const log = openLog(root, SWARM)
  log.emit({ type: 'swarm.stopped', reason: 'r', status: 0 })
  log.close()
  expect(readLog(root, SWARM).map(({ type }) => type)).toEqual([
    ...sampleEvents().map(({ type }) => type),
    'swarm.stopped',
  ])
})

test('a scan gives the wanted events in order, also of lines that another program wrote', () => {
  const root = temporaryFolder()
  writeEvents(root, SWARM, sampleEvents())
  appendFileSync(
    logFile(root, SWARM),
    [
      '{"text":"a \\"type\\":\\"note\\"","type":"iteration.ended","at":"2027","swarm":"3f2a91bc","worker":"w1","outcome":"done"}',
      'not json "type":"iteration.ended"',
      '',
      '{"at":"2027","swarm":"3f2a91bc","type":"iteration.ended","cut',
    ].join('\n'),
  )
  const events = scanLog(root, SWARM, (type) => type === 'iteration.ended')
  expect(events.map((event) => event.type === 'iteration.ended' && event.outcome)).toEqual([
    'landed',
    'refused',
    'done',
  ])
})

test('the short way to the state gives the same state as the whole log', () => {
  const root = temporaryFolder()
  const activity: OompaEvent[] = []
  for (let i = 0; i < 50; i++) {
    activity.push(at(100 + i, { type: 'agent.activity', worker: `w${(i % 3) + 1}`, text: `did ${i} – ünïcode` }))
    activity.push(at(100 + i, { type: 'agent.message', worker: 'w1', text: 'm', role: 'author' }))
  }
  activity.pop()
  writeEvents(root, SWARM, [...sampleEvents(), ...activity])
  expect(fold(scanForState(root, SWARM))).toEqual(fold(readLog(root, SWARM)))
  expect(scanForState(root, SWARM).length).toBeLessThan(sampleEvents().length + 4)
})

test('a missing log is an empty one', () => {
  const root = temporaryFolder()
  expect([readLog(root, SWARM), scanForState(root, SWARM), readRun(root, SWARM)]).toEqual([[], [], undefined])
})

test('a tail gives what was added, across cut characters and a file that comes later', () => {
  const root = temporaryFolder()
  const file = `${root}/x.log`
  const tail = openTail(file)
  const lines = lineSplitter()
  expect(lines.take(tail.read())).toEqual([])
  const bytes = Buffer.from('grüße\nzwei\nrest')
  appendFileSync(file, bytes.subarray(0, 3))
  expect(lines.take(tail.read())).toEqual([])
  appendFileSync(file, bytes.subarray(3))
  expect(lines.take(tail.read())).toEqual(['grüße', 'zwei'])
  expect(lines.rest()).toBe('rest')
  expect(tail.read().length).toBe(0)
  tail.close()
})

test('a follower hears every event once, and returns when the swarm has ended', async () => {
  const root = temporaryFolder()
  writeEvents(root, SWARM, [startedHere(0, SWARM), ...sampleEvents().slice(1, 5)])
  const run = readRun(root, SWARM)
  if (!run) throw new Error('no run')
  const heard: string[] = []
  const ended = followLog(
    root,
    run,
    (event) => {
      heard.push(event.type)
      if (heard.length === 1) writeEvents(root, SWARM, [...sampleEvents().slice(6, 9), stopped(99, SWARM)])
    },
    { from: run.size },
  )
  writeEvents(root, SWARM, sampleEvents().slice(5, 6))
  expect((await ended).state).toBe('stopped')
  expect(heard).toEqual([
    ...sampleEvents()
      .slice(5, 9)
      .map(({ type }) => type),
    'swarm.stopped',
  ])
})

test("the earlier system's files are made from the events", () => {
  const shape = earlierShape([...sampleEvents(), stopped(30, SWARM)])
  expect(shape.started).toMatchObject({
    'swarm-id': SWARM,
    pid: 4242,
    workers: [
      { id: 'w1', harness: 'claude', model: 'opus', iterations: 2 },
      { id: 'w2', harness: 'codex', model: 'o3', iterations: 2 },
    ],
  })
  expect(shape.stopped).toMatchObject({ 'swarm-id': SWARM, reason: 'all workers have ended', error: null })
  expect(shape.cycles).toMatchObject([
    {
      'worker-id': 'w1',
      cycle: 1,
      outcome: 'merged',
      'duration-ms': 13_000,
      'claimed-task-ids': ['t-1'],
      'review-rounds': 2,
    },
    { 'worker-id': 'w2', cycle: 1, outcome: 'rejected', 'claimed-task-ids': [] },
  ])
  expect(shape.reviews).toMatchObject([
    { 'worker-id': 'w1', cycle: 1, round: 1, verdict: 'rejected', output: 'Name it.\nTwice.' },
    { round: 2, verdict: 'approved' },
  ])
})
