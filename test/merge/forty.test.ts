// Forty branches from ten processes, while a person has edits in the checkout: all land once, and nobody is disturbed.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { oompaBin, start } from '../support/oompa.js'
import { landingRepository } from './support.js'

const command = 'test ! -e bad && test -e README.md'

test.each([
  ['each by itself', ['--test', command], {}],
  [
    'with what the others ask for',
    [],
    {
      'hooks/merge.ts': `import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({ test: '${command}' })\n`,
    },
  ],
])(
  'forty branches from ten processes, %s, land once while uncommitted edits stay to the byte',
  async (_how, options, hook) => {
    const files = { 'README.md': 'hello\n', 'staged.txt': 's\n', 'a/list.txt': 'a\n' }
    const repository = landingRepository({ ...files, ...hook })
    const { root: cwd, env } = repository
    const names = Array.from({ length: 40 }, (_, i) => `b${i + 1}`)
    const tips = names.map((name) => repository.branch(name, { [`a/${name}.txt`]: `${name}\n` }))
    const failing = repository.branch('failing', { bad: '1\n' })
    repository.branch('conflicting', { 'a/list.txt': 'theirs\n' })
    repository.commit('By hand', { 'a/list.txt': 'mine\n' })
    repository.write('README.md', 'my edit\n')
    repository.write('staged.txt', 'staged\n')
    repository.git(['add', 'staged.txt'])
    repository.write('staged.txt', 'staged and more\n')
    const person = () =>
      [['status', '--porcelain=v2'], ['diff'], ['diff', '--cached']].map((args) => repository.git(args)).join('\n')
    const before = person()

    const left = ['failing', 'conflicting', ...names]
    const ended = new Map<string, number | null>()
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let name = left.shift(); name; name = left.shift()) {
          ended.set(name, (await start(oompaBin, ['merge', name, ...options], { cwd, env }).ended).status)
        }
      }),
    )

    expect(ended.get('failing')).toBe(4)
    expect(ended.get('conflicting')).toBe(4)
    expect(names.filter((name) => ended.get(name) !== 0)).toEqual([])
    expect(person()).toBe(before)
    // A batch is a merge of the merges of its members.
    const merged = repository.git(['log', '--merges', '--format=%P', 'main']).split('\n')
    const landed = merged.map((parents) => parents.split(' ')[1])
    expect(tips.map((tip) => landed.filter((one) => one === tip).length)).toEqual(tips.map(() => 1))
    expect(merged.join(' ')).not.toContain(failing)
    for (const name of names) expect(readFileSync(path.join(cwd, 'a', `${name}.txt`), 'utf8')).toBe(`${name}\n`)
    // Every value that the target had passes the test.
    for (const commit of repository.values()) {
      const files = repository.git(['ls-tree', '--name-only', commit]).split('\n')
      expect(files).toContain('README.md')
      expect(files).not.toContain('bad')
    }
  },
  180_000,
)
