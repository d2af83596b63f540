// Columns of text for lists: as wide as their widest cell, each cell escaped.

import { escapeText } from './escape.js'
import { cut, fill, widthOf } from './width.js'

/**
 * Lines of a header and rows, with two spaces between the columns.
 * @param columns of the screen: what is wider is cut; nothing is unless it is given, since what a program reads is whole
 */
export function columnLines(
  header: readonly string[],
  rows: readonly (readonly unknown[])[],
  columns?: number,
  between = '  ',
): string[] {
  const cells = [header, ...rows.map((row) => row.map(escapeText))]
  const widths = header.map((_, at) => Math.max(...cells.map((row) => widthOf(row[at] ?? ''))))
  return cells.map((row) => {
    const line = row
      .map((cell, at) => fill(cell, widths[at] ?? 0))
      .join(between)
      .trimEnd()
    return columns === undefined ? line : cut(line, columns)
  })
}

/** The width of a person's screen; undefined where a program reads. */
export function screenColumns(screen: { isTTY?: boolean; columns?: number } = process.stdout): number | undefined {
  return screen.isTTY ? screen.columns || 80 : undefined
}
