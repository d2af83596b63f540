// Starts the same command in a session of its own, and returns when its swarm has begun.

import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { OompaError, STATUS, type Status } from '../errors.js'
import { listRuns } from '../events/runs.js'
import { stateFolder } from '../files/paths.js'

/** How long a start may take: hooks, and from level 2 on a probe of each agent. */
const START_MS = 120_000

/**
 * Starts us again without a terminal, and waits for `swarm.started`.
 * @throws OompaError `not-started` with what the start printed
 */
export async function detach(root: string, json: boolean): Promise<Status> {
  const folder = path.join(stateFolder(root), 'detached')
  mkdirSync(folder, { recursive: true })
  const log = path.join(folder, `${new Date().toISOString().replace(/[:.]/g, '-')}-${process.pid}.log`)
  const output = openSync(log, 'a')
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    cwd: process.cwd(),
    env: { ...process.env, OOMPA_DETACHED: '1' },
    detached: true,
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  let ended: number | null | undefined
  child.on('exit', (status) => {
    ended = status
  })
  child.unref()
  const until = Date.now() + START_MS
  while (Date.now() < until) {
    const run = listRuns(root).find((one) => one.pid === child.pid)
    if (run) {
      if (json) console.log(JSON.stringify({ swarm: run.swarm, pid: child.pid, log }))
      else
        console.log(
          `Swarm ${run.swarm} has started (pid ${child.pid}).\n  log:   ${log}\n  watch: oompa view ${run.swarm} --watch\n  stop:  oompa stop ${run.swarm}`,
        )
      return STATUS.done
    }
    if (ended !== undefined) break
    await sleep(25)
  }
  throw new OompaError({
    code: 'not-started',
    message: `The swarm did not start:\n${readFileSync(log, 'utf8').trim()}`,
    mend: 'oompa check',
    status: ended === STATUS.usage ? STATUS.usage : STATUS.failed,
  })
}
