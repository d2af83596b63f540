// The page that a swarm brings along: `oompa run --dash`.

import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { withoutPage } from '../../src/config/flags.js'
import { scriptedAgent } from '../support/agents.js'
import { allEnded, level1, until } from '../support/loop.js'

test('the page stands beside the swarm, its link is said once, and kill -9 of the loop leaves nothing', async () => {
  const loop = level1('sleep 600')
  const browser = scriptedAgent(loop.repository, '', process.platform === 'darwin' ? 'open' : 'xdg-open')
  const running = loop.start(['--dash', '--open', '--port', '0', '--workers', '1', '--json'], { env: loop.env })
  const said = running.ended
  await running.prints(/the page is at http:\S+\n/)
  await until(() => loop.agent.calls().length > 0, 'the agent to work')
  const [{ argv = [] } = {}] = loop.events('swarm.started')
  // A resume has a terminal of its own, and says whether it wants a page.
  expect(argv).toEqual(['run', '--workers', '1', '--json'])
  await until(() => browser.probes().length > 0, 'the browser to be opened')
  running.child.kill('SIGKILL')
  const { stdout, stderr } = await said
  await allEnded(loop)
  for (const line of stdout.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('type')
  const links = [...stderr.matchAll(/http:\S+/g)]
  expect(links).toHaveLength(1)
  expect(new URL(links[0]![0]).hash.length).toBeGreaterThan(40)
  await expect(fetch(links[0]![0])).rejects.toThrow()
  // Nobody but the person has the key: not by the log, nor by an environment.
  const key = new URL(links[0]![0]).hash.slice(1)
  expect(JSON.stringify([loop.events('swarm.started'), loop.agent.calls()])).not.toContain(key)
})

test('a swarm whose page cannot start does not start', async () => {
  const loop = level1('echo done')
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const address = taken.address()
  const port = typeof address === 'object' ? String(address?.port) : ''
  const ended = await loop.run(['--dash', '--port', port])
  taken.close()
  expect(ended).toMatchObject({ status: 4, stderr: expect.stringContaining(`Port ${port} is taken`) })
  expect(loop.swarms()).toEqual([])
})

test.each([
  [
    ['run', '--dash', '-w', '2'],
    ['run', '-w', '2'],
  ],
  [['--port', '8080', '--dash', '--open', 'night.json'], ['night.json']],
  [
    ['--port=8080', '--dash=true', '--workers', '3'],
    ['--workers', '3'],
  ],
  [
    ['run', '--no-dash', '--portly'],
    ['run', '--portly'],
  ],
])('%j without the page', (words, expected) => expect(withoutPage(words)).toEqual(expected))
