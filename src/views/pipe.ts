// Prints much at the pace of whoever reads it, and stops where nobody does any more (`| head`).

export interface Pipe {
  /** Resolves when it has been taken; false once the reader has gone. */
  write(data: string | Uint8Array): Promise<boolean>
}

/** Standard output for a command that prints a whole file: never more of it in memory than one piece. */
export function openPipe(stdout: NodeJS.WritableStream = process.stdout): Pipe {
  let gone = false
  // Without a listener an error of the stream would end the program with a stack trace.
  stdout.on('error', () => {
    gone = true
  })
  return {
    write(data) {
      if (gone) return Promise.resolve(false)
      return new Promise((resolve) => {
        stdout.write(data, (error) => {
          if (error) gone = true
          resolve(!gone)
        })
      })
    },
  }
}
