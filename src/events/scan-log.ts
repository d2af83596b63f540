// Reads a log's lines without parsing those that nobody asked for: activity and messages are most of a log, and lists
// of a hundred thousand events have to be there at once. Measured in bench/history.mjs.

import { closeSync, fstatSync, readSync } from 'node:fs'
import { openForReading, readOwn } from '../files/own.js'
import type { OompaEvent } from './contract.js'
import { logFile, parseEvent } from './log.js'

const NEW_LINE = 10
const TYPE = Buffer.from('"type":"')
/** Where the key stands after the time and the swarm's id. */
const TYPE_AT = '{"at":"2026-11-21T10:00:00.000Z","swarm":"3f2a91bc",'.length
const WORKER = Buffer.from('"worker":"')
const QUOTE = 34
/** More than one line of `swarm.started` or `swarm.stopped` takes; a longer one makes us read the whole log. */
const EDGE_BYTES = 16_384

/** The events of a log whose type `wanted` admits, in order. */
export function scanLog(root: string, swarm: string, wanted: (type: string) => boolean): OompaEvent[] {
  return scan(readBytes(root, swarm), wanted)
}

/**
 * The events that the state of a swarm needs: all but messages, and of the activity only the latest line of each
 * worker. Folding them gives the same state as folding all.
 * @param size bytes of the log that are read; all of it unless given.
 */
export function scanForState(root: string, swarm: string, size?: number): OompaEvent[] {
  const bytes = readBytes(root, swarm).subarray(0, size)
  const lines: (readonly [start: number, end: number] | undefined)[] = []
  const activity = new Map<string, number>()
  for (const [start, end, type] of linesOf(bytes)) {
    if (type === 'agent.message') continue
    if (type === 'agent.activity') {
      const worker = field(bytes, WORKER, start, end) ?? ''
      const earlier = activity.get(worker)
      if (earlier !== undefined) lines[earlier] = undefined
      activity.set(worker, lines.length)
    }
    lines.push([start, end])
  }
  return lines.flatMap((line) => (line ? (parsed(bytes, line[0], line[1]) ?? []) : []))
}

/**
 * The first event of a log, those near its end whose type `wanted` admits, and the bytes of its whole lines; undefined
 * if there is no log.
 */
export function logEdges(
  root: string,
  swarm: string,
  wanted: (type: string) => boolean,
): { first?: OompaEvent; last: OompaEvent[]; size: number; mtimeMs: number } | undefined {
  const file = openForReading(logFile(root, swarm))
  if (file === undefined) return undefined
  try {
    const { size, mtimeMs } = fstatSync(file)
    const head = readPart(file, 0, Math.min(size, EDGE_BYTES))
    const tail = size <= EDGE_BYTES ? head : readPart(file, size - EDGE_BYTES, EDGE_BYTES)
    const headEnd = head.indexOf(NEW_LINE)
    const first = headEnd < 0 ? undefined : parsed(head, 0, headEnd)
    const whole = size - (tail.length - (tail.lastIndexOf(NEW_LINE) + 1))
    return { first, last: scan(tail, wanted), size: whole, mtimeMs }
  } finally {
    closeSync(file)
  }
}

function scan(bytes: Buffer, wanted: (type: string) => boolean): OompaEvent[] {
  const events: OompaEvent[] = []
  for (const [start, end, type] of linesOf(bytes)) {
    if (!wanted(type)) continue
    const event = parsed(bytes, start, end)
    if (event && wanted(event.type)) events.push(event)
  }
  return events
}

function* linesOf(bytes: Buffer): Generator<readonly [start: number, end: number, type: string]> {
  let start = 0
  while (start < bytes.length) {
    const found = bytes.indexOf(NEW_LINE, start)
    const end = found < 0 ? bytes.length : found
    const type = typeAt(bytes, start, end)
    if (type !== undefined) yield [start, end, type]
    start = end + 1
  }
}

/**
 * The type of the event between two places. In a line that `openLog` wrote it stands at a known place; in any other it
 * is the first such key (inside a text its quotes would be escaped).
 */
function typeAt(bytes: Buffer, start: number, end: number): string | undefined {
  for (let i = 0; i < TYPE.length; i++) {
    if (bytes[start + TYPE_AT + i] !== TYPE[i]) return field(bytes, TYPE, start, end)
  }
  const from = start + TYPE_AT + TYPE.length
  let to = from
  while (to < end && bytes[to] !== QUOTE) to++
  return bytes.toString('latin1', from, to)
}

/** The text after the first `key` between two places, up to its closing quote. */
function field(bytes: Buffer, key: Buffer, start: number, end: number): string | undefined {
  // Looking only within the line: a search of the whole rest would make a log without the key quadratic.
  const at = bytes.subarray(start, end).indexOf(key)
  if (at < 0) return undefined
  const from = start + at + key.length
  const to = bytes.indexOf(QUOTE, from)
  return to < 0 || to > end ? undefined : bytes.toString('latin1', from, to)
}

function parsed(bytes: Buffer, start: number, end: number): OompaEvent | undefined {
  return parseEvent(bytes.toString('utf8', start, end))
}

function readBytes(root: string, swarm: string): Buffer {
  const found = readOwn(logFile(root, swarm), Number.POSITIVE_INFINITY)
  return found && 'bytes' in found ? found.bytes : Buffer.alloc(0)
}

function readPart(file: number, position: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length)
  return buffer.subarray(0, readSync(file, buffer, 0, length, position))
}
