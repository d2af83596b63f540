// Ctrl-C while something judges or lands is an interruption and no refusal: the work is kept, and a resume goes on with
// that iteration.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { allEnded, type Level2Options, level2, until } from '../support/loop.js'

/** The first time it says that it has begun and does not come to an end; then it says yes at once. */
const HANGS = 'if [ ! -e "$HOME/begun" ]; then touch "$HOME/begun"; sleep 1000; exit 1; fi; cat > /dev/null'
const script = (body: string) => `#!/bin/sh\n${HANGS}\n${body}\n`

interface Place extends Level2Options {
  /** Executables, by their place below the root. */
  readonly scripts?: Readonly<Record<string, string>>
}

const places: Readonly<Record<string, Place>> = {
  'a review by a module that takes every status for an answer': {
    files: {
      'hooks/review.mjs': `export default async (change, { $ }) => {
  const { exitCode } = await $({ nothrow: true })\`./judge\`
  return exitCode === 0 ? { approved: true } : { approved: false, feedback: 'no' }
}\n`,
    },
    scripts: { judge: script('exit 0') },
  },
  'a review by an agent': {
    config: { reviewer: 'command:./reads', probe: false },
    scripts: { reads: script('echo "VERDICT: APPROVED"') },
  },
  'an approval': { scripts: { 'hooks/approve.sh': script('exit 0') } },
  'a landing by a hook of the person': {
    scripts: {
      'hooks/merge.sh': script('git merge -q "$OOMPA_BRANCH" >&2 && git rev-parse HEAD'),
    },
  },
  'setting a worktree up': { scripts: { 'hooks/worktree.sh': script('exit 0') } },
}

test.each(Object.entries(places))('during %s', async (_name, { scripts = {}, ...options }) => {
  const loop = level2('echo x > "$OOMPA_WORKTREE/made-$OOMPA_ITERATION"', options)
  for (const [file, text] of Object.entries(scripts)) loop.repository.write(file, text, 0o755)
  loop.repository.commit('Scripts')
  const running = loop.start()
  await until(() => existsSync(path.join(loop.repository.home, 'begun')), 'the hook to begin')
  running.child.kill('SIGINT')
  const ended = await running.ended
  const [id = ''] = loop.swarms()
  expect(ended.status, ended.stdout + ended.stderr).toBe(130)
  expect(loop.events('iteration.ended')).toMatchObject([{ outcome: 'interrupted', reason: 'interrupted by SIGINT' }])
  expect(loop.events('hook.failed')).toEqual([])
  expect(loop.events('review.ended')).toEqual([])
  expect(loop.events('landing.refused')).toEqual([])
  expect(loop.events('approval.waiting')).toEqual([])
  expect(ended.stdout).toContain(`oompa resume ${id}`)
  await allEnded(loop)

  const resumed = await loop.oompa(['resume', id])
  expect(resumed.status, resumed.stdout + resumed.stderr).toBe(0)
  expect(loop.events('iteration.ended')[1]).toMatchObject({ iteration: 1, outcome: 'landed' })
  expect(loop.repository.git(['ls-tree', '--name-only', 'main', 'made-1'])).toBe('made-1')
})
