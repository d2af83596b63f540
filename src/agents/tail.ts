// Keeps the end of a text that may have no end, without garbage: a hundred agents print at once.

/** The most that is kept of a final message: signals and verdicts stand at its end. */
const KEPT_BYTES = 256 * 1024

export interface Tail {
  add(text: string): void
  text(): string
}

/** Strings of many pieces are copied and collected again and again (measured: 300 MB more for 100 × 10 MB); this is not. */
export function keepTail(bytes = KEPT_BYTES): Tail {
  let ring = Buffer.alloc(Math.min(bytes, 4096))
  let written = 0
  const put = (piece: Buffer): void => {
    // Only the last part of a piece that is longer than all can stay.
    const from = Math.max(0, piece.length - ring.length)
    const at = (written + from) % ring.length
    const fits = Math.min(piece.length - from, ring.length - at)
    piece.copy(ring, at, from, from + fits)
    piece.copy(ring, 0, from + fits)
    written += piece.length
  }
  return {
    add(text) {
      const piece = Buffer.from(text)
      if (written + piece.length > ring.length && ring.length < bytes) {
        const grown = Buffer.alloc(Math.min(bytes, Math.max(ring.length * 2, written + piece.length)))
        ring.copy(grown, 0, 0, written)
        ring = grown
      }
      put(piece)
    },
    text() {
      if (written <= ring.length) return ring.toString('utf8', 0, written)
      const at = written % ring.length
      const all = Buffer.concat([ring.subarray(at), ring.subarray(0, at)])
      // Begin with a whole character.
      let from = 0
      while (from < 4 && (all[from]! & 0xc0) === 0x80) from += 1
      return all.toString('utf8', from)
    },
  }
}
