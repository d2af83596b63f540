// On a terminal no line of ours is wider than the screen: prose is broken at spaces, a command to copy stays whole.

import { screenColumns } from './columns.js'
import { folded, shownWidth } from './width.js'

/** From here on `console` prints so, where a person reads. What goes to a program or into a file is not touched. */
export function foldConsole(): void {
  for (const [name, stream] of [['log', process.stdout] as const, ['error', process.stderr] as const]) {
    const print = console[name]
    console[name] = (text: unknown = '', ...more: readonly unknown[]) => {
      const columns = screenColumns(stream)
      print(columns === undefined || typeof text !== 'string' ? text : screenLines(text, columns).join('\n'), ...more)
    }
  }
}

/** A command on a line of its own, as under "Next:". */
const COMMAND = /^ +(oompa|git|cd|npm|export|\$EDITOR|\.\/\S+) /

/** A text as lines of at most `columns`, but for commands and for words that are wider. */
export function screenLines(text: string, columns: number): string[] {
  return text.split('\n').flatMap((line) => {
    if (COMMAND.test(line)) return [line]
    const [, space = '', mend] = /^( *)→ (.*)$/.exec(line) ?? []
    return mend === undefined
      ? folded(line, columns)
      : mendLines(mend, columns - space.length - 2).map((part, at) => `${space}${at === 0 ? '→' : ' '} ${part}`)
  })
}

/** A way out in lines: a sentence begins with a capital, and a command may stand behind it. */
function mendLines(mend: string, columns: number): string[] {
  if (shownWidth(mend) <= columns) return [mend]
  const [, words, command] = /^([A-Z].*?: )?([a-z$./~'].*)$/s.exec(mend) ?? []
  if (command === undefined) return folded(mend, columns)
  return words === undefined ? [command] : [...folded(words.trimEnd(), columns), `  ${command}`]
}
