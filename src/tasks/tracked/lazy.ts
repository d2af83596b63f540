// Loads what only a landing needs when a landing needs it: a claim from a shell does not.

import type { TaskSnapshots, TrackedTasks } from '../contract.js'

export function lazyTracked(load: () => Promise<TrackedTasks>): TrackedTasks {
  return {
    requests: async (...args) => (await load()).requests(...args),
    restore: async (...args) => (await load()).restore(...args),
    statusEdits(request) {
      const edits = load().then((tracked) => tracked.statusEdits(request))
      edits.catch(() => {}) // reported by whoever asks for the edits
      return {
        edits: async (mergedCommit, onto) => (await edits).edits(mergedCommit, onto),
        settle: async (landing) => (await edits).settle(landing),
      }
    },
    drain: async (into) => (await load()).drain(into),
    recover: async (into) => (await load()).recover(into),
    history: async () => (await load()).history(),
    away: async () => (await load()).away!(),
  }
}

/** The same for what only a swarm needs around its agents. */
export function lazySnapshots(load: () => Promise<TaskSnapshots>): TaskSnapshots {
  let loaded: Promise<TaskSnapshots> | undefined
  const now = () => {
    loaded ??= load()
    return loaded
  }
  return {
    take: async (before) => (await now()).take(before),
    putBack: async (...args) => (await now()).putBack(...args),
    keep: async (task) => (await now()).keep(task),
    clear: async (wrong) => (await now()).clear(wrong),
  }
}
