// So many at a time: making more checkouts at once than the machine can makes all of them late.

/** Runs what it is given when it is its turn. What is made ahead, for nobody yet, comes after what somebody waits for. */
export type Turns = <T>(ahead: boolean | undefined, act: () => Promise<T>) => Promise<T>

/** @param many how many run at the same time; the others wait in the order in which they came */
export function atMost(many: number): Turns {
  const needed: (() => void)[] = []
  const ahead: (() => void)[] = []
  let running = 0
  return async (isAhead, act) => {
    if (running >= many) await new Promise<void>((resolve) => (isAhead ? ahead : needed).push(resolve))
    else running++
    try {
      return await act()
    } finally {
      const next = needed.shift() ?? ahead.shift()
      if (next) next()
      else running--
    }
  }
}
