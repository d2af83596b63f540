// What the loop may know of a review hook besides calling it.

/** Members that a review hook may have; a ready-made one has them. */
export interface ReviewerFacts {
  /** Whom it asks, for the probe at start. */
  readonly agents?: readonly string[]
  /** Reviews of one iteration at most. */
  readonly rounds?: number
  /** Reads what it needs from the main checkout; called when the swarm starts. */
  readonly prepare?: (root: string) => Promise<void>
  /** Milliseconds in place of the limit of hooks; `null` where it has limits of its own. */
  readonly timeLimitMs?: number | null
}
