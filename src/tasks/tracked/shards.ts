// Several stores on their way with the work: each reads and writes its own files, and one landing has the status of all.

import type { StatusEdits, StatusHistory, TreeEdit } from '../../words.js'
import type { StatusRequest, TaskStore, TrackedTasks } from '../contract.js'

/** Stores of ours, which stand in the repository all of them. */
export function trackedShards(shards: ReadonlyMap<string, TaskStore>): TrackedTasks {
  const all = [...shards].map(([name, store]) => ({ name, tracked: store.tracked! }))
  return {
    async requests(worktree, base, own) {
      const found = await each(all, async ({ name, tracked }) => {
        const requests = await tracked.requests(worktree, base, own)
        const adds = requests.adds.map((add) => ({ ...add, task: { ...add.task, store: name } }))
        return { ...requests, adds }
      })
      return {
        adds: found.flatMap((one) => one.adds),
        ready: found.some((one) => one.ready),
        completed: found.flatMap((one) => one.completed),
        ignored: found.flatMap((one) => one.ignored),
      }
    },
    async restore(worktree, base, adds = []) {
      const commits = await each(all, ({ name, tracked }) =>
        tracked.restore(
          worktree,
          base,
          adds.filter(({ task }) => task.store === name),
        ),
      )
      return commits.findLast((commit) => commit !== undefined)
    },
    statusEdits: (request) => editsOf(all, request),
    drain: async (into) => (await each(all, ({ tracked }) => tracked.drain(into))).flat(),
    recover: async (into) => (await each(all, ({ tracked }) => tracked.recover(into))).flat(),
    history: async () =>
      historyOf(await each(all, async ({ name, tracked }) => ({ name, history: await tracked.history() }))),
  }
}

interface Shard {
  readonly name: string
  readonly tracked: TrackedTasks
}

/** One after the other: they share the index of a worktree, and the lock of what is kept elsewhere. */
async function each<T, R>(all: readonly T[], act: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (const one of all) results.push(await act(one))
  return results
}

/** Only of stores that the landing says something of: one that is broken keeps no work of the others from landing. */
function editsOf(all: readonly Shard[], request: StatusRequest): StatusEdits {
  const parts = all.flatMap(({ name, tracked }) => {
    const claims = request.claims.filter(({ task }) => task.store === name)
    const isSaid = claims.length > 0 || (request.added ?? []).length > 0
    return isSaid ? [tracked.statusEdits({ ...request, claims })] : []
  })
  return {
    edits: async (mergedCommit, onto) => (await each(parts, (one) => one.edits(mergedCommit, onto))).flat(),
    async settle(landing) {
      await each(parts, (one) => one.settle(landing))
    },
  }
}

function historyOf(all: readonly { readonly name: string; readonly history: StatusHistory }[]): StatusHistory {
  return {
    isStatus: (file) => all.some(({ history }) => history.isStatus(file)),
    async completeIn(commit) {
      // Two folders may have files of one name.
      const done = await each(all, async ({ name, history }) =>
        [...(await history.completeIn(commit))].map((one) => `${name}/${one}`),
      )
      return new Set(done.flat())
    },
    async merged(sides, tree) {
      const edits: TreeEdit[] = []
      for (const { history } of all) {
        const own = await history.merged(sides, tree)
        if (own === undefined) return undefined
        edits.push(...own)
      }
      return edits
    },
  }
}
