// `oompa run`: runs the loop file, the repository's own copy if it has one.

import { runShapes } from '../config/load.js'
import type { Command } from './contract.js'
import { runLoopFile } from './loop-file.js'

export const command: Command = { ...runShapes.run, run: runLoopFile }
