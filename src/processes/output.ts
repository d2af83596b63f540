// Passes a stream on as it comes, at the pace of whoever takes it, and keeps nothing: a hundred agents that print
// 10 MB each must not cost memory.

import { StringDecoder } from 'node:string_decoder'
import { isErrno } from '../errors.js'

/** Where raw output goes; a `FileHandle` is one. */
export interface OutputSink {
  write(chunk: Uint8Array): Promise<unknown>
}

/**
 * Reads a stream to its end (or until it is destroyed).
 * @param pass gets text; characters that stand across two pieces are put together.
 * @throws what `pass` throws, or the sink for another reason than a full disk.
 */
export async function drain(
  stream: NodeJS.ReadableStream,
  sink: OutputSink | undefined,
  pass: (text: string) => void,
): Promise<void> {
  const decoder = new StringDecoder('utf8')
  try {
    for await (const piece of stream) {
      const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece
      if (sink) await keepGoing(sink.write(chunk))
      pass(decoder.write(chunk))
    }
  } catch (error) {
    if (!isErrno(error, 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EIO')) throw error
  }
  const rest = decoder.end()
  if (rest) pass(rest)
}

/** A full disk costs the log, not the agent's work. */
async function keepGoing(write: Promise<unknown>): Promise<void> {
  try {
    await write
  } catch (error) {
    if (!isErrno(error, 'ENOSPC', 'EDQUOT', 'EIO', 'EBADF')) throw error
  }
}
