// Events as a swarm writes them, for benches of what reads them.

/** The events of one iteration in the proportions of a real one: mostly what the agent is doing. */
export function iteration(swarm, worker, number, at) {
  const where = { worker, iteration: number, task: `task-${number}` }
  const branch = `oompa/${worker}-i${number}`
  const event = (type, more) => ({ at: new Date(at++ * 1000).toISOString(), swarm, type, ...where, ...more })
  const agent = 'claude:opus'
  const usage = { input: 1200, output: 900, cacheRead: 52_000, cacheWrite: 800 }
  return [
    event('iteration.started', { worktree: `.${worker}-i${number}`, branch, base: 'a'.repeat(40) }),
    event('task.claimed'),
    event('agent.started', { agent, attempt: 1, role: 'author', session: 's'.repeat(36) }),
    ...Array.from({ length: 12 }, (_, i) =>
      event('agent.activity', { text: `Edit src/module-${i}/file.ts: ${'x'.repeat(80)}` }),
    ),
    event('agent.message', { role: 'author', text: 'What was done, in some sentences. '.repeat(20) }),
    event('agent.ended', { agent, role: 'author', attempt: 1, status: 0, durationMs: 60_000, usage, costUsd: 0.3 }),
    event('review.ended', { round: 1, verdict: 'approved', by: 'codex:o3', feedback: 'Good. '.repeat(30) }),
    event('landing.queued', { branch, position: 1 }),
    event('landing.testing', { branch, command: 'npm test' }),
    event('landing.landed', { branch, into: 'main', commit: 'b'.repeat(40) }),
    event('task.completed'),
    event('iteration.ended', { outcome: 'landed', branch, commits: 1 }),
  ]
}
