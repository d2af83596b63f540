// A worker whose agent is at its usage limit goes on with another, and comes back.

import { expect, test } from 'vitest'
import { nextAgent } from '../../src/swarm/fallback.js'
import { level1, level1Files } from '../support/loop.js'

const [claude, codex, gemini] = ['claude', 'codex', 'gemini'].map((harness) => ({ harness })) as [
  { harness: string },
  { harness: string },
  { harness: string },
]

test.each<[string, Record<string, number>, string]>([
  ['its own', {}, 'claude'],
  ['the first fallback', { claude: 9 }, 'codex'],
  ['the next, where that is at its limit, too', { claude: 9, codex: 5 }, 'gemini'],
  ['the one whose limit ends first, where all are', { claude: 9, codex: 5, gemini: 7 }, 'codex'],
  ['its own again', { codex: 5 }, 'claude'],
])('a worker calls %s', (_name, limits, expected) => {
  expect(nextAgent(claude, [codex, gemini], ({ harness }) => limits[harness]).harness).toBe(expected)
})

test('a scripted usage limit falls back to another harness, and comes back when it has passed', async () => {
  const said = (facts: Readonly<Record<string, unknown>>) =>
    `printf '%s\\n' '${JSON.stringify({ type: 'result', subtype: 'success', is_error: false, result: 'ok', session_id: 'x', total_cost_usd: 0, ...facts })}'`
  const limitedOnce = `if [ ! -e "$HOME/until" ]; then
echo $(( $(date +%s) + 30 )) > "$HOME/until"
echo '{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":'$(cat "$HOME/until")',"rateLimitType":"five_hour"}}'
${said({ is_error: true, api_error_status: 429, result: 'You have hit your session limit' })}
exit 1
fi
cd "$OOMPA_WORKTREE"; echo x > x; git add x; git commit -qm x
${said({ total_cost_usd: 0.25 })}`
  const config = {
    workers: [{ model: 'claude', iterations: 2 }],
    fallback: ['command:other'],
    probe: false,
  }
  const loop = level1(limitedOnce, { ...level1Files, 'oompa.json': JSON.stringify(config) })
  loop.repository.write(
    '../home/bin/other',
    `#!/bin/bash
cat > "$HOME/told"; echo other > other; git add -A; git commit -qm other
while [ $(date +%s) -le $(( $(cat "$HOME/until") + 1 )) ]; do sleep 1; done\n`,
    0o755,
  )
  const ended = await loop.run()
  expect(ended.status, ended.stdout + ended.stderr).toBe(0)
  const [limit] = loop.events('limit.waiting')
  expect(loop.events('agent.fallback')).toMatchObject([
    { worker: 'w1', iteration: 1, agent: 'command:other', instead: 'claude', until: limit?.until },
    { worker: 'w1', iteration: 2, agent: 'claude', instead: 'command:other' },
  ])
  expect(loop.events('agent.ended').map(({ agent, iteration }) => `${iteration} ${agent}`)).toEqual([
    '1 claude',
    '1 command:other',
    '2 claude',
  ])
  expect(loop.events('iteration.ended').map(({ outcome }) => outcome)).toEqual(['landed', 'landed'])
  expect(ended.stdout).toMatch(/goes on with command:other.*claude is at its limit/)
  expect(ended.stdout).toMatch(/goes on with claude again/)
  // The one that goes on has been told everything.
  expect(loop.repository.git(['log', '--format=%s', '--no-merges', '-2', 'main']).split('\n').sort()).toEqual([
    'other',
    'x',
  ])
})
