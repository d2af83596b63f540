// An agent that overwrites the program by which it is judged, in the main checkout, while the swarm runs: nothing lands
// unjudged. What a person has approved judges from then on.

import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { type Level2Options, level2, type TestLoop, until } from '../support/loop.js'

const MERGE = "import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({})\n"
const YES = '#!/bin/sh\ncat > /dev/null\necho APPROVED\n'
const NO = '#!/bin/sh\ncat > /dev/null\necho "Never."\nexit 1\n'

/** Works, and makes its judge agree. */
const BODY = `echo work > made.txt; printf '${YES.replaceAll('\n', '\\n')}' > "$OOMPA_ROOT/tools/judge.sh"`

/** A level 2 repository in which `tools/judge.sh` never agrees; scripts can be run. */
function judgedBy(
  files: Readonly<Record<string, string>>,
  config: Level2Options['config'] = {},
  body = BODY,
): TestLoop {
  const all: Record<string, string> = { 'hooks/merge.ts': MERGE, 'tools/judge.sh': NO, ...files }
  const loop = level2(body, { files: all, config: { review_rounds: 1, ...config } })
  for (const [file, text] of Object.entries(all)) {
    if (text.startsWith('#!')) chmodSync(path.join(loop.repository.root, file), 0o755)
  }
  loop.repository.commit('Scripts can be run')
  return loop
}

const notes = (loop: TestLoop, words: string) => loop.events('note').filter((event) => event.text.includes(words))

test.each<[string, Record<string, string>, Level2Options['config']]>([
  [
    'the program of a reviewer',
    { 'tools/judge.sh': NO.replace('exit 1\n', '') },
    { reviewer: { model: 'command:./tools/judge.sh' } },
  ],
  [
    'what an executable hook runs beside itself',
    { 'hooks/review.sh': '#!/bin/sh\nexec "$(dirname "$0")/../tools/judge.sh"\n' },
    {},
  ],
  [
    'what an executable hook runs in the root',
    { 'hooks/review': '#!/bin/sh\nexec "$OOMPA_ROOT/tools/judge.sh"\n' },
    {},
  ],
  [
    'what hooks/approve.ts runs',
    {
      'hooks/approve.ts':
        "export default async (change, context) =>\n  (await context.run('./tools/judge.sh')).status === 0 ? { approved: true } : { wait: 'Never.' }\n",
    },
    {},
  ],
  [
    'what a merge hook of one’s own runs',
    {
      'hooks/merge.ts': '',
      'hooks/merge.sh':
        '#!/bin/sh\ncd "$OOMPA_ROOT" && ./tools/judge.sh > /dev/null && git merge -q "$OOMPA_BRANCH" && git rev-parse HEAD\n',
    },
    {},
  ],
])(
  '%s is overwritten: nobody judges until it is put back, and then the judge of the start does',
  async (what, files, config) => {
    const ours = what.startsWith('what a merge hook')
    const loop = judgedBy(ours ? { 'hooks/merge.sh': files['hooks/merge.sh'] ?? '' } : files, config)
    if (ours) {
      loop.repository.git(['rm', '-q', 'hooks/merge.ts'])
      loop.repository.commit('A merge hook of our own')
    }
    const main = loop.repository.git(['rev-parse', 'main'])
    const running = loop.start()
    await until(() => loop.swarms().length > 0 && notes(loop, 'What judges was changed').length > 0, 'the warning')
    expect(notes(loop, 'What judges was changed')[0]?.text).toContain('git checkout -- tools/judge.sh')
    expect(loop.repository.git(['rev-parse', 'main'])).toBe(main)
    loop.repository.git(['checkout', '--', 'tools/judge.sh'])
    const ended = await running.ended
    expect(loop.events('landing.landed'), ended.stdout + ended.stderr).toEqual([])
    expect(loop.repository.git(['rev-parse', 'main'])).toBe(main)
    const [end] = loop.events('iteration.ended')
    expect(end?.outcome === 'waiting' || end?.kept !== undefined, JSON.stringify(end)).toBe(true)
    expect(
      JSON.stringify([
        ...loop.events('review.ended'),
        ...loop.events('approval.waiting'),
        ...loop.events('landing.refused'),
      ]),
    ).toMatch(/Never|refused/)
  },
)

test('a change of what a hook runs waits for a person; approved, it judges from then on', async () => {
  const record = (name: string) => `#!/bin/sh\ncat > /dev/null\ntouch "$HOME/${name}"\necho APPROVED\n`
  const body = `
if [ "$OOMPA_ITERATION" = 1 ]; then printf '${record('new').replaceAll('\n', '\\n')}' > tools/judge.sh; exit 0; fi
touch "$HOME/second"
while [ ! -e "$HOME/go" ]; do sleep 0.05; done
echo work > made.txt`
  const hook = { 'hooks/review.sh': '#!/bin/sh\nexec "$OOMPA_ROOT/tools/judge.sh"\n', 'tools/judge.sh': record('old') }
  const loop = judgedBy(hook, { workers: [{ model: 'command:worker', iterations: 2 }] }, body)
  const { home } = loop.repository
  const running = loop.start()
  await until(() => existsSync(path.join(home, 'second')), 'the second iteration')
  const [waiting] = loop.events('approval.waiting')
  expect(waiting?.reasons.join()).toContain('tools/judge.sh')
  expect(existsSync(path.join(home, 'new'))).toBe(false)
  const approved = await loop.oompa(['approve', waiting?.id ?? ''])
  expect(approved.status, approved.stdout + approved.stderr).toBe(0)
  expect(existsSync(path.join(home, 'new'))).toBe(false)
  writeFileSync(path.join(home, 'go'), '')
  const ended = await running.ended
  expect(ended.status, ended.stdout + ended.stderr).toBe(0)
  expect(existsSync(path.join(home, 'new'))).toBe(true)
  expect(loop.repository.git(['show', 'main:made.txt'])).toBe('work')
  expect(notes(loop, 'What judges was changed')).toEqual([])
})

test('what judges and is not committed is named at the start, and by `oompa check` with the command that commits it', async () => {
  const loop = judgedBy({ 'hooks/review.sh': '#!/bin/sh\nexec "$OOMPA_ROOT/tools/judge.sh"\n' }, {}, 'true')
  const committed = JSON.parse((await loop.oompa(['check', '--json'])).stdout)
  const judges = (findings: { check: string; text: string }[]) => findings.filter((one) => one.check === 'judges')
  expect(judges(committed)).toEqual([
    expect.objectContaining({ ok: true, text: expect.stringContaining('tools/judge.sh (run by hooks/review.sh)') }),
  ])
  loop.repository.write('hooks/review.sh', '#!/bin/sh\nexec "$OOMPA_ROOT/tools/judge.sh" --more\n', 0o755)
  loop.repository.write('hooks/approve.ts', 'export default () => ({ approved: true })\n')
  const found = judges(JSON.parse((await loop.oompa(['check', '--json'])).stdout))
  expect(found[1]).toMatchObject({ ok: true, mend: 'git add -A -- hooks && git commit -m Hooks -- hooks' })
  await loop.run()
  const [note] = notes(loop, 'differs from HEAD')
  expect(note?.text).toMatch(
    /^hooks\/review\.sh differs from HEAD, and hooks\/approve\.ts is not committed: a swarm uses/,
  )
})
