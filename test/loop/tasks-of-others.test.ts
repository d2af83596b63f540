// Agents reach the shared folder of tasks: what one does to the tasks of others is put back, and said.

import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { level2, type TestLoop, until } from '../support/loop.js'

const textOf = (id: string, more = '') => `{:id "${id}" :summary "Do ${id}"${more}}\n`
const TASKS = {
  'tasks/pending/a.edn': textOf('a', ' :priority 1'),
  'tasks/pending/b.edn': textOf('b', ' :priority 2'),
  'tasks/pending/c.edn': textOf('c', ' :priority 3'),
  'tasks/complete/.gitkeep': '',
  'tasks/current/.gitkeep': '',
}
const HOOK = {
  'hooks/tasks.mjs': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n",
}

/** The author of `b` does something to the tasks while that of `a` is at work, which waits to be let go on. */
const body = (deed: string) => `
touch "$HOME/at-$OOMPA_TASK"
if [ "$OOMPA_TASK" = a ]; then until [ -e "$HOME/go" ]; do sleep 0.05; done; fi
if [ "$OOMPA_TASK" = b ] && mkdir "$HOME/did"; then
  until [ -e "$HOME/at-a" ]; do sleep 0.05; done
  (cd "$OOMPA_TASKS" && ${deed}) || exit 9
fi
echo "$OOMPA_TASK" > "$OOMPA_TASK.txt"
`

function open(deed: string, tracked: boolean): TestLoop {
  const ours = tracked ? TASKS : { '.gitignore': '/tasks/\n' }
  const loop = level2(body(deed), { workers: 2, iterations: 2, files: { ...HOOK, ...ours } })
  if (!tracked) for (const [file, text] of Object.entries(TASKS)) loop.repository.write(file, text)
  return loop
}

const warnings = (loop: TestLoop) =>
  loop
    .events('note')
    .flatMap(({ level, text, task }) => (level === 'warning' ? [{ text, ...(task ? { task } : {}) }] : []))

const names = (loop: TestLoop, state: string) =>
  readdirSync(path.join(loop.repository.root, 'tasks', state)).filter((name) => name.endsWith('.edn'))

const at = (loop: TestLoop, file: string) => path.join(loop.repository.root, 'tasks', file)

/** Lets the author of `a` go on once `seen` holds, and waits for the end. */
async function play(loop: TestLoop, seen: () => unknown): Promise<string> {
  const running = loop.start()
  try {
    await until(seen, 'the task to be put back')
  } finally {
    writeFileSync(path.join(loop.repository.home, 'go'), '')
  }
  const { status, stdout, stderr } = await running.ended
  expect(status, stdout + stderr).toBe(0)
  return stdout + stderr
}

/** Everything is done by who held it, once, and on the target. */
function expectAllDone(loop: TestLoop): void {
  const { repository } = loop
  expect(names(loop, 'complete').sort()).toEqual(['a.edn', 'b.edn', 'c.edn'])
  expect([...names(loop, 'pending'), ...names(loop, 'current')]).toEqual([])
  const files = repository.git(['ls-tree', '--name-only', 'main']).split('\n')
  for (const id of ['a', 'b', 'c']) expect(files).toContain(`${id}.txt`)
  for (const id of ['a', 'b', 'c'])
    expect(readFileSync(at(loop, `complete/${id}.edn`), 'utf8')).toContain('completed-by')
  expect(
    loop
      .events('task.completed')
      .map(({ task }) => task)
      .sort(),
  ).toEqual(['a', 'b', 'c'])
  expect(repository.git(['status', '--porcelain'])).toBe('')
}

const W = /^(w1 or w2|w2 or w1) /

const DEEDS: Record<string, { deed: string; words: RegExp; seen(loop: TestLoop): boolean }> = {
  'a pending task is removed': {
    deed: 'rm pending/c.edn',
    words: /removed `c` from pending: put back\.$/,
    seen: (loop) => readFileSync(at(loop, 'pending/c.edn'), 'utf8') === TASKS['tasks/pending/c.edn'],
  },
  'all pending tasks are removed with their folder': {
    deed: 'rm -rf pending',
    words: /removed `c` from pending: put back\.$/,
    seen: (loop) => readFileSync(at(loop, 'pending/c.edn'), 'utf8') === TASKS['tasks/pending/c.edn'],
  },
  'a pending task is carried out of the folder': {
    deed: 'mv pending/c.edn "$HOME/c.edn"',
    words: /removed `c` from pending: put back\.$/,
    seen: (loop) => existsSync(at(loop, 'pending/c.edn')),
  },
  'a pending task is called complete without a claim': {
    deed: 'mv pending/c.edn complete/c.edn',
    words: /moved `c` to complete without having claimed it: put back to pending\.$/,
    seen: (loop) => existsSync(at(loop, 'pending/c.edn')) && !existsSync(at(loop, 'complete/c.edn')),
  },
  'a pending task is copied to complete': {
    deed: 'cp pending/c.edn complete/c.edn',
    words: /moved `c` to complete without having claimed it: put back to pending\.$/,
    seen: (loop) => existsSync(at(loop, 'pending/c.edn')) && !existsSync(at(loop, 'complete/c.edn')),
  },
  'a claimed task is called complete': {
    deed: 'mv current/a.edn complete/a.edn',
    words: /moved `a` to complete, which w[12] holds: put back to current\.$/,
    seen: (loop) => existsSync(at(loop, 'current/a.edn')) && !existsSync(at(loop, 'complete/a.edn')),
  },
  'a claimed task is given back': {
    deed: 'mv current/a.edn pending/a.edn',
    words: /moved `a` to pending, which w[12] holds: put back to current\.$/,
    seen: (loop) => existsSync(at(loop, 'current/a.edn')) && !existsSync(at(loop, 'pending/a.edn')),
  },
  'a claimed task is removed': {
    deed: 'rm current/a.edn',
    words: /removed `a` from current, which w[12] holds: put back\.$/,
    seen: (loop) => existsSync(at(loop, 'current/a.edn')),
  },
  'a link is put in the place of a folder': {
    deed: 'mv complete "$HOME/away" && ln -s "$HOME/away" complete',
    words:
      /put a symbolic link in the place of tasks\/complete: it is moved to \.oompa\/aside\/complete, and the folder is there again\.$/,
    seen: (loop) => lstatSync(at(loop, 'complete')).isDirectory(),
  },
  'a file is put in the place of a folder': {
    deed: 'rm -rf pending && echo mine > pending',
    words:
      /put a file in the place of tasks\/pending: it is moved to \.oompa\/aside\/pending, and the folder is there again with its 1 task\.$/,
    seen: (loop) => existsSync(at(loop, 'pending/c.edn')),
  },
}

describe.each([true, false])(
  'where the loop claims (tracked: %s), what an agent does to tasks of others is put back',
  (tracked) => {
    for (const [name, { deed, words, seen }] of Object.entries(DEEDS)) {
      test(name, async () => {
        const loop = open(deed, tracked)
        const warned = () => loop.swarms().length > 0 && warnings(loop).some(({ text }) => words.test(text))
        await play(loop, () => warned() && seen(loop))
        const said = warnings(loop).filter(({ text }) => words.test(text))
        expect(said).toHaveLength(1)
        expect(said[0]!.text).toMatch(W)
        expectAllDone(loop)
      })
    }
  },
)
