import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { loopFile, oompa, packageRoot } from '../support/oompa.js'
import { temporaryFolder, testRepository } from '../support/repository.js'

test('writes what level 1 needs, says what, and leaves git status to what it wrote', async () => {
  const { root, env, git } = testRepository()
  const { status, stdout } = await oompa(['init'], { cwd: root, env })
  expect(status).toBe(0)
  expect(readFileSync(path.join(root, 'oompa_loompas.mjs'))).toEqual(readFileSync(loopFile))
  expect(statSync(path.join(root, 'oompa_loompas.mjs')).mode & 0o777).toBe(0o755)
  expect(readFileSync(path.join(root, 'prompts/worker.md'))).toEqual(
    readFileSync(path.join(packageRoot, 'prompts/worker.md')),
  )
  for (const name of ['oompa_loompas.mjs', 'prompts/worker.md', 'spec.md', 'tasks/pending/.gitkeep']) {
    expect(stdout).toContain(`wrote ${name}\n`)
  }
  expect(stdout).toContain('edit spec.md')
  expect(git(['status', '--porcelain']).split('\n')).toEqual([
    '?? oompa_loompas.mjs',
    '?? prompts/',
    '?? spec.md',
    '?? tasks/',
  ])
})

test('never overwrites, not even a broken link, and does the rest', async () => {
  const { root, env, write } = testRepository()
  write('spec.md', 'mine\n')
  write('tasks/pending/a.json', '{}')
  mkdirSync(path.join(root, 'prompts'))
  symlinkSync('/nowhere', path.join(root, 'prompts/worker.md'))
  const { status, stdout } = await oompa(['init', '--json'], { cwd: path.join(root, 'prompts'), env })
  expect(status).toBe(0)
  expect(JSON.parse(stdout)).toEqual({
    root,
    written: ['oompa_loompas.mjs', 'tasks/current/.gitkeep', 'tasks/complete/.gitkeep'],
    kept: ['prompts/worker.md', 'spec.md'],
  })
  expect(readFileSync(path.join(root, 'spec.md'), 'utf8')).toBe('mine\n')
  const again = await oompa(['init'], { cwd: root, env })
  expect(again.status).toBe(0)
  expect(again.stdout).not.toContain('wrote')
})

test.each([
  ['lists', 'tasks/pending.md', '- [ ] one\n', /tasks\/in_progress\.md/],
  ['a graph', 'docs/active/task-graph.yaml', 'nodes: []\n', /oompa tasks claim/],
  ['a graph at the top', 'task-graph.yaml', 'nodes: []\n', /oompa tasks claim/],
  ['a graph that is to come', 'oompa.json', '{ "tasks": { "store": "graph" } }\n', /oompa tasks claim/],
])('beside %s it makes no folders, and a prompt that speaks of what is there', async (_, file, text, process) => {
  const { root, env, write } = testRepository()
  write(file, text)
  expect((await oompa(['init'], { cwd: root, env })).status).toBe(0)
  expect(existsSync(path.join(root, 'tasks/pending'))).toBe(false)
  const lines = readFileSync(path.join(root, 'prompts/worker.md'), 'utf8').trimEnd().split('\n')
  expect(lines.map((line) => line.split(':')[0])).toEqual(['Goal', 'Process', 'Method'])
  expect(lines[1]).toMatch(process)
  expect(lines[1]).not.toMatch(/tasks\/pending\//)
  expect((await oompa(['tasks'], { cwd: root, env })).status).toBe(0)
})

test('from a linked worktree it writes into the main checkout', async () => {
  const { root, env, git } = testRepository()
  git(['worktree', 'add', '-q', '../linked', '-b', 'linked'])
  expect((await oompa(['init'], { cwd: path.join(root, '../linked'), env })).status).toBe(0)
  expect(existsSync(path.join(root, 'spec.md'))).toBe(true)
  expect(existsSync(path.join(root, '../linked/spec.md'))).toBe(false)
})

test('outside of a repository it ends with status 2 and the command that makes one', async () => {
  const folder = temporaryFolder()
  const { status, stderr } = await oompa(['init'], { cwd: folder, env: { PATH: process.env.PATH, HOME: folder } })
  expect(status).toBe(2)
  expect(stderr).toContain('git init')
})
