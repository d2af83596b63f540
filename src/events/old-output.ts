// Finds and removes what the agents of old swarms printed, and the litter that they left. Their events stay: those are
// the record.

import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { kindOf } from '../files/kind.js'
import { litterFolder, runFolder } from '../files/paths.js'
import { removeOurs } from '../git/remove.js'
import type { Run } from './runs.js'

export interface OldOutput {
  readonly swarm: string
  /** Absolute paths of files, and of the folder of litter. */
  readonly files: readonly string[]
  readonly bytes: number
}

/**
 * The output of swarms that ended more than `keepMs` ago. Removes nothing.
 * @param now milliseconds since 1970
 */
export function oldOutput(root: string, runs: readonly Run[], keepMs: number, now = Date.now()): OldOutput[] {
  return runs.flatMap((run) => {
    if (run.state === 'running') return []
    const files = outputOf(root, run.swarm)
    const facts = files.map((file) => statSync(file))
    // A crashed swarm has no end; what was written last tells when it was.
    const ended = Date.parse(run.stoppedAt ?? '') || Math.max(0, ...facts.map((fact) => fact.mtimeMs))
    if (files.length === 0 || now - ended < keepMs) return []
    return { swarm: run.swarm, files, bytes: facts.reduce((sum, fact) => sum + fact.size, 0) }
  })
}

export function removeOutput(old: readonly OldOutput[]): void {
  for (const { files } of old) for (const file of files) removeOurs(file)
}

/** Plain files of the names that we give them, and nothing else that may lie there. */
function outputOf(root: string, swarm: string): string[] {
  const folder = runFolder(root, swarm)
  if (kindOf(folder) !== 'folder') return []
  const logs = readdirSync(folder)
    .filter((name) => /^.+-\d+\.log(?:\.old)?$/.test(name))
    .map((name) => path.join(folder, name))
    .filter((file) => kindOf(file) === 'file')
  const litter = litterFolder(root, swarm)
  return kindOf(litter) === 'folder' ? [...logs, litter] : logs
}
