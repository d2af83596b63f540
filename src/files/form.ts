// What the readers of EDN and JSON give: values with their places in the text, so that a file can be edited in place.

/** A value and where it stands, as offsets into the text. */
export interface Form {
  readonly start: number
  readonly end: number
  readonly value: unknown
  /** Of a map: its keys in the order in which they stand. */
  readonly entries?: readonly Entry[]
  /** Of a list: what is in it. */
  readonly items?: readonly Form[]
}

export interface Entry {
  /** The key as text, a keyword without its colon. */
  readonly key: string
  readonly keyStart: number
  readonly value: Form
}

/** Why a text is not what it should be, and where. */
export class SyntaxFault extends Error {
  readonly offset: number

  constructor(offset: number, reason: string) {
    super(reason)
    this.name = 'SyntaxFault'
    this.offset = offset
  }
}

/** The line of an offset, from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++
  return line
}

/** Deeper than any task; a reader that recurses without a limit can be crashed by a file of brackets. */
export const MAX_DEPTH = 200
