// `oompa plan` as a person runs it, with a planner that is a real program.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { type ScriptedAgent, scriptedAgent } from '../support/agents.js'
import { oompa, oompaBin } from '../support/oompa.js'
import { itWith } from '../support/optional.js'
import { type TestRepository, testRepository } from '../support/repository.js'
import { terminal } from '../support/tmux.js'

const PLAN = [
  { id: 'parser', summary: 'Write the parser', files: ['parse.js'], depends_on: ['lexer'] },
  { id: 'lexer', summary: 'Write the lexer', acceptance: ['npm test passes'] },
]

/** A claude that ends its turn with these words. */
function planner(repository: TestRepository, words: string, before = ''): ScriptedAgent {
  const end = { type: 'result', subtype: 'success', is_error: false, result: words, total_cost_usd: 0.31 }
  repository.write('../answer.jsonl', `${JSON.stringify(end)}\n`)
  return scriptedAgent(repository, `${before}\ncat ${path.join(repository.root, '../answer.jsonl')}\nexit 0`)
}

const answer = (value: unknown) => `Here it is.\n\`\`\`json\n${JSON.stringify(value)}\n\`\`\``
const plan = (repository: TestRepository, agent: ScriptedAgent, ...args: string[]) =>
  oompa(['plan', ...args], { cwd: repository.root, env: agent.env })
const ids = async (repository: TestRepository) => {
  const { stdout } = await oompa(['tasks', '--json'], { cwd: repository.root, env: repository.env })
  return JSON.parse(stdout).pending.map((task: { id: string }) => task.id)
}

test('one turn, in a checkout that is thrown away; with --yes the tasks are there, and the cost is said', async () => {
  const repository = testRepository()
  repository.write('spec.md', 'A language.\n')
  const agent = planner(repository, answer(PLAN), 'echo x > README.md; git commit -qam evil; oompa tasks add evil; pwd')
  const { status, stdout, stderr } = await plan(repository, agent, '--yes')
  expect(status, stderr).toBe(0)
  expect(stdout).toContain('lexer   Write the lexer\n        done when: npm test passes\nparser  Write the parser\n')
  expect(stdout).toContain('        after lexer\n        in parse.js\n')
  expect(stderr).toMatch(/2 tasks by claude \(.*, \$0\.31\)/)
  expect(await ids(repository)).toEqual(['lexer', 'parser'])
  const [call, ...more] = agent.calls()
  expect(more).toEqual([])
  expect(call!.cwd).not.toContain(repository.root)
  expect(existsSync(call!.cwd)).toBe(false)
  // The spec is not committed yet, and its words are there all the same.
  expect(call!.input).toContain('> A language.')
  expect(call!.env.OOMPA_CAN_PLAN).toBe('0')
  expect(readFileSync(path.join(repository.root, 'README.md'), 'utf8')).toBe('hello\n')
  expect(repository.git(['worktree', 'list']).split('\n')).toHaveLength(1)
  expect(readdirSync(path.join(repository.root, '.oompa/plans'))).toEqual([])
})

test('lists and a graph get the tasks as a folder does', async () => {
  const lists = testRepository({ 'spec.md': 'S\n', 'tasks/pending.md': '# Pending\n' })
  expect((await plan(lists, planner(lists, answer(PLAN)), '--yes')).status).toBe(0)
  expect(readFileSync(path.join(lists.root, 'tasks/pending.md'), 'utf8')).toContain('Write the parser')
  const graph = testRepository({ 'spec.md': 'S\n', 'task-graph.yaml': 'nodes: []\n' })
  expect((await plan(graph, planner(graph, answer(PLAN)), '--yes')).status).toBe(0)
  expect(readFileSync(path.join(graph.root, 'task-graph.yaml'), 'utf8')).toContain('parser')
})

test('without a yes nothing is written: status 4, and the plan is kept for oompa tasks import', async () => {
  const repository = testRepository({ 'spec.md': 'S\n' })
  const agent = planner(repository, answer(PLAN))
  const asked = await plan(repository, agent)
  expect(asked.status).toBe(4)
  expect(await ids(repository)).toEqual([])
  const [, command] = /→ oompa (tasks import \S+)/.exec(asked.stderr) ?? []
  const taken = await oompa(command!.split(' '), { cwd: repository.root, env: repository.env })
  expect(taken.status, taken.stderr).toBe(0)
  expect(await ids(repository)).toEqual(['lexer', 'parser'])
  // A second plan sees what is there.
  const again = await plan(repository, agent, '--yes')
  expect(again.status).toBe(1)
  expect(again.stderr).toContain('There is a task `parser` already.')
  expect(agent.calls()[1]!.input).toContain('- parser (pending): Write the parser')
})

test('an answer that is no plan is status 1, kept, and named; an agent that fails says why', async () => {
  const repository = testRepository({ 'spec.md': 'S\n' })
  const { status, stderr } = await plan(repository, planner(repository, 'I would start \u001b[31mwith a parser.'))
  expect(status).toBe(1)
  expect(stderr).toContain('$0.31')
  const [, file] = /answer is kept: (\S+)/.exec(stderr) ?? []
  expect(readFileSync(path.join(repository.root, file!), 'utf8')).toContain('with a parser.')
  const failed = await plan(repository, scriptedAgent(repository, 'echo "Not logged in" >&2; exit 1'))
  expect(failed).toMatchObject({ status: 1, stderr: expect.stringContaining('claude did not plan') })
  const nothing = await plan(repository, planner(repository, answer([])))
  expect(nothing).toMatchObject({ status: 3, stderr: expect.stringContaining('nothing that is missing') })
  expect(await ids(repository)).toEqual([])
})

test('for programs: JSON alone, and nothing is written without --yes', async () => {
  const repository = testRepository({ 'spec.md': 'S\n' })
  const agent = planner(repository, answer(PLAN))
  const shown = await plan(repository, agent, '--json')
  expect(shown.status).toBe(4)
  expect(JSON.parse(shown.stdout)).toMatchObject({
    agent: 'claude',
    costUsd: 0.31,
    added: [],
    tasks: [{ id: 'lexer' }, {}],
  })
  const written = await plan(repository, agent, '--json', '--yes')
  expect(JSON.parse(written.stdout).added).toEqual(['lexer', 'parser'])
})

test('what cannot be planned from starts no agent', async () => {
  const repository = testRepository()
  const agent = planner(repository, answer(PLAN))
  expect(await plan(repository, agent)).toMatchObject({ status: 2, stderr: expect.stringContaining('no such file') })
  repository.write('empty.md', '\n')
  expect((await plan(repository, agent, 'empty.md')).status).toBe(2)
  repository.write('spec.md', 'S\n')
  const executor = { cwd: repository.root, env: { ...agent.env, OOMPA_CAN_PLAN: '0' } }
  expect((await oompa(['plan', '--yes'], executor)).status).toBe(4)
  expect((await plan(repository, agent, '--agent', 'cluade')).status).toBe(2)
  expect(agent.calls()).toEqual([])
})

itWith('tmux')('on a terminal the tasks are shown in 80 columns, and written on a yes', async () => {
  const repository = testRepository({ 'spec.md': 'S\n' })
  const long = { id: 'long', summary: `Write ${'a very long thing '.repeat(10)}`.trim() }
  const agent = planner(repository, answer([...PLAN, long]))
  const screen = terminal(`'${process.execPath}' '${oompaBin}' plan; echo status $?`, {
    cwd: repository.root,
    env: agent.env,
  })
  expect(await screen.shows(/Write them\? \[y\/N\]/)).toMatch(/^long +Write a very .*…$/m)
  expect(await ids(repository)).toEqual([])
  screen.type('y')
  screen.press('Enter')
  expect(await screen.shows(/status 0/)).toContain('wrote 3 tasks')
  expect((await ids(repository)).sort()).toEqual(['lexer', 'long', 'parser'])
})

itWith('tmux')('Ctrl-C at the question is no yes', async () => {
  const repository = testRepository({ 'spec.md': 'S\n' })
  const agent = planner(repository, answer(PLAN))
  const screen = terminal(`'${process.execPath}' '${oompaBin}' plan; echo status $?`, {
    cwd: repository.root,
    env: agent.env,
  })
  await screen.shows(/Write them\? \[y\/N\]/)
  screen.press('C-c')
  expect(await screen.shows(/status 4/)).toContain('nothing was written')
})
