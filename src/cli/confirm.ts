// Asks a person on the terminal for a yes.

/** Whether the answer is yes; nobody answers where there is no terminal, and an end of the input is no yes. */
export async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false
  const { createInterface } = await import('node:readline')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await new Promise<string>((resolve) => {
    // Ctrl-C and Ctrl-D close it, and readline's own promise would then never be settled.
    terminal.once('close', () => resolve(''))
    terminal.question(question, resolve)
  })
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}
