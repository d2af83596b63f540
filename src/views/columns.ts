// Columns of text for lists: as wide as their widest cell, each cell escaped.

import { escapeText } from './escape.js'
import { fill, widthOf } from './width.js'

/** Lines of a header and rows, with ` | ` between the columns. */
export function columnLines(header: readonly string[], rows: readonly (readonly unknown[])[]): string[] {
  const cells = [header, ...rows.map((row) => row.map(escapeText))]
  const widths = header.map((_, at) => Math.max(...cells.map((row) => widthOf(row[at] ?? ''))))
  return cells.map((row) =>
    row
      .map((cell, at) => fill(cell, widths[at] ?? 0))
      .join(' | ')
      .trimEnd(),
  )
}
