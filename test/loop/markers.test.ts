// An author that commits conflict markers hears of it before anybody reads its change, and lands what it mends.

import { expect, test } from 'vitest'
import { level2 } from '../support/loop.js'

const MERGE = "import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({})\n"
const REVIEW = `import { appendFileSync } from 'node:fs'
export default (change) => {
  appendFileSync(process.env.HOME + '/reviewed', change.commit + '\\n')
  return { approved: true, by: 'me' }
}
`
const TURN =
  'turn=$(($(cat "$HOME/turn" 2>/dev/null || echo 0) + 1)); echo $turn > "$HOME/turn"; cp "$INPUT" "$HOME/told-$turn"'

test.each([
  ['level 2', {}],
  ['level 3', { 'hooks/review.mjs': REVIEW }],
])('at %s, through the loop', async (_, hooks) => {
  // What the agent's own merge of two branches of its own leaves is all that it takes.
  const body = `${TURN}
if [ $turn = 1 ]; then
  echo start > f; git add -A; git commit -qm Start
  git checkout -q -b side; echo side > f; git commit -qam Side
  git checkout -q oompa/w1-i1; echo mine > f; git commit -qam Mine
  git -c merge.conflictStyle=diff3 merge -q side >/dev/null 2>&1; git add -A; git commit -qm "Merge side"
elif [ $turn = 2 ]; then sed -i '/^[<=>]/d' f; git commit -qam "Half of it"
else printf 'side\\nmine\\n' > f; git commit -qam "All of it"; fi; true`
  const loop = level2(body, { files: { 'hooks/merge.ts': MERGE, ...hooks } })
  const ended = await loop.run()
  const calls = loop.agent.calls().map((call) => call.input)
  expect(calls[1], ended.stdout + ended.stderr).toMatch(
    /still holds conflict markers[\s\S]*- f:1: <<<<<<<\n[\s\S]*- f:\d: >>>>>>>/,
  )
  expect(calls[2]).toContain('- f:2: |||||||\n')
  expect(calls[2]!.split('Now:')[1]).not.toContain('- f:1: ')
  expect(calls[2]).not.toContain('has landed since')
  expect(loop.events('landing.landed')).toHaveLength(1)
  expect(loop.repository.git(['show', 'main:f'])).toBe('side\nmine')
  expect(loop.events('review.ended')).toHaveLength('hooks/review.mjs' in hooks ? 1 : 0)
})
