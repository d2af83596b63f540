// A night: an agent that fails in each way in turn, at every level. No task is complete without its commit on main, none
// is lost, and the log says why for each iteration. `npm run night` plays 60 iterations of each level.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { taskFolder } from '../../src/tasks/folder/folder-store.js'
import { scriptedAgent } from '../support/agents.js'
import { level1Files, loopIn, type TestLoop } from '../support/loop.js'
import { testRepository } from '../support/repository.js'

const WORKERS = 3
const ITERATIONS = process.env.OOMPA_NIGHT === '1' ? 20 : 6

/** Claude's stream, and one kind of end for each call, in turn. */
const AGENT = `
SID=00000000-0000-4000-8000-00000000abcd
init() { echo "{\\"type\\":\\"system\\",\\"subtype\\":\\"init\\",\\"session_id\\":\\"$SID\\"}"; }
result() { printf '{"type":"result","subtype":"success","is_error":%s,"num_turns":1,"result":"%s","session_id":"%s","total_cost_usd":0.01,"usage":{},"permission_denials":[%s]}\\n' "\${2:-false}" "$1" "$SID" "\${3:-}"; }
work() { mkdir -p work; echo "\${1:-good}" > "work/\${OOMPA_TASK:-$OOMPA_WORKER-$OOMPA_ITERATION}"; }
n=0
until mkdir "$HOME/call-$n" 2> /dev/null; do n=$((n + 1)); done
cd "$OOMPA_WORKTREE" || exit 1
init
case $((n % 15)) in 10|11|12) echo "$OOMPA_TASK" >> "$HOME/by-word" ;; esac
case $((n % 15)) in
  0) work; git add -A; git commit -qm "Work"; result Done ;;
  1) exit 0 ;;
  2) result "Which of the two do you mean?" ;;
  3) echo "boom" >&2; exit 1 ;;
  4) work half; exit 0 ;;
  5) result "API Error: 500 internal server error" true ;;
  6) work; result Done ;;
  7) result "May I?" false '{"tool_name":"Write","tool_input":{"file_path":"x"}}' ;;
  8) work bad; git add -A; git commit -qm "Bad"; result Done ;;
  9) work; git add -A; git commit -qm "Work"; result Done; exit 1 ;;
  10) result "It is done already.\\\\n\\\\nCOMPLETE_AND_READY_FOR_MERGE" ;;
  11) [ -z "$OOMPA_TASK" ] || oompa tasks complete > /dev/null 2>&1; result "Called it complete." ;;
  12) [ -z "$OOMPA_TASK" ] || mv "$OOMPA_TASKS/current/$OOMPA_TASK.edn" "$OOMPA_TASKS/complete/" 2> /dev/null; result "Moved it." ;;
  13) work; kill -9 $$ ;;
  14) printf 'not json\\n{"type":"result"'; exit 0 ;;
esac
`

const ids = Array.from({ length: WORKERS * ITERATIONS }, (_, index) => `t${String(index).padStart(2, '0')}`)

function night(level: 1 | 2 | 3): TestLoop {
  const tasks = Object.fromEntries(ids.map((id) => [`tasks/pending/${id}.edn`, `{:id "${id}" :summary "Do ${id}"}\n`]))
  const repository = testRepository({
    ...level1Files,
    '.gitattributes': '',
    'tasks/complete/.gitkeep': '',
    'oompa.json': JSON.stringify({
      no_progress: 0,
      review_rounds: 2,
      backoff: { first: '10ms', max: '20ms', failures: 1000, brake: 0 },
    }),
    ...tasks,
    ...(level > 1
      ? {
          'hooks/tasks.ts': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n",
          'hooks/merge.ts':
            "import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({ test: '! grep -rqs bad work', retries: 0 })\n",
        }
      : {}),
  })
  if (level === 3) {
    // It approves no change without a file: an agent's word is not enough for it.
    const script = '#!/bin/sh\ngrep -q \'"path":"work/\' && exit 0\necho "Nothing was done."\nexit 1\n'
    repository.write('hooks/review.sh', script, 0o755)
    repository.commit('A reviewer')
  }
  return loopIn(repository, scriptedAgent(repository, AGENT))
}

describe('a night in which the agent fails in every way', () => {
  test.each([1, 2, 3] as const)(
    'at level %i: no task is complete without its commit on main, none is lost, and the log says why',
    async (level) => {
      const loop = night(level)
      const { repository } = loop
      const args = ['run', '--workers', String(WORKERS), '--iterations', String(ITERATIONS)]
      const ended = await loop.oompa(args)
      expect([0, 1], ended.stdout + ended.stderr).toContain(ended.status)
      const iterations = loop.events('iteration.ended')
      const calls = loop.agent.calls().length
      expect(calls, ended.stdout).toBeGreaterThanOrEqual(WORKERS * ITERATIONS)
      expect(iterations).toHaveLength(WORKERS * ITERATIONS)
      const unsaid = iterations.filter((one) => !['landed', 'done'].includes(one.outcome) && !one.reason)
      expect(unsaid.filter((one) => one.outcome !== 'refused')).toEqual([])
      if (level === 1) return

      const { pending, current, complete, problems } = await taskFolder('tasks', repository.root).list()
      expect([current, problems], ended.stdout).toEqual([[], []])
      expect([...pending, ...complete].map((task) => task.id).sort()).toEqual(ids)
      const onMain = new Set(repository.git(['ls-tree', '-r', '--name-only', 'main', 'work']).split('\n'))
      // Of these the agent has said that they need no change, which level 2 has nobody to doubt.
      const byWord = readFileSync(path.join(repository.home, 'by-word'), 'utf8').split('\n')
      for (const { id, extra } of complete) {
        if (onMain.has(`work/${id}`)) {
          expect(repository.git(['merge-base', '--is-ancestor', String(extra['merged-commit']), 'main']), id).toBe('')
          continue
        }
        expect(level, `${id} is complete without a commit`).toBe(2)
        const event = loop.events('task.completed').find((one) => one.task === id)!
        expect(byWord).toContain(id)
        expect(event.commit, id).toBeUndefined()
      }
      // Whatever landed is complete, and what passed the test alone is on main.
      for (const file of onMain) if (file) expect(complete.map((task) => `work/${task.id}`)).toContain(file)
      expect(repository.git(['grep', '-c', 'good', 'main', '--', 'work']).split('\n')).toHaveLength(
        [...onMain].filter(Boolean).length,
      )
      // Each claim ended, with its reason where it went back.
      const claimed = loop.events('task.claimed').length
      const released = loop.events('task.released')
      expect(released.filter((one) => !one.reason)).toEqual([])
      expect(loop.events('task.completed').length + released.length).toBe(claimed)
      expect(repository.git(['status', '--porcelain'])).toBe('')
    },
    process.env.OOMPA_NIGHT === '1' ? 900_000 : 240_000,
  )
})
