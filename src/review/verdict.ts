// Reads a reviewer's verdict by one rule: the last non-empty line of its final message, whole (docs/contract.md, 4).

export interface ReadVerdict {
  readonly approved: boolean
  /** What it said, without the line that approves. */
  readonly feedback: string
}

const APPROVALS = new Set(['APPROVED', 'VERDICT: APPROVED'])

/**
 * The verdict of a final message. Only `APPROVED` or `VERDICT: APPROVED`, alone on the last non-empty line, outside a
 * quotation and a code fence, approves; everything else does not. Pure.
 */
export function readVerdict(text: string): ReadVerdict {
  // Only a line feed ends a line: with a bare carriage return `NOT \rAPPROVED` would look like two.
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  const last = lines.findLastIndex((line) => line.trim() !== '')
  const line = withoutBlanks(lines[last] ?? '')
  // Four spaces or a tab begin a code block: at most three belong to a plain line.
  const approved = APPROVALS.has(line.replace(/^ {0,3}/, '')) && !insideFence(lines.slice(0, last))
  return { approved, feedback: (approved ? lines.slice(0, last) : lines).join('\n').trim() }
}

/** Without the blanks at its end. Not by a pattern: that begins anew at each blank of a line. */
function withoutBlanks(line: string): string {
  let end = line.length
  while (end > 0 && ' \t\r'.includes(line[end - 1] ?? '')) end--
  return line.slice(0, end)
}

/** Whether a code fence is still open after these lines; an unclosed one holds everything that follows. */
function insideFence(lines: readonly string[]): boolean {
  let open: string | undefined
  for (const line of lines) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)
    const fence = mark?.[1]
    if (fence === undefined) continue
    const info = line.slice(mark?.[0].length).trim()
    if (open === undefined) {
      if (fence[0] === '~' || !info.includes('`')) open = fence
    } else if (fence[0] === open[0] && fence.length >= open.length && info === '') open = undefined
  }
  return open !== undefined
}
