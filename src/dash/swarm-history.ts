// The swarms of a repository as the page asks for them: each log is read once, and then what was added to it. What is
// kept here is what the logs say; a server that is started anew reads them again.

import { closeSync, fstatSync, readSync } from 'node:fs'
import type { OompaEvent } from '../events/contract.js'
import { elsewhereRoot } from '../events/copied-logs.js'
import { logFile, parseEvent, swarmIds } from '../events/log.js'
import { type Run, readRun } from '../events/runs.js'
import { lineSplitter, openTail } from '../events/tail.js'
import { openForReading } from '../files/own.js'
import { type Gathering, gather } from '../views/figures.js'
import { type Change, changesOf } from './iteration-changes.js'

/** Whether a process lives is asked of the system; the page asks for it once a second, and so do its friends. */
const ASK_MS = 500
/** Most points of a curve: more of them are not seen. */
const MOST_POINTS = 600

export interface Watched extends Gathering {
  /** Below it is its log: another machine's is not where ours are. */
  readonly root: string
  run: Run
  readonly changes: Map<string, Change>
  /** What was spent so far, at the end of each run of an agent: seconds since 1970, US dollars. */
  readonly spent: [at: number, usd: number][]
  /** Bytes of the log that are in it: the id of the latest event. */
  position: number
}

export interface History {
  /** One swarm as its log says it now; undefined if there is none of this id. */
  swarm(id: string): Watched | undefined
  /** All swarms, the latest first. */
  swarms(): Watched[]
}

/** The swarms below `root`, and those of other machines that are known there. */
export function openHistory(root: string): History {
  const known = new Map<string, Watched & { asked: number; since: string | undefined }>()
  const swarm = (id: string): Watched | undefined => {
    if (!/^[0-9a-f]{8}$/.test(id)) return undefined
    const now = performance.now()
    let one = known.get(id)
    if (!one || now - one.asked > ASK_MS) {
      const own = readRun(root, id)
      const place = own ? root : elsewhereRoot(root)
      const run = own ?? readRun(place, id)
      if (!run) {
        known.delete(id)
        return undefined
      }
      // Somebody has put another log in its place.
      if (!one || run.size < one.position || run.startedAt !== one.since) {
        one = {
          ...gather(id),
          root: place,
          run,
          changes: new Map(),
          spent: [],
          position: 0,
          asked: now,
          since: run.startedAt,
        }
        known.set(id, one)
      }
      one.run = run
      one.asked = now
    }
    readOn(one.root, id, one)
    return one
  }
  return {
    swarm,
    swarms: () =>
      [...new Set([...swarmIds(root), ...swarmIds(elsewhereRoot(root))])]
        .flatMap((id) => swarm(id) ?? [])
        .sort((a, b) => (b.run.startedAt ?? '').localeCompare(a.run.startedAt ?? '')),
  }
}

function readOn(root: string, id: string, one: Watched): void {
  const tail = openTail(logFile(root, id), one.position)
  const splitter = lineSplitter(Number.POSITIVE_INFINITY)
  try {
    // Bytes of a line that has no end yet: it is read again when it has.
    let open = 0
    for (let bytes = tail.read(); bytes.length > 0; bytes = tail.read()) {
      const end = bytes.lastIndexOf(10) + 1
      if (end > 0) one.position += open + end
      open = (end > 0 ? 0 : open) + bytes.length - end
      for (const line of splitter.take(bytes)) {
        const event = parseEvent(line)
        if (event) take(one, event)
      }
    }
  } finally {
    tail.close()
  }
}

function take(one: Watched, event: OompaEvent): void {
  one.take(event)
  changesOf(one.changes, event)
  if (event.type !== 'agent.ended' || typeof event.costUsd !== 'number') return
  one.spent.push([Date.parse(event.at) / 1000, one.state.costUsd ?? 0])
  // Every second point of the past goes: the curve keeps its form, and its end.
  if (one.spent.length > 2 * MOST_POINTS) {
    for (let at = MOST_POINTS; at > 0; at--) one.spent.splice(2 * at - 1, 1)
  }
}

/** An event and where its line ends in the log: its id, for whoever goes on after it. */
export interface Placed {
  readonly id: number
  readonly event: OompaEvent
}

/** Bytes that are read for one answer. */
const MOST_BYTES = 4 << 20

/**
 * Events after a place in a log, at most `most` of them; `end` is where to go on.
 * @param after the id of an event; any other place means the next line
 */
export function eventsAfter(root: string, id: string, after: number, most: number): { events: Placed[]; end: number } {
  const file = openForReading(logFile(root, id))
  if (file === undefined) return { events: [], end: 0 }
  try {
    const { size } = fstatSync(file)
    const start = Math.min(after, size)
    // One byte more: whether a line begins at `after` is told by what stands before it.
    const from = Math.max(0, start - 1)
    const buffer = Buffer.alloc(Math.min(MOST_BYTES, size - from))
    const bytes = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, from))
    let at = from === start ? 0 : bytes.indexOf(10) + 1
    if (at === 0 && from !== start) return { events: [], end: start }
    const events: Placed[] = []
    while (events.length < most) {
      const end = bytes.indexOf(10, at)
      if (end < 0) break
      const event = parseEvent(bytes.toString('utf8', at, end))
      at = end + 1
      if (event) events.push({ id: from + at, event })
    }
    return { events, end: from + at }
  } finally {
    closeSync(file)
  }
}
