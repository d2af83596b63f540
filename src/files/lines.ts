// Lines of a text by offset: the text is looked through once, whatever number of places is asked for.

/** What gives the line (from 1) of an offset. */
export function lineCounter(text: string): (offset: number) => number {
  let ends: number[] | undefined
  return (offset) => {
    ends ??= lineEnds(text)
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (ends[middle]! < offset) low = middle + 1
      else high = middle
    }
    return low + 1
  }
}

function lineEnds(text: string): number[] {
  const ends: number[] = []
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) ends.push(at)
  return ends
}

/**
 * Text of agents, tasks and files on one line: a line end or a control character in it could look like a line of ours.
 * @param most it is cut to so many characters
 */
export function oneLine(text: string, most = 200): string {
  const line = text.replace(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  return line.length > most ? `${line.slice(0, most - 1)}…` : line
}
