// A swarm that has no page pays nothing for it: what is not loaded costs neither time nor memory.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { level2 } from '../support/loop.js'

const LISTS = `import { appendFileSync } from 'node:fs'
export async function load(url, context, next) {
  appendFileSync(process.env.MODULES, url + '\\n')
  return next(url, context)
}
`

test('a swarm without a page loads none of its modules, and none of the packages that it is made of', async () => {
  const loop = level2('echo x > "$OOMPA_WORKTREE/x"')
  const { repository } = loop
  repository.write('.git/lists.mjs', LISTS)
  const first = repository.write(
    '.git/first.mjs',
    "import { register } from 'node:module'\nregister('./lists.mjs', import.meta.url)\n",
  )
  const modules = path.join(repository.home, 'modules')
  const env = { ...loop.env, NODE_OPTIONS: `--import ${first}`, MODULES: modules }
  const ended = await loop.run([], { env })
  expect(ended.status, ended.stderr).toBe(0)
  const loaded = readFileSync(modules, 'utf8').split('\n')
  expect(loaded.filter((url) => url.endsWith('/dist/swarm/start.js'))).toHaveLength(1)
  expect(loaded.filter((url) => /\/dist\/dash\/|\/node_modules\/(@?hono|preact|htm|uplot)\//.test(url))).toEqual([])
})
