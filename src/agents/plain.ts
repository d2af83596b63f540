// A program under a CLI's name (a wrapper, a script) may print plain text where JSON was asked for: then that is what
// it says, and not a failure.

import type { OutputReader } from './contract.js'
import { textReader } from './text.js'

/** Reads as `stream` does, unless what comes has not one line of JSON. */
export function orPlainText(stream: OutputReader): OutputReader {
  const plain = textReader(true)
  let json = false
  let begun = ''
  return {
    get finished() {
      return stream.finished
    },
    read(text) {
      // One line that begins like an object decides; what was before it is a banner.
      if (!json) {
        begun = (begun + text).slice(-LONGEST_BANNER)
        json = /^\s*\{/m.test(begun)
      }
      const lines = stream.read(text)
      return json ? lines : plain.read(text)
    },
    end(exit) {
      return json || exit.status !== 0 ? stream.end(exit) : plain.end(exit)
    },
  }
}

/** Enough to find the first line of JSON in pieces that were cut anywhere. */
const LONGEST_BANNER = 64 * 1024
