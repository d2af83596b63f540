// What each worker of a swarm is doing, for those who wait for a task: whether somebody may still bring one.

/** `ahead`: between two iterations, or before the first. `waiting`: for a task. `over`: begins no further iteration. */
export type LaneState = 'ahead' | 'waiting' | 'working' | 'over'

export interface Crew {
  state(worker: string): LaneState
  /** Wakes those who wait. */
  set(worker: string, state: LaneState): void
  /** Calls back at each change; returns what ends it. */
  onChange(listener: () => void): () => void
  /** How often something landed or was completed: what was asked before may have another answer now. */
  progress: number
  /** Who is asked to plan because nothing is pending. */
  planner?: string
  /** What `progress` was when an agent was asked to plan and added nothing; undefined once something was added. */
  fruitless?: number
}

/** @param workers names of those that have iterations before them */
export function makeCrew(workers: readonly string[] = []): Crew {
  const states = new Map<string, LaneState>(workers.map((worker) => [worker, 'ahead']))
  const listeners = new Set<() => void>()
  return {
    progress: 0,
    state: (worker) => states.get(worker) ?? 'over',
    set(worker, state) {
      if (states.get(worker) === state) return
      states.set(worker, state)
      for (const listener of [...listeners]) listener()
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
