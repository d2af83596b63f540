// How the status of tasks travels with a landing, whatever their store.

import type { StatusEdits } from '../words.js'
import type { StatusRequest, TaskStore } from './contract.js'

/** In the same commit where the tasks stand in the repository; right after it elsewhere. */
export function landingStatus(store: TaskStore, request: StatusRequest): StatusEdits {
  if (store.tracked) return store.tracked.statusEdits(request)
  return {
    edits: async () => [],
    async settle({ mergedCommit }) {
      for (const claim of request.claims) await store.complete(claim, { ...request.completion, mergedCommit })
    },
  }
}
