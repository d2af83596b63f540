// How wide text is on a terminal, and cutting it there: a wide character takes two columns, a combining one none.

let segmenter: Intl.Segmenter | undefined

/** Made when it is first needed: making it costs more than loading all views (15 ms), and most text is plain. */
function graphemes(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  return segmenter.segment(text)
}

/** What takes two columns by itself: East Asian wide and fullwidth blocks (Unicode 15, UAX 11), and emoji. */
const WIDE =
  /^[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18d08}\u{1b000}-\u{1b2ff}\u{1f1e6}-\u{1f1ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]|^\p{Emoji_Presentation}|^\p{Emoji}.*\ufe0f/u
const NOTHING = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]+$/u

/** Columns that `text` takes; it must be escaped already. */
export function widthOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes(text)) width += graphemeWidth(segment)
  return width
}

/** `text`, cut with an ellipsis where it is wider than `width` columns. */
export function cut(text: string, width: number): string {
  if (width <= 0) return ''
  // What is far too long is first cut by length, for a grapheme is rarely longer than 16 units.
  const near = text.length > width * 16 ? text.slice(0, width * 16) : text
  if (near === text && widthOf(text) <= width) return text
  let out = ''
  let used = 0
  for (const { segment } of graphemes(near)) {
    const wide = graphemeWidth(segment)
    if (used + wide > width - 1) break
    out += segment
    used += wide
  }
  return `${out}…`
}

/** The end of `text`, with an ellipsis before it where it is wider than `width` columns. */
export function cutLeft(text: string, width: number): string {
  if (width <= 0) return ''
  if (widthOf(text) <= width) return text
  let out = ''
  let used = 0
  for (const { segment } of [...graphemes(text)].reverse()) {
    const wide = graphemeWidth(segment)
    if (used + wide > width - 1) break
    out = segment + out
    used += wide
  }
  return `…${out}`
}

/** Columns that text takes which may have colours in it. */
export function shownWidth(text: string): number {
  return widthOf(text.replace(/\x1b\[[0-9;]*m/g, ''))
}

/**
 * `text` as lines of at most `width` columns, broken at spaces, those that follow indented. A word that is wider stays
 * whole, and so does what stands in backticks: a ref or a command that is cut in two cannot be copied.
 */
export function folded(text: string, width: number): string[] {
  if (shownWidth(text) <= width) return [text]
  const [indent = ''] = /^ */.exec(text) ?? []
  const whole = text.slice(indent.length).replace(/`[^`]{1,60}`/g, (code) => code.replaceAll(' ', '\0'))
  const lines: string[] = []
  let line = indent
  for (const word of whole.split(' ')) {
    const longer = line === indent ? `${indent}${word}` : `${line} ${word}`
    if (line.trim() !== '' && shownWidth(longer) > width) {
      lines.push(line)
      line = `${indent}  ${word}`
    } else line = longer
  }
  return [...lines, line].map((one) => one.replaceAll('\0', ' ').trimEnd())
}

/** `text` in exactly `width` columns, cut or filled with spaces. */
export function fill(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const short = cut(text, width)
  const space = ' '.repeat(Math.max(0, width - widthOf(short)))
  return align === 'left' ? short + space : space + short
}

function graphemeWidth(segment: string): number {
  if (segment.length === 1 && segment >= ' ' && segment <= '~') return 1
  if (WIDE.test(segment)) return 2
  return NOTHING.test(segment) ? 0 : 1
}
