// Signals: words that an agent says on a line of their own in its final message, and what they ask of the loop.

import { spokenLines } from './spoken.js'

export type Signal =
  /** `__DONE__`: this worker has nothing left to do. */
  | { readonly kind: 'done' }
  /** `COMPLETE_AND_READY_FOR_MERGE`: this change may be reviewed and landed. */
  | { readonly kind: 'ready' }
  /** `NEEDS_FOLLOWUP`: this turn did not finish the work. */
  | { readonly kind: 'followup' }
  /** `CLAIM(id, …)`: asks for these tasks. */
  | { readonly kind: 'claim'; readonly ids: readonly string[] }

const WORDS: Readonly<Record<string, Signal>> = {
  __DONE__: { kind: 'done' },
  COMPLETE_AND_READY_FOR_MERGE: { kind: 'ready' },
  NEEDS_FOLLOWUP: { kind: 'followup' },
}

/**
 * The signals of a message, in its order: whole lines, outside quotations and code (cli.md, 27). Earlier systems
 * matched anywhere, so that a quoted prompt ended the worker.
 */
export function readSignals(text: string): Signal[] {
  return spokenLines(text).flatMap((line): Signal[] => {
    const word = Object.hasOwn(WORDS, line) ? WORDS[line] : undefined
    if (word) return [word]
    const claim = /^CLAIM\((.*)\)$/.exec(line)
    if (!claim) return []
    const ids = claim[1]!.split(',').map((id) =>
      id
        .trim()
        .replace(/^(["'])(.*)\1$/, '$2')
        .trim(),
    )
    const named = [...new Set(ids.filter(Boolean))]
    return named.length > 0 ? [{ kind: 'claim', ids: named }] : []
  })
}

/** A signal as it stands in the log. */
export function formatSignal(signal: Signal): string {
  if (signal.kind === 'claim') return `CLAIM(${signal.ids.join(', ')})`
  return Object.keys(WORDS).find((word) => WORDS[word]?.kind === signal.kind) ?? signal.kind
}
