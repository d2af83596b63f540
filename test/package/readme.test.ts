// The commands of the README for whoever lives with a swarm, as they are written there. Those of a first run are played in
// newcomer.test.ts.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { scriptedAgent } from '../support/agents.js'
import { type Ended, packageRoot, start } from '../support/oompa.js'
import { type TestRepository, testRepository } from '../support/repository.js'
import { blocksOf, linesOf } from './documents.js'

const README = 'README.md'
const lines = (first: string) => linesOf(README, first)

const bash = (line: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Ended> =>
  start('bash', ['-c', line], { cwd, env }).ended
const told = (line: string, { status, stdout, stderr }: Ended) => `${line}\n→ ${status}\n${stdout}${stderr}`

/** Puts `oompa` on the PATH as `npm install --global .` does in a clone. */
function linked(repository: TestRepository): NodeJS.ProcessEnv {
  const prefix = path.join(repository.home, 'prefix')
  const [install = ''] = lines('npm install --global .')
  const env = { ...process.env, HOME: repository.home, npm_config_prefix: prefix, npm_config_ignore_scripts: 'true' }
  execFileSync('bash', ['-c', install], {
    cwd: packageRoot,
    env: { ...env, npm_config_offline: 'true' },
    stdio: 'pipe',
  })
  return { PATH: `${path.join(prefix, 'bin')}:${process.env.PATH}` }
}

const WORK = `sleep 0.2; echo x > "$OOMPA_WORKER-$OOMPA_ITERATION.txt"; git add -A; git commit -qm "Work"
case " $* " in *" stream-json "*) echo '{"type":"result","subtype":"success","is_error":false,"result":"Done.","session_id":"s","total_cost_usd":0.01}'; exit 0;; esac`

function followed(body = WORK) {
  const repository = testRepository({ 'main.py': 'print(1)\n' })
  const agent = scriptedAgent(repository, body)
  const { PATH } = linked(repository)
  const bin = path.join(repository.home, 'bin')
  return { repository, env: { ...agent.env, PATH: `${bin}:${PATH}` } }
}

describe('in a repository of one’s own', () => {
  test('living with it', async () => {
    const { repository, env } = followed(`while [ ! -e "$HOME/go" ]; do sleep 0.1; done\n${WORK}`)
    expect((await bash('oompa init && git add -A && git commit -qm "Start"', repository.root, env)).status).toBe(0)
    for (const line of lines('oompa run --detach')) {
      if (line.startsWith('oompa dash')) {
        const page = start('bash', ['-c', `exec ${line}`], { cwd: repository.root, env })
        await page.prints(/http:/)
        page.child.kill('SIGINT')
        await page.ended
        continue
      }
      const ended = await bash(line, repository.root, env)
      // Nothing may be left that has not landed.
      const fine = line.startsWith('oompa salvage') ? [0, 3] : [0]
      expect(fine, told(line, ended)).toContain(ended.status)
      if (line.startsWith('oompa stop')) {
        repository.write('../home/go', '')
        await vi.waitFor(
          async () =>
            expect((await bash('oompa status', repository.root, env)).stdout).toContain('No swarm is running'),
          { timeout: 120_000, interval: 500 },
        )
      }
    }
  })

  test('the loop of bash is the one that people run, and the loop file is shown as it is', async () => {
    const { repository, env } = followed()
    repository.commit('A prompt', { 'prompts/worker.md': 'Sing.\n' })
    const block = lines('for w in').join('\n')
    const ended = await bash(block, repository.root, env)
    expect(ended.status, told(block, ended)).toBe(0)
    const [shown = ''] = blocksOf(README, 'js')
    expect(readFileSync(path.join(packageRoot, 'oompa_loompas.mjs'), 'utf8')).toContain(shown)
  })
})

test('the test commands are there, and nothing is promised that is not published', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8'))
  for (const line of lines('npm run test:quick')) {
    const [, name = ''] = /^npm (?:run )?([\w:]+)/.exec(line) ?? []
    expect(scripts).toHaveProperty([name])
  }
  expect(readFileSync(path.join(packageRoot, README), 'utf8')).not.toMatch(
    /npx oompa|npm install (?:--global |-g )?oompa/,
  )
  expect(blocksOf(README, 'bash')).toHaveLength(7)
})
