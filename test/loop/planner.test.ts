// The configuration of the earlier system's own page, one planner, three executors and a review model, works from an
// empty repository, whatever its tasks are kept in.

import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { TaskListing } from '../../src/tasks/contract.js'
import { taskFolder } from '../../src/tasks/folder/folder-store.js'
import { taskGraph } from '../../src/tasks/graph/task-graph.js'
import { markdownLists } from '../../src/tasks/lists/markdown-lists.js'
import { scriptedAgent } from '../support/agents.js'
import { loopIn, type TestLoop } from '../support/loop.js'
import { itWith, realAgentEnvironment, type Scenario, scriptedModel } from '../support/realAgents.js'
import { testRepository } from '../support/repository.js'

const CONFIG = `{
  "review_model": "codex:codex-5.2",
  "workers": [
    {"model": "claude:opus-4.5", "iterations": 5, "count": 1, "prompt": "config/prompts/planner.md"},
    {"model": "codex:codex-5.2-mini", "iterations": 10, "count": 3, "prompt": "config/prompts/executor.md"}
  ]
}
`

/**
 * Both CLIs, in their own forms. As the planner: a root task with four dependents, and nothing more the next time. As an
 * executor: its task, or the first ready one that it is told of, by CLAIM. As the reviewer: yes.
 */
const AGENT = `import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import path from 'node:path'
const input = readFileSync(process.env.INPUT, 'utf8')
const { OOMPA_WORKTREE: worktree, HOME: home, OOMPA_TASK, OOMPA_WORKER, OOMPA_ITERATION } = process.env
const say = (...events) => { for (const event of events) console.log(JSON.stringify(event)) }
const started = Date.now()
const note = (what) => appendFileSync(path.join(home, 'runs'), [what, OOMPA_WORKER, started, Date.now()].join(' ') + '\\n')
const work = (id) => {
  const needs = id === 'root' ? [] : ['root']
  for (const one of needs) if (!existsSync(path.join(worktree, 'work', one))) throw new Error(one + ' is missing')
  mkdirSync(path.join(worktree, 'work'), { recursive: true })
  writeFileSync(path.join(worktree, 'work', id), OOMPA_WORKER)
  execFileSync('git', ['add', '-A'], { cwd: worktree })
  execFileSync('git', ['commit', '-qm', 'Do ' + id], { cwd: worktree })
}
if (process.argv[2] === 'claude') {
  const first = !existsSync(path.join(home, 'planned'))
  // A planner takes its time, and the executors have nothing to do meanwhile.
  if (first) await new Promise((resolve) => setTimeout(resolve, 1500))
  if (first) {
    writeFileSync(path.join(home, 'planned'), '')
    const folder = path.join(worktree, 'tasks/pending')
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, 'root.json'), JSON.stringify({ id: 'root', summary: 'The root', priority: 1 }))
    for (const id of ['a', 'b', 'c', 'd'])
      writeFileSync(path.join(folder, id + '.json'), JSON.stringify({ id, summary: 'Part ' + id, depends_on: ['root'] }))
  }
  note('plan')
  const text = first ? 'Planned.' : 'Nothing is left to plan.\\n\\n__DONE__'
  say({ type: 'system', subtype: 'init', session_id: 's' }, { type: 'result', subtype: 'success', is_error: false, num_turns: 1, result: text, session_id: 's', total_cost_usd: 0.01, usage: {}, permission_denials: [] })
} else {
  const model = process.argv[process.argv.indexOf('--model') + 1]
  let text
  if (model === 'codex-5.2') { note('review'); text = 'Good.\\n\\nAPPROVED' }
  else {
    const claimed = OOMPA_TASK ?? /^- ([a-z]+): claimed/m.exec(input)?.[1]
    const list = input.split('ready now:')[1] ?? (input.includes('Answer to CLAIM') ? '' : input.split('Pending tasks:')[1] ?? '')
    const ready = /^- ([a-z]+): [^(\\n]*$/m.exec(list)?.[1]
    if (claimed) { work(claimed); note('do ' + claimed); text = 'Done.\\n\\nCOMPLETE_AND_READY_FOR_MERGE' }
    else if (ready) { note('claim ' + ready); text = 'CLAIM(' + ready + ')' }
    else { note('idle'); text = 'There is nothing that I could claim.' }
  }
  say({ type: 'thread.started', thread_id: 't-' + OOMPA_WORKER + '-' + OOMPA_ITERATION }, { type: 'turn.started' }, { type: 'item.completed', item: { id: 'i', type: 'agent_message', text } }, { type: 'turn.completed', usage: { input_tokens: 1, output_tokens: 1 } })
}
`

interface Form {
  readonly files: Readonly<Record<string, string>>
  readonly init?: boolean
  open(root: string): { list(): Promise<TaskListing> }
}

const folder = (root: string) => taskFolder('tasks', root)

const forms: Readonly<Record<string, Form>> = {
  'no tasks/ yet': { files: {}, open: folder },
  'after oompa init': { files: {}, init: true, open: folder },
  'with hooks/tasks.ts': {
    files: { 'hooks/tasks.ts': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n" },
    open: folder,
  },
  'with a graph': { files: { 'task-graph.yaml': 'nodes: []\n' }, open: (root) => taskGraph(undefined, root) },
  'with lists': { files: { 'tasks/pending.md': '# Pending\n' }, open: (root) => markdownLists('tasks', root) },
}

async function seed(form: Form): Promise<TestLoop> {
  const repository = testRepository({
    'README.md': 'hello\n',
    'spec.md': 'A root and four parts.\n',
    'oompa.json': CONFIG,
    ...form.files,
  })
  const agent = repository.write('../home/agent.mjs', AGENT)
  scriptedAgent(repository, `node ${agent} claude`, 'claude')
  const loop = loopIn(repository, scriptedAgent(repository, `node ${agent} codex "$@"`, 'codex'))
  if (form.init) {
    expect((await loop.oompa(['init'])).status).toBe(0)
    repository.commit('Set up')
  }
  return loop
}

/** The same as `AGENT`, for the real CLIs: what the model says, and the shell commands that it has them run. */
function model(): Scenario {
  let planned = false
  return ({ api, model: name, tools, turn, prompt }) => {
    if (tools.length === 0) return { text: 'a title' }
    if (prompt.includes('one word: ready')) return { text: 'ready' }
    if (api === 'anthropic') {
      if (turn > 0) return { text: 'Planned.' }
      if (planned) return { text: 'Nothing is left to plan.\n\n__DONE__' }
      planned = true
      const write = (id: string, more = '') =>
        `printf '%s' '{"id":"${id}","summary":"Part ${id}"${more}}' > tasks/pending/${id}.json`
      const dependents = ['a', 'b', 'c', 'd'].map((id) => write(id, ',"depends_on":["root"]'))
      return { shell: ['mkdir -p tasks/pending', write('root', ',"priority":1'), ...dependents].join(' && ') }
    }
    if (name === 'codex-5.2') return { text: 'Good.\n\nAPPROVED' }
    if (turn > 0) return { text: 'Done.\n\nCOMPLETE_AND_READY_FOR_MERGE' }
    const own = /^Task ([a-z]+): /m.exec(prompt)?.[1] ?? /^- ([a-z]+): claimed/m.exec(prompt)?.[1]
    if (own) return { shell: `mkdir -p work && echo x > work/${own} && git add -A && git commit -qm "Do ${own}"` }
    const list = prompt.split('ready now:')[1] ?? prompt.split('Pending tasks:')[1] ?? ''
    const ready = /^- ([a-z]+): [^(\n]*$/m.exec(list)?.[1]
    return { text: ready ? `CLAIM(${ready})` : 'There is nothing that I could claim.' }
  }
}

const ids = (tasks: readonly { readonly id: string }[]) => tasks.map((task) => task.id).sort()

describe.each(Object.entries(forms))('the planner and its executors, %s', (_name, form) => {
  test('do all that was planned, in order, and no agent is started while there is nothing for it to do', async () => {
    const loop = await seed(form)
    const { root } = loop.repository
    const ended = await loop.oompa(['run'])
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    const { pending, current, complete } = await form.open(root).list()
    expect([ids(pending), ids(current), ids(complete)], ended.stdout).toEqual([[], [], ['a', 'b', 'c', 'd', 'root']])
    const files = loop.repository.git(['ls-tree', '--name-only', 'main', 'work/']).split('\n')
    expect(files.map((file) => path.basename(file))).toEqual(['a', 'b', 'c', 'd', 'root'])
    // An iteration that planned is no `nothing`, and says how much.
    const planner = loop.events('iteration.ended').filter((event) => event.worker === 'w1')
    expect(planner[0]).toMatchObject({ outcome: 'done', reason: 'planned 5 tasks' })
    expect(ended.stdout).toContain('planned 5 tasks')
    // No executor began before the plan was there, and none for nothing: one run to claim and one to do each task.
    const calls = loop.agent.calls()
    expect(calls.filter((call) => !call.env.OOMPA_TASK && call.input.includes('(no task is pending)'))).toEqual([])
    const authors = loop.events('agent.started').filter((event) => event.role === 'author' && event.worker !== 'w1')
    const begun = new Set(authors.map((event) => `${event.worker} ${event.iteration}`))
    expect(begun.size).toBe(5)
    const planned = loop
      .events('task.added')
      .map((event) => event.at)
      .sort()[0]!
    for (const event of authors) expect(event.at > planned).toBe(true)
    // The three executors share the dependents of the root.
    const landed = loop.events('landing.landed').filter((event) => event.task !== 'root')
    expect(new Set(landed.map((event) => event.worker)).size).toBe(3)
    for (const event of landed)
      expect(event.at > loop.events('landing.landed').find((one) => one.task === 'root')!.at).toBe(true)
    // Where git has the tasks, all that was done to them is committed.
    const tracked = loop.repository.git(['ls-tree', '-r', '--name-only', 'main', 'tasks']) !== ''
    expect(loop.repository.git(['status', '--porcelain'])).toBe(
      tracked || form.files['task-graph.yaml'] ? '' : '?? tasks/',
    )
  })

  itWith('claude', 'codex')(
    'do it with the real Claude and the real Codex, too',
    async () => {
      const repository = testRepository({
        'README.md': 'hello\n',
        'spec.md': 'A root and four parts.\n',
        // Else both deny every edit, which is another test.
        'oompa.json': CONFIG.replace('{', '{\n  "permissions": "bypass",'),
        ...form.files,
      })
      const { url } = await scriptedModel(model())
      const env = realAgentEnvironment(repository.home, url)
      const loop = loopIn(repository, { env, calls: () => [], probes: () => [] })
      if (form.init) {
        expect((await loop.oompa(['init'])).status).toBe(0)
        repository.commit('Set up')
      }
      const ended = await loop.oompa(['run'])
      expect(ended.status, ended.stdout + ended.stderr).toBe(0)
      const { pending, current, complete } = await form.open(repository.root).list()
      expect([ids(pending), ids(current), ids(complete)], ended.stdout).toEqual([[], [], ['a', 'b', 'c', 'd', 'root']])
      expect(loop.events('iteration.ended').find((event) => event.worker === 'w1')?.reason).toBe('planned 5 tasks')
      expect(loop.events('landing.landed')).toHaveLength(5)
      for (const { task, commit } of loop.events('task.completed'))
        expect(repository.git(['merge-base', '--is-ancestor', commit!, 'main']), task).toBe('')
    },
    300_000,
  )
})
