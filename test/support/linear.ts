// Says whether a reader's cost grows with its text, or with its square: by processor time and by ratio, so that a
// loaded machine changes nothing.

/** Below this the measure is noise. */
const LEAST_MS = 5
/** A reader that is this quick with a text of this size is not looked at any further. */
const MOST = 1 << 19
/** Sixteen times the text: linear is 16, and with garbage, caches and a loaded machine up to 110; a square is 256. */
const TIMES = 16
const LIMIT = 130

/**
 * How many times longer it takes for a text `TIMES` as long; undefined if it is too quick to tell.
 * @param make prepares a text of about `size` parts, and gives what reads it
 */
export async function growth(make: (size: number) => () => unknown): Promise<number | undefined> {
  let size = 256
  let small = await cost(make(size))
  while (small < LEAST_MS) {
    size *= 2
    if (size > MOST) return undefined
    small = await cost(make(size))
  }
  let least = Number.POSITIVE_INFINITY
  // The least of some tries: whatever else goes on in the process can only add.
  for (let attempt = 0; attempt < 4 && least > LIMIT; attempt++) {
    const [one, many] = [make(size), make(size * TIMES)]
    small = Math.max(LEAST_MS / 2, Math.min(small, await cost(one), await cost(one)))
    least = Math.min(least, (await cost(many)) / small)
  }
  return least
}

/** Fails for a reader whose cost grows by more than the text. */
export async function expectLinear(make: (size: number) => () => unknown): Promise<void> {
  const times = await growth(make)
  if (times !== undefined && times > LIMIT) {
    throw new Error(`It takes ${times.toFixed(1)} times as long for a text that is ${TIMES} times as long.`)
  }
}

/** Milliseconds of processor time. What it throws is an answer, too; that it runs out of stack is none. */
async function cost(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  try {
    await work()
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) throw error
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
