// `continue`: a worker sees its own previous work, committed or not (docs/configuration.md).

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { level1, level1Files, level2 } from '../support/loop.js'

test('the next iteration has the last one’s commits, edits, removals and new files, and nothing that git ignores', async () => {
  const loop = level1(
    `cd "$OOMPA_WORKTREE"
case $OOMPA_ITERATION in
1) echo 1 > committed && git add committed && git commit -qm one
   echo edited > spec.md; rm folder/gone && rmdir folder && echo file > folder
   mkdir -p new; printf x > "new/$(printf 'a b\\351')"; ln -s /etc/passwd link; echo no > no.ignored; git init -q inner; echo x > inner/x;;
2) git status --porcelain > "$HOME/second"; ls > "$HOME/files"; git commit -qam two;;
3) git status --porcelain > "$HOME/third"; git log --format=%s > "$HOME/log";;
esac`,
    { ...level1Files, '.gitignore': '*.ignored\n', 'folder/gone': 'x\n' },
  )
  const ended = await loop.run(['--workers', '1', '--iterations', '3', '--continue'])
  expect(ended.status, ended.stdout + ended.stderr).toBe(0)
  const read = (name: string) => readFileSync(path.join(loop.repository.home, name), 'utf8')
  const lines = (name: string) => read(name).trimEnd().split('\n')
  expect(lines('second')).toEqual([' D folder/gone', ' M spec.md', '?? folder', '?? link', '?? new/'])
  expect(lines('files')).toContain('committed')
  expect(lines('files')).not.toContain('no.ignored')
  expect(lines('third')).toEqual(['?? folder', '?? link', '?? new/'])
  expect(lines('log').slice(0, 2)).toEqual(['two', 'one'])
  // The repository that it made inside is its own, and stays where it is.
  expect(ended.stdout + ended.stderr).toContain('inner/')
  expect(existsSync(path.join(loop.repository.root, '.w1-i1/inner/x'))).toBe(true)
  expect(readFileSync(path.join(loop.repository.root, '.w1-i1/spec.md'), 'utf8')).toBe('edited\n')
})

test('what was refused goes on in the next iteration, and lands with it', async () => {
  const loop = level2(
    `cd "$OOMPA_WORKTREE"; case $OOMPA_ITERATION in 1) echo x > half; echo x > broken;; 2) rm broken; echo x > whole;; esac`,
    {
      iterations: 2,
      config: { probe: false, continue: true, merge: { test: 'test ! -e broken' } },
    },
  )
  const ended = await loop.run()
  expect(ended.status, ended.stdout + ended.stderr).toBe(0)
  expect(loop.events('iteration.ended').map((event) => event.outcome)).toEqual(['refused', 'landed'])
  expect(loop.repository.git(['ls-tree', '--name-only', 'main']).split('\n')).toEqual(
    expect.arrayContaining(['half', 'whole']),
  )
})
