// Follows a swarm's log from another process, until the swarm has ended.

import { setTimeout as sleep } from 'node:timers/promises'
import type { OompaEvent } from './contract.js'
import { logFile, parseEvent } from './log.js'
import { type Run, readRun } from './runs.js'
import { lineSplitter, openTail } from './tail.js'

/** A look costs one `fstat`; nobody sees a shorter delay. Watching would save nothing: the log changes all the time. */
const POLL_MS = 200
/** Whether the process lives is asked more rarely. */
const ALIVE_MS = 1000

/**
 * Calls `onEvent` for each event from byte `from` of the log on, until the swarm is no longer running.
 * @returns how the swarm ended.
 */
export async function followLog(
  root: string,
  run: Run,
  onEvent: (event: OompaEvent) => void,
  options: { from?: number; signal?: AbortSignal } = {},
): Promise<Run> {
  const tail = openTail(logFile(root, run.swarm), options.from ?? 0)
  const splitter = lineSplitter()
  const readAll = () => {
    for (let bytes = tail.read(); bytes.length > 0; bytes = tail.read()) {
      for (const line of splitter.take(bytes)) {
        const event = parseEvent(line)
        if (event) onEvent(event)
      }
    }
  }
  let now: Run = run
  let asked = 0
  try {
    for (;;) {
      // Asked before reading: what was written before the end is then never missed.
      if (Date.now() - asked >= ALIVE_MS) {
        now = readRun(root, run.swarm) ?? { ...run, state: 'crashed' }
        asked = Date.now()
      }
      readAll()
      if (now.state !== 'running' || options.signal?.aborted) return now
      await sleep(POLL_MS)
    }
  } finally {
    tail.close()
  }
}
