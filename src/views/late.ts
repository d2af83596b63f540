// A view of a swarm that is only starting: it opens when something has begun, so that a start that fails shows nothing
// but its error.

import type { OompaEvent } from '../events/contract.js'
import type { View } from './contract.js'

/** A view that can be left without a word. */
export interface LateView extends View {
  /** Opens it now, with what has happened so far. */
  show(): void
  /** Whether whatever comes next opens it: something is waited for, and a person has to know. */
  eager: boolean
  /** Whether it has been opened. */
  readonly isShown: boolean
}

/** What a start says before anything has begun: a probe is an agent that has no worker. */
function isBefore({ type, worker }: OompaEvent): boolean {
  return type === 'swarm.started' || type === 'note' || type === 'hook.failed' || (isOfAgent(type) && !worker)
}

const isOfAgent = (type: OompaEvent['type']) => type === 'agent.started' || type === 'agent.ended'

/** @param open opens the view that is shown then */
export function lateView(open: () => View): LateView {
  const waiting: OompaEvent[] = []
  let view: View | undefined
  const shown = (): View => {
    if (view) return view
    view = open()
    for (const event of waiting.splice(0)) view.event(event)
    return view
  }
  return {
    eager: false,
    event(event) {
      if (view === undefined && !this.eager && isBefore(event)) waiting.push(event)
      else shown().event(event)
    },
    output: (worker, text) => shown().output(worker, text),
    end: (run) => shown().end(run),
    show() {
      shown()
    },
    get isShown() {
      return view !== undefined
    },
  }
}
