// The input of an agent at level 1: the bash script's, to the byte. No tag, no token and no include is expanded.

/**
 * `Worktree: .w1-i1`, a line end, and the bytes of the prompt, which need not be UTF-8.
 * @param worktreeName the directory below the root
 * @param prompts a prompt's bytes, or several prompts', which are joined by a blank line
 */
export function level1Input(worktreeName: string, prompts: Uint8Array | readonly Uint8Array[]): Buffer {
  const bytes = prompts instanceof Uint8Array ? prompts : joinBytes(prompts)
  return Buffer.concat([Buffer.from(`Worktree: ${worktreeName}\n`), bytes])
}

/** A single prompt is left as it is; between several there is one empty line. */
export function joinBytes(contents: readonly Uint8Array[]): Buffer {
  const parts = contents.flatMap((content, index) => {
    if (index === contents.length - 1) return [content]
    return [content, Buffer.from(content.at(-1) === 0x0a ? '\n' : '\n\n')]
  })
  return Buffer.concat(parts)
}
