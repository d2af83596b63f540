// Arguments of a git that we start. Node hands a program text only, and a name of a file may be any bytes: a shell's
// `printf` makes such an argument out of plain ones.

import { isText, toBytes } from '../files/bytes.js'

/** The program to start, and what to give it, so that git gets these arguments to the byte. */
export function commandLine(args: readonly string[]): { readonly file: string; readonly args: readonly string[] } {
  if (args.every(isText)) return { file: 'git', args }
  // The shell takes line ends from the end of what a command printed; the full stop keeps them.
  const script = args.map((arg, at) => `a${at}=$(printf '${octal(arg)}.'); set -- "$@" "\${a${at}%.}"`)
  return { file: '/bin/sh', args: ['-c', `${script.join('\n')}\nexec git "$@"`] }
}

function octal(text: string): string {
  return [...toBytes(text)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
}
