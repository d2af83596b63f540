// How a stage ends an iteration from within: an outcome and a reason, thrown through the person's loop.

import type { Outcome } from './contract.js'

/**
 * Thrown by a stage to end the iteration in progress; `finish` ends the worker with it. `again`: it has not begun, and its
 * number is the next one's.
 */
export class IterationEnding extends Error {
  readonly outcome: Outcome
  readonly finish: boolean
  readonly again: boolean

  constructor(outcome: Outcome, reason: string, options: { finish?: boolean; again?: boolean } = {}) {
    super(reason)
    this.name = 'IterationEnding'
    this.outcome = outcome
    this.finish = options.finish ?? false
    this.again = options.again ?? false
  }
}
