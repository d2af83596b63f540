// Whether to colour, and the few colours that views use.

import picocolors from 'picocolors'
import type { Said } from './say.js'

export type Colours = ReturnType<typeof picocolors.createColors>

/** Colours for `screen`: `NO_COLOR` turns them off, `FORCE_COLOR` on, else a terminal that is not dumb has them. */
export function coloursFor(screen: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Colours {
  return picocolors.createColors(wanted(screen, env))
}

function wanted(screen: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0'
  return screen.isTTY === true && env.TERM !== 'dumb'
}

/** A line in the colour of its tone. */
export function toned(colours: Colours, tone: Said['tone'], line: string): string {
  if (tone === 'good') return colours.green(line)
  if (tone === 'bad') return colours.yellow(line)
  return tone === 'quiet' ? colours.dim(line) : line
}
