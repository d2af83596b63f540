// The input of an agent at level 1: the bash script's, to the byte. No tag, no token and no include is expanded.

/**
 * `Worktree: .w1-i1`, a line end, and the bytes of the prompt, which need not be UTF-8.
 * @param worktreeName the directory below the root
 */
export function level1Input(worktreeName: string, promptBytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`Worktree: ${worktreeName}\n`), promptBytes])
}
