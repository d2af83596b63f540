// An agent that changes nothing: its task goes back, in every store, unless it says that the task needs no change.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { TaskListing } from '../../src/tasks/contract.js'
import { taskFolder } from '../../src/tasks/folder/folder-store.js'
import { taskGraph } from '../../src/tasks/graph/task-graph.js'
import { markdownLists } from '../../src/tasks/lists/markdown-lists.js'
import { scriptedAgent } from '../support/agents.js'
import { level1Files, level2, loopIn, type TestLoop } from '../support/loop.js'
import { oompaBin } from '../support/oompa.js'
import { testRepository } from '../support/repository.js'

const hook = (made: string) =>
  `import { taskFolder, markdownLists, taskGraph } from 'oompa-loompas'\nexport default ${made}\n`

/** A store of a team's own: nothing of it stands in the repository, and nothing that is not needed is there. */
const OWN = `import { taskFolder } from 'oompa-loompas'
export default (root) => {
  const { list, claim, complete, release, add } = taskFolder('.git/own', root)
  return { name: 'own', list, claim, complete, release, add }
}
`

const GRAPH = `nodes:
  - id: parser
    title: Write the parser
    status: ready
    output: src/parser.ts
`

interface Kind {
  readonly files: Readonly<Record<string, string>>
  /** Files that no commit has. */
  readonly own?: Readonly<Record<string, string>>
  open(root: string): { list(): Promise<TaskListing> }
}

const EDN = '{:id "parser" :summary "Write the parser"}\n'

const kinds: Readonly<Record<string, Kind>> = {
  'a folder': {
    files: { 'hooks/tasks.ts': hook('taskFolder()'), 'tasks/pending/parser.edn': EDN },
    open: (root) => taskFolder('tasks', root),
  },
  'a folder that git ignores': {
    files: { 'hooks/tasks.ts': hook('taskFolder()'), '.gitignore': 'tasks/\n' },
    own: { 'tasks/pending/parser.edn': EDN },
    open: (root) => taskFolder('tasks', root),
  },
  lists: {
    files: {
      'hooks/tasks.ts': hook('markdownLists()'),
      'tasks/pending.md': '- [ ] Write the parser\n  - id: parser\n',
    },
    open: (root) => markdownLists('tasks', root),
  },
  'a graph': {
    files: { 'hooks/tasks.ts': hook('taskGraph()'), 'task-graph.yaml': GRAPH.replace(/ +output.*\n/, '') },
    open: (root) => taskGraph(undefined, root),
  },
  'a store of a team’s own': {
    files: { 'hooks/tasks.ts': OWN },
    own: { '.git/own/pending/parser.edn': EDN },
    open: (root) => taskFolder('.git/own', root),
  },
}

/** One worker and one task in a store of this kind; nobody is asked to plan. */
function oneTask(kind: Kind, body: string, options: Parameters<typeof level2>[1] = {}): TestLoop {
  const loop = level2(body, { ...options, files: { ...kind.files, ...options.files } })
  for (const [file, text] of Object.entries(kind.own ?? {})) loop.repository.write(file, text)
  return loop
}

const ids = (tasks: readonly { readonly id: string }[]) => tasks.map((task) => task.id)
const subjects = (loop: TestLoop) => loop.repository.git(['log', '--format=%s', 'main']).split('\n')

/** The `oompa` of this package, for agents. */
const OOMPA = `node ${oompaBin}`

describe.each(Object.entries(kinds))('with %s', (_name, kind) => {
  test('a turn without a change gives its task back, with the last words in its notes, and is no success', async () => {
    const loop = oneTask(kind, 'echo "Which of the two parsers do you mean?"')
    const ended = await loop.oompa(['run'])
    expect(ended.status, ended.stdout + ended.stderr).toBe(1)
    const { pending, current, complete } = await kind.open(loop.repository.root).list()
    expect([ids(pending), ids(current), ids(complete)]).toEqual([['parser'], [], []])
    expect(pending[0]!.notes).toContain('Which of the two parsers do you mean?')
    expect(pending[0]!.notes).toContain('made no change')
    expect(loop.events('iteration.ended')[0]).toMatchObject({ outcome: 'nothing', task: 'parser' })
    expect(loop.events('task.completed')).toEqual([])
    expect(subjects(loop).filter((subject) => subject !== 'Notes of tasks')).toEqual(['Start'])
    expect(loop.repository.git(['log', '--format=', '-p', 'main'])).not.toMatch(/completed.(by|at)/)
  })

  test('it completes the task without a landing if its agent says that it is ready', async () => {
    const loop = oneTask(kind, 'echo "There is a parser already."; echo COMPLETE_AND_READY_FOR_MERGE')
    const ended = await loop.oompa(['run'])
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    const { pending, current, complete } = await kind.open(loop.repository.root).list()
    expect([ids(pending), ids(current), ids(complete)]).toEqual([[], [], ['parser']])
    expect(loop.events('landing.landed')).toEqual([])
    expect(loop.events('iteration.ended')[0]).toMatchObject({ outcome: 'done' })
  })
})

describe.each(Object.entries(kinds).filter(([name]) => name.startsWith('a graph') || name.startsWith('a store')))(
  'with %s',
  (_name, kind) => {
    test('__DONE__ with a task and no change gives the task back, and ends the worker', async () => {
      const loop = oneTask(kind, 'echo __DONE__', { iterations: 3 })
      await loop.oompa(['run'])
      expect(ids((await kind.open(loop.repository.root).list()).pending)).toEqual(['parser'])
      expect(loop.agent.calls()).toHaveLength(1)
    })

    test('an agent that calls its task complete by the command says that it is ready, and completes nothing by it', async () => {
      const ready = oneTask(kind, `${OOMPA} tasks complete && ${OOMPA} tasks > "$HOME/tasks"`)
      expect((await ready.oompa(['run'])).status).toBe(0)
      expect(readFileSync(path.join(ready.repository.home, 'tasks'), 'utf8')).toContain('Complete: 0')
      expect(ids((await kind.open(ready.repository.root).list()).complete)).toEqual(['parser'])

      const made = oneTask(kind, `echo x > made.txt; ${OOMPA} tasks complete --force`)
      expect((await made.oompa(['run'])).status).toBe(0)
      expect(subjects(made)[0]).toMatch(/^Merge|^Write the parser/)
      expect(ids((await kind.open(made.repository.root).list()).complete)).toEqual(['parser'])
      const [completed] = made.events('task.completed')
      expect(made.repository.git(['merge-base', '--is-ancestor', completed!.commit!, 'main'])).toBe('')
    })

    test('with --here a turn without a change gives its task back, and one with a change completes it', async () => {
      const idle = oneTask(kind, 'echo "I only looked."')
      expect((await idle.oompa(['run', '--here'])).status).toBe(1)
      const { pending, current } = await kind.open(idle.repository.root).list()
      expect([ids(pending), ids(current)]).toEqual([['parser'], []])
      expect(pending[0]!.notes).toContain('I only looked.')

      for (const work of ['echo x > made.txt', 'echo x > made.txt; git add made.txt; git commit -qm Made']) {
        const made = oneTask(kind, work)
        const ended = await made.oompa(['run', '--here'])
        expect(ended.status, ended.stdout + ended.stderr).toBe(0)
        expect(ids((await kind.open(made.repository.root).list()).complete)).toEqual(['parser'])
      }
    })
  },
)

describe('an empty change that is said to be ready', () => {
  const reviewed = (body: string, verdict: string) => {
    const loop = oneTask(kinds['a folder']!, body, { files: { 'hooks/review.sh': '' }, config: { review_rounds: 2 } })
    loop.repository.write(
      'hooks/review.sh',
      `#!/bin/sh\ncat >> "$HOME/reviews"; echo >> "$HOME/reviews"\n${verdict}\n`,
      0o755,
    )
    loop.repository.commit('A reviewer')
    return loop
  }

  test('is read by the reviewers: the task, the agent’s words, and no file', async () => {
    const loop = reviewed('echo "Nothing to do."; echo COMPLETE_AND_READY_FOR_MERGE', 'exit 0')
    expect((await loop.oompa(['run'])).status).toBe(0)
    const { change } = JSON.parse(readFileSync(path.join(loop.repository.home, 'reviews'), 'utf8'))
    expect(change).toMatchObject({ files: [], task: { id: 'parser' } })
    expect(change.message).toContain('Nothing to do.')
    expect(loop.events('task.completed')).toHaveLength(1)
  })

  test.each([
    ['said so', 'echo COMPLETE_AND_READY_FOR_MERGE'],
    [
      'moved its task to complete in its worktree',
      'mkdir -p tasks/complete; git mv tasks/pending/parser.edn tasks/complete/',
    ],
    [
      'moved its task to complete in the main checkout',
      'mkdir -p "$OOMPA_TASKS/complete"; mv "$OOMPA_TASKS/current/parser.edn" "$OOMPA_TASKS/complete/" || true',
    ],
    ['called it complete by the command', `${OOMPA} tasks complete`],
  ])('goes back to an author who %s, and the task to pending, while they refuse it', async (_how, body) => {
    const loop = reviewed(`echo "Run $(date +%N)"; ${body}`, 'echo "It is not done at all."; exit 1')
    const ended = await loop.oompa(['run'])
    expect(ended.status, ended.stdout + ended.stderr).toBe(1)
    const { pending, current, complete } = await taskFolder('tasks', loop.repository.root).list()
    expect([ids(pending), ids(current), ids(complete)]).toEqual([['parser'], [], []])
    expect(pending[0]!.notes).toContain('It is not done at all.')
    expect(loop.events('review.ended').map((event) => event.verdict)).toEqual(['rejected', 'rejected'])
    // The second reviewer sees what the author answered to the first, though the commit is the same.
    const [, second] = readFileSync(path.join(loop.repository.home, 'reviews'), 'utf8').split('\n').filter(Boolean)
    expect(JSON.parse(second!).rounds[0].answer).toContain('Run ')
  })
})

describe('a task that names its output', () => {
  const graph: Kind = { ...kinds['a graph']!, files: { ...kinds['a graph']!.files, 'task-graph.yaml': GRAPH } }

  test('is not complete without it: its author is told, and the task goes back', async () => {
    const loop = oneTask(graph, 'echo x > other.ts; echo COMPLETE_AND_READY_FOR_MERGE')
    const ended = await loop.oompa(['run'])
    expect(ended.status).toBe(1)
    expect(loop.agent.calls()).toHaveLength(3)
    expect(loop.agent.calls()[1]!.input).toContain('is to make src/parser.ts, and it is not there')
    expect(loop.events('landing.landed')).toEqual([])
    expect(ids((await graph.open(loop.repository.root).list()).pending)).toEqual(['parser'])
    expect(loop.refs('refs/oompa/kept')).toHaveLength(1)
  })

  test('is complete with it, though git may ignore it, and with --here, too', async () => {
    const make = 'mkdir -p src; echo x > src/parser.ts; echo x > made.ts'
    for (const [files, args] of [
      [{}, []],
      [{ '.gitignore': 'src/\n' }, []],
      [{}, ['--here']],
    ] as const) {
      const loop = oneTask(graph, make, { files })
      const ended = await loop.oompa(['run', ...args])
      expect(ended.status, ended.stdout + ended.stderr).toBe(0)
      expect(ids((await graph.open(loop.repository.root).list()).complete)).toEqual(['parser'])
    }
    const here = oneTask(graph, 'echo x > made.ts')
    expect((await here.oompa(['run', '--here'])).status).toBe(1)
    expect(ids((await graph.open(here.repository.root).list()).pending)).toEqual(['parser'])
  })
})

/** A real `claude` says what was denied to it at the end of its stream. */
const CLAUDE = `
result() { printf '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"%s","session_id":"00000000-0000-4000-8000-00000000abcd","total_cost_usd":0.01,"usage":{},"permission_denials":[%s]}\\n' "$1" "$2"; }
denied='{"tool_name":"Write","tool_input":{"file_path":"parser.ts"}}'
`

describe('an agent to which every edit is denied', () => {
  const files = {
    ...level1Files,
    'hooks/tasks.ts': hook('taskFolder()'),
    ...Object.fromEntries(
      ['a', 'b', 'c', 'd'].map((id) => [`tasks/pending/${id}.edn`, `{:id "${id}" :summary "${id}"}\n`]),
    ),
  }

  test('stops the swarm after its first run, which names the setting; the queue is as it was', async () => {
    const repository = testRepository(files)
    const loop = loopIn(repository, scriptedAgent(repository, `${CLAUDE}result "I need your permission." "$denied"`))
    const ended = await loop.oompa(['run', '--workers', '1', '--iterations', '5'])
    expect(ended.status, ended.stdout + ended.stderr).toBe(1)
    expect(loop.agent.calls()).toHaveLength(1)
    expect(ended.stdout).toContain('permissions')
    const [stopped] = loop.events('swarm.stopped')
    expect(stopped!.reason).toMatch(
      /claude may not change anything: Write: parser\.ts was denied.*"permissions": "bypass"/,
    )
    const { pending } = await taskFolder('tasks', repository.root).list()
    expect(ids(pending)).toEqual(['a', 'b', 'c', 'd'])
    expect(pending[0]!.notes).toContain('Write: parser.ts')
    expect(pending[0]!.notes).toContain('I need your permission.')
  })

  test('is found by its configuration where its stream says nothing, as Codex with its default does', async () => {
    const CODEX = `printf '%s\\n' '{"type":"thread.started","thread_id":"t"}' '{"type":"turn.started"}' '{"type":"item.completed","item":{"id":"i","type":"agent_message","text":"I cannot write here."}}' '{"type":"turn.completed","usage":{"input_tokens":1,"output_tokens":1}}'`
    const run = async (config: string, ...args: string[]) => {
      const repository = testRepository(files)
      const loop = loopIn(repository, scriptedAgent(repository, CODEX, 'codex'))
      repository.write('../home/.codex/config.toml', config)
      const ended = await loop.oompa(['run', '--agent', 'codex', '--workers', '1', '--iterations', '2', ...args])
      return { calls: loop.agent.calls().length, status: ended.status, out: ended.stdout }
    }
    const plain = await run('model = "o3"\n')
    expect([plain.calls, plain.status]).toEqual([1, 1])
    expect(plain.out).toContain('sandbox_mode = "workspace-write"')
    expect((await run('sandbox_mode = "read-only"\n')).calls).toBe(1)
    expect((await run('sandbox_mode = "workspace-write"\n')).calls).toBe(2)
    expect((await run('', '--permissions', 'bypass')).calls).toBe(2)
  })

  test('does not stop a swarm in which it has made a change before', async () => {
    const repository = testRepository(files)
    const body = `${CLAUDE}if [ "$OOMPA_ITERATION" = 1 ]; then echo x > made.txt; result Made; else result "May I?" "$denied"; fi`
    const loop = loopIn(repository, scriptedAgent(repository, body))
    await loop.oompa(['run', '--workers', '1', '--iterations', '3'])
    expect(loop.agent.calls()).toHaveLength(3)
    expect(loop.events('iteration.ended').map((event) => event.outcome)).toEqual(['landed', 'nothing', 'nothing'])
  })
})

describe('a claim belongs to the iteration that made it', () => {
  /** Like `OWN`, but the first call of `operation` fails, as a store does that cannot be reached. */
  const failing = (operation: string) => `import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { taskFolder } from 'oompa-loompas'
export default (root) => {
  const store = taskFolder('.git/own', root)
  const failed = path.join(root, '.git/failed')
  const once = async (...args) => {
    if (existsSync(failed)) return store.${operation}(...args)
    writeFileSync(failed, '')
    throw new Error('the tracker cannot be reached')
  }
  return { ...store, name: 'own', tracked: undefined, ${operation}: once }
}
`
  const two = (operation: string): Kind => ({
    files: { 'hooks/tasks.ts': failing(operation) },
    own: {
      '.git/own/pending/first.edn': '{:id "first" :summary "First" :priority 0}\n',
      '.git/own/pending/second.edn': '{:id "second" :summary "Second" :priority 1}\n',
    },
    open: (root) => taskFolder('.git/own', root),
  })

  test('a release that fails is made again, and no later iteration completes what it held', async () => {
    const kind = two('release')
    const loop = oneTask(kind, '[ "$OOMPA_ITERATION" = 1 ] && exit 1; echo "$OOMPA_TASK" > "$OOMPA_TASK.txt"', {
      iterations: 3,
      config: { backoff: { first: '10ms', max: '10ms' } },
    })
    const ended = await loop.oompa(['run'])
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(ended.stdout).toContain('the tracker cannot be reached')
    const { pending, current, complete } = await kind.open(loop.repository.root).list()
    expect([ids(pending), ids(current), ids(complete)]).toEqual([[], [], ['first', 'second']])
    expect(loop.events('task.released')).toHaveLength(1)
    for (const id of ['first', 'second']) expect(existsSync(path.join(loop.repository.root, `${id}.txt`))).toBe(true)
    for (const { task, iteration } of loop.events('task.completed')) {
      const claimed = loop.events('task.claimed').filter((event) => event.task === task)
      expect(claimed.map((event) => event.iteration)).toContain(iteration)
    }
  })

  test('a completion that fails after its landing is made again, and the work is not done twice', async () => {
    const kind = two('complete')
    const loop = oneTask(kind, 'echo "$OOMPA_TASK" >> "$OOMPA_TASK.txt"', { iterations: 2 })
    const ended = await loop.oompa(['run'])
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(ids((await kind.open(loop.repository.root).list()).complete)).toEqual(['first', 'second'])
    expect(
      loop
        .events('task.completed')
        .map((event) => event.task)
        .sort(),
    ).toEqual(['first', 'second'])
    expect(loop.agent.calls()).toHaveLength(2)
  })

  test('a task that an agent claimed from a shell goes back with a turn that fails, and is not completed by the next', async () => {
    const tasks = {
      'tasks/pending/a.edn': '{:id "a" :summary "A"}\n',
      'tasks/pending/b.edn': '{:id "b" :summary "B"}\n',
    }
    const body = `if [ "$OOMPA_ITERATION" = 1 ]; then ${OOMPA} tasks claim a; exit 1; fi; ${OOMPA} tasks claim b; echo x > b.txt`
    const loop = level2(body, { iterations: 2, files: tasks, config: { backoff: { first: '10ms', max: '10ms' } } })
    await loop.oompa(['run'])
    const { pending, current, complete } = await taskFolder('tasks', loop.repository.root).list()
    expect([ids(pending), ids(current), ids(complete)]).toEqual([['a'], [], ['b']])
  })

  test('a task whose change waits for a person is not completed by the next change of its worker', async () => {
    const tasks = {
      'tasks/pending/a.edn': '{:id "a" :summary "A" :priority 0}\n',
      'tasks/pending/b.edn': '{:id "b" :summary "B" :priority 1}\n',
      'hooks/tasks.ts': hook('taskFolder()'),
    }
    const body =
      'if [ "$OOMPA_TASK" = a ]; then mkdir -p hooks; echo "export default 1" > hooks/approve.off; else echo x > b.txt; fi'
    const loop = level2(body, { iterations: 2, files: tasks })
    await loop.oompa(['run'])
    expect(loop.events('iteration.ended').map((event) => event.outcome)).toEqual(['waiting', 'landed'])
    const { current, complete } = await taskFolder('tasks', loop.repository.root).list()
    expect([ids(current), ids(complete)]).toEqual([['a'], ['b']])
  })
})
