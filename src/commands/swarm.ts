// `oompa swarm`: the earlier system's name for `oompa run`.

import { runShapes } from '../config/load.js'
import type { Command } from './contract.js'
import { runLoopFile } from './loop-file.js'

export const command: Command = { ...runShapes.run, name: 'swarm', run: runLoopFile }
