// What git writes into a file that conflicts, as lines: which of them are markers, and which of those no side of the
// merge had before. A page about conflicts holds such lines for good, and a heading is underlined with `=======`.

/** A line that begins with a marker. */
export interface MarkerLine {
  /** From 1. */
  readonly line: number
  /** The whole line, one character for each byte. */
  readonly text: string
}

/** Git's own, where no attribute `conflict-marker-size` says otherwise. */
export const MARKER_SIZE = 7

/** Shorter ones nobody sets: `>>` quotes a mail. */
const SMALLEST = 3

/** Whether git takes a file, one character for each byte, for binary: then it writes no markers into it. Pure. */
export const isBinary = (text: string): boolean => text.slice(0, 8000).includes('\0')

/** The lines that begin with a marker of `size` or more (those of a merge within the merge are longer). Pure. */
export function markerLines(text: string, size: number = SMALLEST): MarkerLine[] {
  return text.split('\n').flatMap((whole, index) => {
    const line = whole.replace(/\r$/, '')
    const run = /^(<+|>+|\|+|=+)(?= |$)/.exec(line)?.[1]
    return run !== undefined && run.length >= size ? [{ line: index + 1, text: line }] : []
  })
}

/** Those that no side holds as often, without lines of `=` that stand between no others. Pure. */
export function beyond(lines: readonly MarkerLine[], sides: readonly (readonly MarkerLine[])[]): MarkerLine[] {
  const had = new Map<string, number>()
  for (const side of sides) {
    for (const [text, count] of counts(side)) had.set(text, Math.max(count, had.get(text) ?? 0))
  }
  const fresh = lines.filter(({ text }) => {
    const left = had.get(text) ?? 0
    if (left > 0) had.set(text, left - 1)
    return left === 0
  })
  const isOuter = (one: MarkerLine) => !one.text.startsWith('=')
  const [first, last] = [fresh.findIndex(isOuter), fresh.findLastIndex(isOuter)]
  return fresh.filter((one, at) => isOuter(one) || (first >= 0 && first < at && at < last))
}

function counts(lines: readonly MarkerLine[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const { text } of lines) found.set(text, (found.get(text) ?? 0) + 1)
  return found
}

/**
 * How long the markers are that git wrote with this label for our side; undefined where it wrote none. Behind the label
 * stands the file's name where the sides have two. Pure.
 */
export function sizeWithLabel(text: string, label: string): number | undefined {
  const runs = markerLines(text).flatMap(({ text: line }) => {
    const run = line.indexOf(' ')
    const rest = line.slice(run + 1)
    return line.startsWith('<') && (rest === label || rest.startsWith(`${label}:`)) ? [run] : []
  })
  return runs.length > 0 ? Math.min(...runs) : undefined
}

/** The commit that a marker names, as those of a rebase and a cherry-pick do, with the marker's length. Pure. */
export function namedCommit({ text }: MarkerLine): { readonly commit: string; readonly size: number } | undefined {
  const [, run, commit] = /^(<+|>+|\|+) (?:parent of )?([0-9a-f]{7,64})(?=$| |\.\.\. )/.exec(text) ?? []
  return run !== undefined && commit !== undefined ? { commit, size: run.length } : undefined
}
