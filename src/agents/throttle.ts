// At most a few lines of activity a second: an agent may print a thousand, and each becomes an event.

/**
 * Passes the first value at once, then the latest one every `ms`, and the last one at `flush`.
 */
export function latest<T>(ms: number, pass: (value: T) => void): { add(value: T): void; flush(): void } {
  let waiting: { value: T } | undefined
  let timer: NodeJS.Timeout | undefined
  const next = (): void => {
    timer = undefined
    if (!waiting) return
    const { value } = waiting
    waiting = undefined
    pass(value)
    timer = setTimeout(next, ms)
  }
  return {
    add(value) {
      waiting = { value }
      if (!timer) next()
    },
    flush() {
      clearTimeout(timer)
      timer = undefined
      if (waiting) pass(waiting.value)
      waiting = undefined
    },
  }
}
