// All that hooks and the loop may import.

export type * from './agents/contract.js'
export { agents } from './agents/index.js'
export { command, type ProgramOptions } from './agents/program.js'
export { runAgent } from './agents/run-agent.js'
export { parseAgentSpec } from './agents/spec.js'
export { OompaError, STATUS } from './errors.js'
export type * from './events/contract.js'
export { commandRunner } from './hooks/commandRunner.js'
export type * from './hooks/contract.js'
export { type NotifyOptions, notify } from './hooks/notify.js'
export { type SetupOptions, setup } from './hooks/setup.js'
export { type LandBranchOptions, landBranch } from './merge/branch.js'
export { commitLeftovers } from './merge/commit.js'
export type { MergeHookWithOptions, MergeOptions } from './merge/contract.js'
export { mergeQueue } from './merge/hook.js'
export { type PullRequestOptions, pullRequests } from './merge/pull-requests.js'
export { type ReviewerOptions, reviewer } from './review/reviewer.js'
export {
  type ApprovalOptions,
  type ApprovalRule,
  approval,
  continuousIntegration,
  highRisk,
  largerThan,
  packageManifests,
  touches,
  touchesTheTest,
} from './review/risk.js'
export { readVerdict } from './review/verdict.js'
export type { Attempt, Iteration, Swarm, Worker } from './swarm/contract.js'
export { $, attempts, claim, land, openWorktree, propose, review, swarm } from './swarm/loop.js'
export { type ConformanceCase, conformance } from './tasks/conformance.js'
export type { StoreUnderTest } from './tasks/conformance-case.js'
export type * from './tasks/contract.js'
export { taskFolder } from './tasks/folder/folder-store.js'
export { taskGraph } from './tasks/graph/task-graph.js'
export { markdownLists } from './tasks/lists/markdown-lists.js'
export { type PostgresOptions, postgresTasks } from './tasks/postgres/postgres-store.js'
export { type GitTasksOptions, gitTasks } from './tasks/refs/refs-store.js'
export { taskStores } from './tasks/sharded.js'
export type * from './tasks/task-engine.js'
export type * from './words.js'
export type { WorktreePool } from './worktrees/contract.js'
export { worktreePool } from './worktrees/pool.js'
