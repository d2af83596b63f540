// Keys that are not ours: what people write by habit or from earlier versions, and what stands for it now.

/** `scope.key` to its successor; the scope is the last named key of the path, `workers` for a worker, '' for the top. */
const SUCCESSORS: Readonly<Record<string, string>> = {
  'workers.max_cycles': '`iterations` (or `max_cycle`)',
  'workers.max_iterations': '`iterations`',
  'workers.cycles': '`iterations`',
  'workers.max_working_resumes': '`max_resumes`',
  'workers.max_needs_followups': '`max_resumes`',
  'workers.agent': '`model`, such as "claude:opus"',
  'workers.harness': '`model`, such as "claude:opus"',
  'workers.reasoning': '`model`, such as "codex:gpt-5:high"',
  'workers.prompts': '`prompt`, a path or a list of paths',
  'workers.workers': '`count`',
  'workers.role_hint': '`role`',
  'reviewer.agent': '`model`',
  'reviewer.prompts': '`prompt`',
  'reviewers.agent': '`model`',
  'reviewers.prompts': '`prompt`',
  'planner.agent': '`model`',
  'planner.prompts': '`prompt`',
  '.model': '`agent`, or `model` of each worker',
  '.harness': '`agent`, such as "claude:opus"',
  '.worker': '`workers`, a list',
  '.count': '`count` of a worker',
  '.max_cycle': '`iterations`, or `max_cycle` of each worker',
  '.max_cycles': '`iterations`',
  '.max_resumes': '`max_resumes` of each worker',
  '.max_working_resumes': '`max_resumes` of each worker',
  '.wait_between': '`wait_between` of each worker',
  '.max_wait_for_tasks': '`max_wait_for_tasks` of each worker',
  '.can_plan': '`can_plan` of each worker',
  '.review': '`reviewer`, an object with `model` and `prompt`',
  '.review_prompt': '`prompt` of `reviewer`',
  '.rounds': '`review_rounds`',
  '.test': '`test` of `merge`',
  '.into': '`into` of `merge`',
  '.strategy': '`strategy` of `merge`',
  '.push': '`push` of `merge`',
  '.batch': '`batch` of `merge`',
  '.store': '`store` of `tasks`',
  '.max_pending': '`max_pending` of `planner`',
  '.timeout': '`iteration` of `limits`',
  '.idle': '`idle` of `limits`',
}

/** Keys of other versions of the earlier system that are taken and do nothing here. */
const PASSED_OVER: Readonly<Record<string, string>> = {
  'workers.can_claim_gpu': 'there is no queue of machines with a GPU',
}

/** What stands for a key that we do not have. */
export function successorOf(path: readonly (string | number)[], key: string): string | undefined {
  return SUCCESSORS[`${scopeOf(path)}.${key}`]
}

/** Why a key is accepted and does nothing. */
export function passedOver(path: readonly (string | number)[], key: string): string | undefined {
  return PASSED_OVER[`${scopeOf(path)}.${key}`]
}

function scopeOf(path: readonly (string | number)[]): string {
  return String(path.findLast((step) => typeof step === 'string') ?? '')
}
