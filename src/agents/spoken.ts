// Which lines of a message its author says, and which it only quotes: a signal in a quotation or in code is none.

/**
 * The lines of a Markdown text that stand outside quotations, code fences, indented code and inline code, each
 * trimmed, without empty ones. A fence that is not closed goes on to the end; a longer fence may hold a shorter one.
 */
export function spokenLines(text: string): string[] {
  const spoken: string[] = []
  let fence: string | undefined
  let paragraph: string[] = []
  const endParagraph = (): void => {
    spoken.push(...outsideInlineCode(paragraph))
    paragraph = []
  }
  for (const line of text.split(/\r\n|\r|\n/)) {
    const mark = /^\s*(`{3,}|~{3,})(.*)$/.exec(line)
    if (fence !== undefined) {
      if (mark && mark[1]!.startsWith(fence) && mark[2]!.trim() === '') fence = undefined
    } else if (mark && !(mark[1]!.startsWith('`') && mark[2]!.includes('`'))) {
      endParagraph()
      fence = mark[1]!
    } else if (line.trim() === '' || /^\s*>/.test(line)) {
      endParagraph()
    } else if (/^( {4}|\t)/.test(line) && paragraph.length === 0) {
      // Indented code; after a line of text it would be that paragraph going on.
    } else {
      paragraph.push(line)
    }
  }
  endParagraph()
  return spoken
}

/** Lines of one paragraph that no code span begins, holds or ends. A run of backticks closes one of its own length. */
function outsideInlineCode(lines: readonly string[]): string[] {
  const text = lines.join('\n')
  const runs = [...text.matchAll(/`+/g)]
  const byLength = new Map<number, number[]>()
  for (let i = runs.length - 1; i >= 0; i--) {
    const length = runs[i]![0].length
    const same = byLength.get(length)
    if (same) same.push(i)
    else byLength.set(length, [i])
  }
  const spans: [number, number][] = []
  for (let i = 0; i < runs.length; i++) {
    const open = runs[i]!
    const later = byLength.get(open[0].length) ?? []
    while (later.length > 0 && later.at(-1)! <= i) later.pop()
    const close = later.at(-1)
    if (close === undefined) continue
    spans.push([open.index, runs[close]!.index + open[0].length])
    i = close
  }
  let at = 0
  let next = 0
  return lines.flatMap((line) => {
    const [from, to] = [at, at + line.length]
    at = to + 1
    while (next < spans.length && spans[next]![1] <= from) next += 1
    const span = spans[next]
    return span && span[0] < to ? [] : line.trim()
  })
}
