// Ends what a swarm left behind: called by the watchdog when we died, and by the next start.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { textOf } from '../files/own.js'
import { processFacts } from './identity.js'
import { endTree, newTree } from './tree.js'

/** Between TERM and KILL: after a crash nobody is waiting to hear what an agent has to say. */
const GRACE_MS = 500

/**
 * Ends all living processes of a swarm: those that carry its mark, those that were written down, and what they
 * started. A pid that was given to another process since is left alone, and so are we.
 * @param swarm the swarm's id, what its markers begin with.
 * @param record the file with `pid start` lines.
 * @returns how many processes there were.
 */
export async function reap(swarm: string, record: string): Promise<number> {
  // A swarm that is resumed has the same id, and may write down its first agents while we look for the old ones.
  const before = await now()
  const roots = readRecord(record).flatMap(({ pid, start }) => {
    const facts = processFacts(pid)
    return facts && facts.start === start && facts.started <= before ? facts : []
  })
  // Nothing says when the swarm began, so any process older than this moment may carry its mark.
  return endTree({ ...newTree({ swarm }, roots), started: 0, before }, GRACE_MS)
}

/** The start time that a process started now would have: asked of one, since a container's uptime may be its own. */
async function now(): Promise<number> {
  const child = spawn('/bin/sh', ['-c', 'read -r line'], { stdio: ['pipe', 'ignore', 'ignore'] })
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve()).once('exit', () => resolve())
  })
  const started = child.pid === undefined ? undefined : processFacts(child.pid)?.started
  child.stdin.on('error', () => {}).end()
  await ended
  return started ?? Number.POSITIVE_INFINITY
}

function readRecord(file: string): { pid: number; start: string }[] {
  const text = textOf(file, Number.POSITIVE_INFINITY) ?? ''
  return text.split('\n').flatMap((line) => {
    const match = /^(\d+) (\S+)$/.exec(line)
    return match ? { pid: Number(match[1]), start: match[2]! } : []
  })
}

// The watchdog runs this file: `node reap.js <swarm> <record>`.
const [, script, swarm, record] = process.argv
if (script === fileURLToPath(import.meta.url) && swarm && record) await reap(swarm, record)
