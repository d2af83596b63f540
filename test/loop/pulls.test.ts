// Changes that become pull requests: with the status of their tasks, which are in review until the target's history has
// them. A stand-in for the service's command line, which merges into a real bare remote.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { taskGraph } from '../../src/tasks/graph/task-graph.js'
import { claiming, team } from '../support/clones.js'
import { allEnded, until } from '../support/loop.js'

const GRAPH = `nodes:
  - id: risky # by hand
    title: First
    status: ready
    priority: 0
  - id: one
    title: Second
    status: ready
    priority: 1
  - id: two
    title: Third
    status: pending
    priority: 1
edges:
  - from: one
    to: two
meta:
  by_status: { ready: 2, pending: 1, complete: 0 }
`

const hook = `import { pullRequests } from 'oompa-loompas'
export default pullRequests({ autoMerge: 'low-risk', test: 'test -e spec.md', command: process.env.HOME + '/gh' })
`

const works = `cd "$OOMPA_WORKTREE"; ls > "$OOMPA_TASK.txt"; if [ "$OOMPA_TASK" = risky ]; then echo '{}' > package.json; fi`

/** Merges the first that it is asked to, and squashes the others; what it calls a state stands in a file for each branch. */
const service = (bare: string) => `#!/bin/sh
gh="$HOME/service"; [ -d "$gh" ] || git clone -q '${bare}' "$gh"
for last; do :; done
echo "$*" >> "$gh/.git/asked"
file() { echo "$gh/.git/state-$(echo "$1" | tr / _)"; }
case "$1 $2" in
'pr list') if test -e "$(file "$4")"; then echo "[{\\"url\\":\\"https://example.com/$4\\"}]"; else echo '[]'; fi;;
'pr view') test -e "$(file "$3")" && echo "{\\"url\\":\\"https://example.com/$3\\",\\"state\\":\\"$(cat "$(file "$3")")\\"}";;
'pr create') if [ -e "$HOME/before" ]; then rm "$HOME/before"; kill -9 $PPID; exit; fi
  while [ "$1" != --head ]; do shift; done; cat > /dev/null; echo OPEN > "$(file "$2")"
  if [ -e "$HOME/during" ]; then rm "$HOME/during"; touch "$HOME/created"; exec sleep 600; fi
  if [ -e "$HOME/after" ]; then rm "$HOME/after"; kill -9 $PPID; exit; fi
  echo "https://example.com/$2";;
'pr merge')
  cd "$gh" && git fetch -q && git checkout -q -B main origin/main || exit 1
  if [ -e .git/first ]; then git merge -q --squash "origin/$last" > /dev/null && git commit -qm "Squash $last"
  else touch .git/first; git merge -q --no-ff -m "Merge $last" "origin/$last"; fi
  git push -q origin main && echo MERGED > "$(file "$last")";;
esac
`

test('the branch has work and status, the task is held until the target has it, and goes back if the request is closed', async () => {
  const files = {
    'hooks/merge.mjs': hook,
    'hooks/tasks.mjs': "import { taskGraph } from 'oompa-loompas'\nexport default taskGraph()\n",
    'task-graph.yaml': GRAPH,
  }
  const { bare, clones, history } = team(works, { clones: 1, files, worker: { iterations: 3 } })
  const [loop] = clones
  const { repository } = loop!
  repository.write('../home-1/gh', service(bare.root), 0o755)
  const first = await loop!.run()
  const said = first.stdout + first.stderr
  expect(first.status, said).toBe(0)

  // What is low risk was merged, once as it is and once as a squash, each on top of what it needs; the other is in review.
  expect(said).toMatch(/^ *1 request open, 2 merged$/m)
  expect(said).not.toMatch(/landed/)
  expect(history().filter((subject) => /^Squash|^Merge oompa/.test(subject))).toHaveLength(2)
  expect(bare.git(['show', 'main:two.txt']).split('\n')).toContain('one.txt')
  const graphOf = (name: string) => bare.git(['show', `${name}:task-graph.yaml`])
  expect(graphOf('main').match(/status: complete/g)).toHaveLength(2)
  expect(graphOf('main')).toContain('status: ready\n    priority: 0')
  const swarm = loop!.swarms()[0]!
  const branch = `oompa/${swarm}/w1-i1`
  // Brought up to date, with the status of all three: nobody has to put that together.
  expect(bare.git(['merge-base', 'main', branch])).toBe(bare.git(['rev-parse', 'main']))
  expect(graphOf(branch).match(/status: complete/g)).toHaveLength(3)
  expect(graphOf(branch)).toContain('id: risky # by hand')
  // Nothing of ours is on the local main that a request has not brought.
  expect(repository.git(['rev-parse', 'main'])).toBe(bare.git(['rev-parse', 'main']))
  const listing = await taskGraph(undefined, repository.root).list()
  expect([listing.pending, listing.current, listing.complete].map((all) => all.map(({ id }) => id).sort())).toEqual([
    [],
    ['risky'],
    ['one', 'two'],
  ])
  expect((await loop!.oompa(['tasks'])).stdout).toContain(`in review: https://example.com/${branch}`)

  // A next swarm leaves it to the request, until somebody closes that.
  const idle = await loop!.run(['--iterations', '1'])
  expect(idle.status, idle.stdout + idle.stderr).toBe(3)
  writeFileSync(path.join(repository.home, 'service/.git', `state-${branch.replaceAll('/', '_')}`), 'CLOSED\n')
  const again = await loop!.run(['--iterations', '1'])
  expect(again.status, again.stdout + again.stderr).toBe(0)
  expect(again.stdout + again.stderr).toMatch(/^ *1 request open, 0 merged, 1 closed$/m)
  expect(loop!.agent.calls().map(({ env }) => env.OOMPA_TASK)).toEqual(['risky', 'one', 'two', 'risky'])
  const asked = readFileSync(path.join(repository.home, 'service/.git/asked'), 'utf8')
  expect(asked.match(/^pr merge/gm)).toHaveLength(2)
})

test.each(['before', 'after', 'during'])(
  'ended in the moment %s a request is opened: it is watched, or its task is done again',
  async (when) => {
    const files = {
      'hooks/merge.mjs': hook,
      ...claiming,
      'tasks/pending/risky.json': JSON.stringify({ id: 'risky', summary: 'Risky' }),
    }
    const { bare, clones } = team(works, { clones: 1, files, worker: { iterations: 1 } })
    const [loop] = clones
    const { repository } = loop!
    repository.write('../home-1/gh', service(bare.root), 0o755)
    repository.write(`../home-1/${when}`, '')
    const running = loop!.start()
    if (when === 'during') {
      await until(() => existsSync(path.join(repository.home, 'created')), 'the request to be made')
      running.child.kill('SIGINT')
    }
    const ended = await running.ended
    if (when === 'during') expect(ended.status, ended.stdout + ended.stderr).toBe(130)
    else expect(ended.signal, ended.stdout + ended.stderr).toBe('SIGKILL')
    await allEnded(loop!)
    const [swarm = ''] = loop!.swarms()
    const next = await loop!.run()
    const said = next.stdout + next.stderr
    if (when !== 'before') {
      expect(next.status, said).toBe(3)
      expect(loop!.agent.calls()).toHaveLength(1)
      expect((await loop!.oompa(['tasks'])).stdout).toContain(`in review: https://example.com/oompa/${swarm}/w1-i1`)
    } else {
      expect(next.status, said).toBe(0)
      expect(loop!.agent.calls().map(({ env }) => env.OOMPA_TASK)).toEqual(['risky', 'risky'])
      expect(loop!.refs('refs/oompa/kept/')).toContain(`refs/oompa/kept/${swarm}/w1-1`)
    }
  },
)
