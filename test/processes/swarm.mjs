// A stand-in for a swarm, to be killed: runs one shell line under the watchdog, from the built files.

import { writeFileSync } from 'node:fs'
import { uniqueMarker } from '../../dist/processes/marks.js'
import { runProcess } from '../../dist/processes/run-process.js'
import { processRecord, startWatchdog } from '../../dist/processes/watchdog.js'

const [, , folder, script, swarm = 'feedf00d'] = process.argv
const watchdog = startWatchdog({ swarm, folder })
console.log(`watchdog ${watchdog.pid}`)
writeFileSync(`${folder}/watchdog`, `${watchdog.pid}\n`)
await runProcess({
  file: 'sh',
  args: ['-c', script],
  cwd: folder,
  env: process.env,
  marker: uniqueMarker(swarm, 'w1', 1),
  record: processRecord(folder),
})
watchdog.done()
