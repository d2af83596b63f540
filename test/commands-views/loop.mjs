// Stands for the loop in tests: enters a swarm into the log of a repository as the loop does, and then waits. With
// `stubborn` it does not hear SIGTERM; with `agent` it starts a process that outlives it.

import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { watchControl } from '../../dist/events/control.js'
import { openLog } from '../../dist/events/log.js'
import { runFolder } from '../../dist/files/paths.js'
import { processStart } from '../../dist/processes/identity.js'
import { thisOwner } from '../../dist/processes/owner.js'
import { processRecord } from '../../dist/processes/watchdog.js'

const [root, swarm, ...manners] = process.argv.slice(2)
const { pid, start: began, host } = thisOwner()
const log = openLog(root, swarm)
log.emit({
  type: 'swarm.started',
  pid,
  processStart: began,
  host,
  level: 2,
  workers: [{ worker: 'w1', agent: 'claude:opus', iterations: 3 }],
  iterations: 3,
  into: 'main',
  version: '1.0.0',
})
log.emit({ type: 'iteration.started', worker: 'w1', iteration: 1, worktree: '.w1-i1', branch: 'oompa/w1-i1' })
log.emit({ type: 'agent.started', worker: 'w1', iteration: 1, agent: 'claude:opus', attempt: 1, role: 'author' })

const end = (reason, status) => {
  log.emit({ type: 'iteration.ended', worker: 'w1', iteration: 1, outcome: status === 0 ? 'landed' : 'interrupted' })
  log.emit({ type: 'swarm.stopped', reason, status })
  process.exit(status)
}
watchControl(root, swarm, () => end('stopped by `oompa stop`', 0))
process.on('SIGTERM', () => {
  if (!manners.includes('stubborn')) end('interrupted by SIGTERM', 130)
})
if (manners.includes('agent')) {
  const env = { ...process.env, OOMPA_PROCESS: `${swarm}:w1:1:1` }
  const agent = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore', env })
  appendFileSync(processRecord(runFolder(root, swarm)), `${agent.pid} ${processStart(agent.pid)}\n`)
  console.log(`agent ${agent.pid}`)
}
setInterval(() => {}, 1000)
console.log('ready')
