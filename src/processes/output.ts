// Passes a stream on as it comes, at the pace of whoever takes it, and keeps nothing: a hundred agents that print
// 10 MB each must not cost memory.

import { StringDecoder } from 'node:string_decoder'
import { isErrno } from '../errors.js'

/** Where raw output goes. If `write` gives a promise, nothing is read until it is kept; a `FileHandle` is such a one. */
export interface OutputSink {
  write(chunk: Uint8Array): unknown
}

/**
 * Reads a stream to its end (or until it is destroyed).
 * @param pass gets text; characters that stand across two pieces are put together.
 * @throws what `pass` throws, or the sink for another reason than a full disk.
 */
export function drain(
  stream: NodeJS.ReadableStream | null,
  sink: OutputSink | undefined,
  pass: (text: string) => void,
): Promise<void> {
  if (!stream) return Promise.resolve()
  const decoder = new StringDecoder('utf8')
  return new Promise((resolve, reject) => {
    let over = false
    const fail = (error: unknown): void => {
      over = true
      stream.pause()
      reject(error)
    }
    const store = (chunk: Buffer): void => {
      try {
        const writing = sink?.write(chunk)
        if (!(writing instanceof Promise)) return
        stream.pause()
        writing.catch(passFull).then(() => over || stream.resume(), fail)
      } catch (error) {
        passFull(error)
      }
    }
    const end = (): void => {
      if (over) return
      over = true
      try {
        const rest = decoder.end()
        if (rest) pass(rest)
        resolve()
      } catch (error) {
        reject(error)
      }
    }
    stream.on('data', (piece: Buffer | string) => {
      if (over) return
      try {
        const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece
        store(chunk)
        pass(decoder.write(chunk))
      } catch (error) {
        fail(error)
      }
    })
    stream.on('end', end)
    stream.on('close', end)
    // A pipe that breaks is the end of what there is to read.
    stream.on('error', end)
  })
}

/** A full disk costs the log, not the agent's work. */
function passFull(error: unknown): void {
  if (!isErrno(error, 'ENOSPC', 'EDQUOT', 'EIO', 'EBADF', 'EFBIG')) throw error
}
