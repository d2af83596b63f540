// A sign of life that other hosts can read: on a shared file system a pid says nothing about another machine.

import { lstatSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { replaceOwn, wrongAt } from '../files/own.js'
import { runFolder } from '../files/paths.js'

/** How often a swarm says that it lives (docs/contract.md, 21). */
const HEARTBEAT_MS = 30_000
/** Four beats missed: the clocks of two hosts may differ, and a laptop may have slept. */
export const SILENT_AFTER_MS = 4 * HEARTBEAT_MS

function heartbeatFile(root: string, swarm: string): string {
  return path.join(runFolder(root, swarm), 'heartbeat')
}

/** Beats from now on until the function that it gives is called. Never keeps the process alive, never throws. */
export function startHeartbeat(root: string, swarm: string): () => void {
  const file = heartbeatFile(root, swarm)
  const beat = () => {
    try {
      const now = new Date()
      if (wrongAt(file)) return
      utimesSync(file, now, now)
    } catch {
      try {
        replaceOwn(root, file, '')
      } catch {
        // A full disk or a removed folder: the swarm goes on, and only looks silent from other hosts.
      }
    }
  }
  beat()
  const timer = setInterval(beat, HEARTBEAT_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** When a swarm last beat, in milliseconds since 1970; undefined if it never did. */
export function lastHeartbeat(root: string, swarm: string): number | undefined {
  try {
    return lstatSync(heartbeatFile(root, swarm)).mtimeMs
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined
    throw error
  }
}
