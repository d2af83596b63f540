// The live table: what every worker is doing now, below the lines of what has happened.

import type { Colours } from './colour.js'
import type { Screen, View } from './contract.js'
import { plainView } from './plain.js'

/** A view that draws a table and keeps it up to date. */
export function terminalView(screen: Screen, colours: Colours): View {
  return plainView((line) => void screen.write(`${line}\n`), colours)
}
