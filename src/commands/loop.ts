// `oompa loop N --workers claude:5 opencode:2`: the loop with a mixed set of workers.

import { runShapes } from '../config/load.js'
import type { Command } from './contract.js'
import { runLoopFile } from './loop-file.js'

export const command: Command = { ...runShapes.loop, run: runLoopFile }
