// The events as they are, one JSON object a line: for programs.

import type { View } from './contract.js'

/** A view that prints every event and nothing else. */
export function jsonView(print: (line: string) => void): View {
  return {
    event: (event) => print(JSON.stringify(event)),
    output() {},
    end() {},
  }
}
