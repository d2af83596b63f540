// A small swarm's events, as the loop writes them.

import type { NewEvent, OompaEvent } from '../../src/events/contract.js'

export const SWARM = '3f2a91bc'
const START = Date.parse('2026-11-21T10:00:00.000Z')

/** Events one second apart, from a start or at given seconds. */
export function at(seconds: number, event: NewEvent, swarm = SWARM): OompaEvent {
  return { at: new Date(START + seconds * 1000).toISOString(), swarm, ...event }
}

/** The start of a swarm. */
export function started(extra: Partial<Extract<NewEvent, { type: 'swarm.started' }>> = {}): NewEvent {
  return {
    type: 'swarm.started',
    pid: 4242,
    processStart: 'boot.1',
    host: 'here',
    level: 3,
    workers: [
      { worker: 'w1', agent: 'claude:opus', iterations: 2 },
      { worker: 'w2', agent: 'codex:o3', iterations: 2 },
    ],
    iterations: 2,
    into: 'main',
    version: '1.0.0',
    ...extra,
  }
}

const w1 = { worker: 'w1', iteration: 1 }
const w2 = { worker: 'w2', iteration: 1 }
export const COMMIT = 'a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2'

/** Two workers: the first lands a task after a rejection, the second's work is refused and kept. */
export function sampleEvents(): OompaEvent[] {
  return [
    at(0, started()),
    at(1, { type: 'iteration.started', ...w1, worktree: '.w1-i1', branch: 'oompa/w1-i1' }),
    at(1, { type: 'iteration.started', ...w2, worktree: '.w2-i1', branch: 'oompa/w2-i1' }),
    at(2, { type: 'task.claimed', ...w1, task: 't-1' }),
    at(3, { type: 'agent.started', ...w1, agent: 'claude:opus', attempt: 1, role: 'author', pid: 5001 }),
    at(4, { type: 'agent.activity', ...w1, text: 'Edit src/a.ts' }),
    at(5, { type: 'agent.message', ...w1, text: 'Done with a.', role: 'author' }),
    at(6, {
      type: 'agent.ended',
      ...w1,
      agent: 'claude:opus',
      role: 'author',
      attempt: 1,
      status: 0,
      durationMs: 3000,
      costUsd: 0.25,
      usage: { input: 10, output: 5, cacheRead: 1, cacheWrite: 0 },
    }),
    at(7, { type: 'agent.started', ...w1, agent: 'codex:o3', attempt: 1, role: 'reviewer' }),
    at(8, { type: 'review.ended', ...w1, round: 1, verdict: 'rejected', by: 'codex:o3', feedback: 'Name it.\nTwice.' }),
    at(9, { type: 'review.ended', ...w1, round: 2, verdict: 'approved', by: 'codex:o3' }),
    at(10, { type: 'landing.queued', ...w1, branch: 'oompa/w1-i1', position: 1 }),
    at(11, { type: 'landing.testing', ...w1, branch: 'oompa/w1-i1', command: 'npm test' }),
    at(12, { type: 'landing.landed', ...w1, task: 't-1', branch: 'oompa/w1-i1', into: 'main', commit: COMMIT }),
    at(13, { type: 'task.completed', ...w1, task: 't-1' }),
    at(14, { type: 'iteration.ended', ...w1, outcome: 'landed', branch: 'oompa/w1-i1', commits: 1 }),
    at(15, { type: 'agent.started', ...w2, agent: 'codex:o3', attempt: 1, role: 'author' }),
    at(16, {
      type: 'agent.ended',
      ...w2,
      agent: 'codex:o3',
      role: 'author',
      attempt: 1,
      status: 0,
      durationMs: 1000,
      denials: ['Bash(rm -rf /)'],
    }),
    at(17, { type: 'landing.queued', ...w2, branch: 'oompa/w2-i1', position: 1 }),
    at(18, { type: 'landing.refused', ...w2, branch: 'oompa/w2-i1', reason: 'conflict', feedback: 'a.txt' }),
    at(19, { type: 'work.kept', ...w2, ref: `refs/oompa/kept/${SWARM}/w2-1`, reason: 'conflict' }),
    at(20, {
      type: 'iteration.ended',
      ...w2,
      outcome: 'refused',
      branch: 'oompa/w2-i1',
      commits: 2,
      reason: 'conflict',
      kept: `refs/oompa/kept/${SWARM}/w2-1`,
    }),
  ]
}
