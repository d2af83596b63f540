// Several `oompa merge` at one time, each from a shell of its own.

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { oompaBin, start } from '../support/oompa.js'
import { eventually, landingRepository } from './support.js'

test('each of several `oompa merge` at one time is tested in its own environment', async () => {
  const repository = landingRepository()
  const go = path.join(repository.home, 'go')
  const tests = path.join(repository.home, 'tests')
  writeFileSync(tests, '')
  const names = ['a', 'b', 'c']
  for (const name of names) repository.branch(name, { [`${name}.txt`]: name })
  // The first one's test waits until all have been asked for.
  const line = `until test -e '${go}'; do sleep 0.05; done; echo "$DATABASE_URL" >> '${tests}'; test "$DATABASE_URL" != b`
  let waiting = 0
  const merges = names.map((name) => {
    const env = { ...repository.env, DATABASE_URL: name }
    const one = start(oompaBin, ['merge', name, '--test', line], { cwd: repository.root, env })
    void one.prints(/waiting for process|testing/).then(() => waiting++)
    return one.ended
  })
  await eventually(() => waiting === names.length)
  writeFileSync(go, '')
  expect((await Promise.all(merges)).map((end) => end.status)).toEqual([0, 4, 0])
  expect(repository.git(['ls-tree', '--name-only', 'main']).split('\n')).toEqual(['README.md', 'a.txt', 'c.txt'])
})
