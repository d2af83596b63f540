// What an author leaves half done is told to it; what it finishes lands as the whole, and what it does not is kept.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { level2 } from '../support/loop.js'

const files = { 'hooks/merge.ts': "import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({})\n" }

/** Runs the first part in the first turn, the second in each later one. */
const turns = (first: string, later: string) =>
  `if [ ! -e "$HOME/turn" ]; then touch "$HOME/turn"; ${first}; else cp "$INPUT" "$HOME/told"; ${later}; fi; true`

const PICKS = `for n in 1 2 3; do echo $n > p$n; git add -A; git commit -qm "p$n"; done; tip=$(git rev-parse HEAD)
git reset -q --hard HEAD~3; echo other > p2; git add -A; git commit -qm other; git cherry-pick $tip~3..$tip >/dev/null 2>&1`

test('a cherry-pick that is left in the middle goes back to its author, and lands when it is finished', async () => {
  const loop = level2(
    turns(PICKS, 'echo both > p2; git add -A; git -c core.editor=true cherry-pick --continue >/dev/null 2>&1'),
    { files },
  )
  const ended = await loop.run()
  expect(ended.stdout + ended.stderr).toContain('A cherry-pick is in progress in your worktree')
  expect(loop.agent.calls()[1]?.input).toMatch(/git cherry-pick --continue/)
  expect(loop.events('landing.landed'), ended.stdout + ended.stderr).toHaveLength(1)
  expect(loop.repository.git(['ls-tree', '--name-only', 'main', 'p1', 'p2', 'p3'])).toBe('p1\np2\np3')
})

test('what its author never finishes does not land, and all its commits are kept', async () => {
  const loop = level2(turns(PICKS, 'true'), { files })
  await loop.run()
  expect(loop.events('landing.landed')).toEqual([])
  expect(loop.events('iteration.ended')[0]).toMatchObject({ outcome: 'refused', kept: expect.any(String) })
  const kept = loop.refs('refs/oompa/kept').map((ref) => loop.repository.git(['ls-tree', '--name-only', ref]))
  expect(kept.join('\n')).toContain('p3')
})

test('a repository inside is told to its author, and lands as files when it is one no more', async () => {
  const scaffold =
    'mkdir app; (cd app; git init -q; echo page > page; git add -A; git commit -qm app); git add -A 2>/dev/null; git commit -qm app'
  const mended = 'rm -rf app/.git; git rm -q --cached app; git add app; git commit -qm "app, as files"'
  const loop = level2(turns(scaffold, mended), { files })
  const ended = await loop.run()
  expect(loop.events('landing.landed'), ended.stdout + ended.stderr).toHaveLength(1)
  expect(loop.agent.calls()[1]?.input).toContain("rm -rf 'app/.git'")
  expect(loop.repository.git(['show', 'main:app/page'])).toBe('page')
  expect(existsSync(path.join(loop.repository.root, '.w1-i1'))).toBe(false)
})

test('one that is not committed is told as well, and stays with its files when nothing is done about it', async () => {
  const loop = level2(turns('mkdir app; (cd app; git init -q; echo page > page); echo other > other', 'true'), {
    files,
  })
  await loop.run()
  expect(loop.agent.calls()[1]?.input).toContain('app is a repository inside this one')
  expect(loop.events('landing.landed')).toEqual([])
  expect(existsSync(path.join(loop.repository.root, '.w1-i1/app/page'))).toBe(true)
})

test('a merge of its own that an author leaves open is told to it, though nothing in it conflicts any more', async () => {
  const merge = `git checkout -q -b side HEAD~0; echo side > f; git add -A; git commit -qm side; git checkout -q oompa/w1-i1
echo ours > f; git add -A; git commit -qm ours; git merge -q side >/dev/null 2>&1; echo both > f; git add -A`
  const loop = level2(turns(merge, 'git commit -qm "Both"'), { files })
  await loop.run()
  expect(loop.agent.calls()[1]?.input).toContain('A merge is in progress in your worktree')
  expect(loop.repository.git(['show', 'main:f'])).toBe('both')
  expect(loop.repository.git(['log', '--format=%s', 'main']).split('\n')).toContain('Both')
})
