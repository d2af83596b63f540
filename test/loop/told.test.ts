// What an agent without a session is told in a further turn, and what it finds on its PATH.

import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { level2 } from '../support/loop.js'
import { packageRoot } from '../support/oompa.js'

test('the third run of an agent without a session has the feedback of both rounds', async () => {
  const loop = level2('date +%N > made.txt; echo "Mended."', { files: { 'hooks/review.sh': '' } })
  loop.repository.write(
    'hooks/review.sh',
    '#!/bin/sh\necho >> "$HOME/rounds"\necho "Round $(wc -l < "$HOME/rounds" | tr -d " ") is not good."\nexit 1\n',
    0o755,
  )
  loop.repository.commit('A reviewer')
  expect((await loop.oompa(['run'])).status).toBe(1)
  const [first, second, third] = loop.agent.calls().map((call) => call.input)
  expect(first).not.toContain('is not good')
  expect(second).toContain('> Round 1 is not good.')
  expect(third).toContain('> Round 1 is not good.')
  expect(third!.indexOf('Round 1')).toBeLessThan(third!.indexOf('> Round 2 is not good.'))
  expect(third!.match(/This is the last attempt/g)).toHaveLength(1)
})

test('an agent without a session that claims twice knows of both tasks', async () => {
  const body = `case $(ls "$HOME/calls-worker" | wc -l) in 1) echo 'CLAIM(a)';; 2) echo 'CLAIM(b)';; *) echo x > made.txt;; esac`
  const task = (id: string) => `{:id "${id}" :summary "Write ${id}" :description "All about ${id}"}\n`
  const loop = level2(body, {
    files: { 'tasks/pending/a.edn': task('a'), 'tasks/pending/b.edn': task('b') },
    config: { probe: false },
  })
  const ended = await loop.oompa(['run'])
  expect(ended.status, ended.stdout + ended.stderr).toBe(0)
  const last = loop.agent.calls().at(-1)!.input
  expect(last).toContain('All about a')
  expect(last).toContain('All about b')
  expect(
    loop
      .events('task.completed')
      .map((event) => event.task)
      .sort(),
  ).toEqual(['a', 'b'])
})

test('`oompa` is on the PATH of agents, and is the one that runs, whatever way it was started', async () => {
  const loop = level2('command -v oompa > made.txt; oompa --version >> made.txt; oompa tasks add "Found it" --id found')
  // Another one is there already, and Node is nowhere on the PATH.
  const bin = path.join(loop.repository.home, 'other')
  mkdirSync(bin)
  loop.repository.write('../home/other/oompa', '#!/bin/sh\necho another\nexit 1\n', 0o755)
  const tools = path.join(loop.repository.home, 'tools')
  mkdirSync(tools)
  for (const tool of [
    'git',
    'bash',
    'sh',
    'env',
    'cat',
    'mktemp',
    'date',
    'pwd',
    'sed',
    'mkdir',
    'rm',
    'ln',
    'ls',
    'tr',
    'grep',
  ]) {
    for (const folder of ['/usr/bin', '/bin']) {
      try {
        symlinkSync(path.join(folder, tool), path.join(tools, tool))
      } catch {
        // there already
      }
    }
  }
  const agents = loop.env.PATH!.split(':')[0]!
  const PATH = [bin, agents, tools].join(':')
  const ended = await loop.run([], { env: { ...loop.env, PATH } })
  expect(ended.status, ended.stdout + ended.stderr).toBe(0)
  const [found, version] = readFileSync(path.join(loop.repository.root, 'made.txt'), 'utf8').split('\n')
  expect(found).toBe(path.join(packageRoot, 'bin/oompa'))
  expect(version).toMatch(/^\d+\.\d+\.\d+/)
  expect(loop.events('task.added').map((event) => event.task)).toEqual(['found'])
})
