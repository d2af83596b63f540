// Starts the same command in a session of its own, and returns when its swarm has begun.

import { spawn } from 'node:child_process'
import { closeSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { OompaError, STATUS, type Status } from '../errors.js'
import { listRuns } from '../events/runs.js'
import { scanLog } from '../events/scan-log.js'
import { openOwn } from '../files/own.js'
import { stateFolder } from '../files/paths.js'

/** How long a start may take: hooks, and from level 2 on a probe of each agent. */
const START_MS = 120_000
const POLL_MS = 25

export interface DetachOptions {
  readonly json: boolean
  /** The swarm to go on with. */
  readonly resume?: string
}

/**
 * Starts us again without a terminal, and waits until its first iteration has begun: what could keep a swarm from
 * starting has been found by then.
 * @throws OompaError `not-started` with what the start printed
 */
export async function detach(root: string, { json, resume }: DetachOptions): Promise<Status> {
  const folder = path.join(stateFolder(root), 'detached')
  const log = path.join(folder, `${new Date().toISOString().replace(/[:.]/g, '-')}-${process.pid}.log`)
  const output = openOwn(root, log)
  const [, program = '', ...given] = process.argv
  // `oompa resume` has put what the swarm was started with in place of its own words.
  const words = resume === undefined ? given : ['resume', resume]
  const child = spawn(process.execPath, [...process.execArgv, program, ...words], {
    cwd: process.cwd(),
    env: { ...process.env, OOMPA_DETACHED: '1' },
    detached: true,
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  let ended: number | null | undefined
  child.on('error', () => {
    ended = STATUS.failed
  })
  child.on('exit', (status) => {
    ended = status
  })
  child.unref()
  for (const until = performance.now() + START_MS; performance.now() < until; await sleep(POLL_MS)) {
    const gone = ended !== undefined
    const run = listRuns(root).find((one) => one.owner?.pid === child.pid)
    if (run && child.pid !== undefined && hasBegun(root, run.swarm)) {
      say({ swarm: run.swarm, pid: child.pid, log }, json)
      return STATUS.done
    }
    if (gone) break
  }
  throw new OompaError({
    code: 'not-started',
    message: `The swarm did not start:\n${readFileSync(log, 'utf8').trim()}`,
    mend: 'oompa check',
    status: STATUSES.find((status) => status === ended && status !== STATUS.done) ?? STATUS.failed,
  })
}

const STATUSES: readonly Status[] = Object.values(STATUS)

/** Whether an iteration has begun since the swarm's latest start. */
function hasBegun(root: string, swarm: string): boolean {
  const events = scanLog(root, swarm, (type) => type === 'swarm.started' || type === 'iteration.started')
  return events.at(-1)?.type === 'iteration.started'
}

function say({ swarm, pid, log }: { swarm: string; pid: number; log: string }, json: boolean): void {
  if (json) console.log(JSON.stringify({ swarm, pid, log }))
  else
    console.log(
      `Swarm ${swarm} has started (pid ${pid}).\n  log:   ${log}\n  watch: oompa view ${swarm} --watch\n  stop:  oompa stop ${swarm}`,
    )
}
