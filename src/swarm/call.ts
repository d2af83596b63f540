// Reads the word that a swarm was started with: `run`, `loop` or `resume`, or none where the loop file was.

export interface Call {
  readonly argv: readonly string[]
  readonly command: 'run' | 'loop'
  /** The swarm to go on with. */
  readonly resume?: string
}

/** `oompa run …`, `oompa loop …` and `oompa resume ID …` all run the loop file; the file itself takes the flags alone. */
export function readCall(given: readonly string[]): Call {
  const [word, ...rest] = given
  if (word === 'run' || word === 'swarm') return { argv: rest, command: 'run' }
  if (word === 'loop') return { argv: rest, command: 'loop' }
  if (word === 'resume') {
    const [resume, ...started] = rest
    return { ...readCall(started), resume }
  }
  return { argv: given, command: 'run' }
}
