// Agents reach the shared folder of tasks: what one does to the tasks of others is put back, and said.

import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { level1, level1Files, level2, type TestLoop, until } from '../support/loop.js'
import { packageRoot } from '../support/oompa.js'

const textOf = (id: string, more = '') => `{:id "${id}" :summary "Do ${id}"${more}}\n`
const WAITING = ['c', 'd', 'e', 'f']
const TASKS: Readonly<Record<string, string>> = {
  'tasks/pending/a.edn': textOf('a', ' :priority 1'),
  'tasks/pending/b.edn': textOf('b', ' :priority 2'),
  // Nobody can take them, so they stay where they are.
  ...Object.fromEntries(WAITING.map((id) => [`tasks/pending/${id}.edn`, textOf(id, ' :depends-on ["never"]')])),
}
const HOOK = {
  'hooks/tasks.mjs': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n",
}

const warnings = (loop: TestLoop) =>
  loop.events('note').flatMap(({ level, text }) => (level === 'warning' ? [text] : []))
const at = (loop: TestLoop, file: string) => path.join(loop.repository.root, 'tasks', file)
const names = (loop: TestLoop, state: string) =>
  existsSync(at(loop, state)) ? readdirSync(at(loop, state)).filter((name) => name.endsWith('.edn')) : []

/** What is pending has the bytes that it had. */
function expectPending(loop: TestLoop, ids: readonly string[]): void {
  expect(names(loop, 'pending').sort()).toEqual(ids.map((id) => `${id}.edn`))
  for (const id of ids)
    expect(readFileSync(at(loop, `pending/${id}.edn`), 'utf8')).toBe(TASKS[`tasks/pending/${id}.edn`])
}

describe('where the loop claims', () => {
  /** The author of `b` does something to the tasks while that of `a` is at work, which waits to be let go on. */
  const author = (deed: string) => `
touch "$HOME/at-$OOMPA_TASK"
if [ "$OOMPA_TASK" = a ]; then until [ -e "$HOME/go" ]; do sleep 0.05; done; fi
if [ "$OOMPA_TASK" = b ]; then
  until [ -e "$HOME/at-a" ]; do sleep 0.05; done
  (cd "$OOMPA_TASKS" && mkdir -p complete && ${deed}) || exit 9
fi
echo "$OOMPA_TASK" > "$OOMPA_TASK.txt"
`

  const DEEDS: Record<string, { deed: string; lines: RegExp[] }> = {
    'pending tasks that are removed, carried away, called complete, or copied to complete': {
      deed: 'rm pending/c.edn && mv pending/d.edn "$HOME/" && mv pending/e.edn complete/ && cp pending/f.edn complete/',
      lines: [
        / removed `c`, `d` from pending: put back\.$/,
        / moved `e`, `f` to complete without .*: put back to pending\.$/,
      ],
    },
    'all pending tasks with their folder, and a claim of another worker that is called complete': {
      deed: 'rm -rf pending && mv current/a.edn complete/a.edn',
      lines: [
        / removed `c`, `d`, `e`, `f` from pending: put back\.$/,
        / moved `a` to complete, which w[12] holds: put back to current\.$/,
      ],
    },
    'a link in the place of a folder, and a claim of another worker that is given back': {
      deed: 'echo x > complete/note && mv complete "$HOME/away" && ln -s "$HOME/away" complete && mv current/a.edn pending/',
      lines: [
        / put a symbolic link in the place of tasks\/complete: it is moved to \.oompa\/aside\/complete, and the folder is there again\.$/,
        / moved `a` to pending, which w[12] holds: put back to current\.$/,
      ],
    },
    'a file in the place of a folder, and a claim of another worker that is removed': {
      deed: 'rm -rf pending && echo mine > pending && rm current/a.edn',
      lines: [
        / put a file in the place of tasks\/pending: .* the folder is there again with its 4 tasks\.$/,
        / removed `a` from current, which w[12] holds: put back\.$/,
      ],
    },
  }

  for (const [what, { deed, lines }] of Object.entries(DEEDS)) {
    test.each([true, false])(`${what} (tracked: %s)`, async (tracked) => {
      const files = { ...HOOK, ...(tracked ? TASKS : { '.gitignore': '/tasks/\n' }) }
      const loop = level2(author(deed), { workers: 2, files })
      const { repository } = loop
      if (!tracked) for (const [file, text] of Object.entries(TASKS)) repository.write(file, text)
      const running = loop.start()
      const isSaid = () =>
        loop.swarms().length > 0 && lines.every((line) => warnings(loop).some((text) => line.test(text)))
      await until(isSaid, 'the tasks to be put back').finally(() => writeFileSync(path.join(repository.home, 'go'), ''))
      // Before the end of the other worker's turn.
      expectPending(loop, WAITING)
      const { status, stdout, stderr } = await running.ended
      expect(status, stdout + stderr).toBe(0)
      const said = warnings(loop)
      expect(said).toHaveLength(lines.length)
      for (const text of said) expect(text).toMatch(/^(w1 or w2|w2 or w1) /)
      // Everything is done by who held it, once, and on the target.
      expectPending(loop, WAITING)
      expect(names(loop, 'current')).toEqual([])
      expect(names(loop, 'complete').sort()).toEqual(['a.edn', 'b.edn'])
      for (const id of ['a', 'b']) {
        expect(readFileSync(at(loop, `complete/${id}.edn`), 'utf8')).toContain('completed-by')
        expect(repository.git(['show', `main:${id}.txt`])).toBe(id)
      }
      expect(
        loop
          .events('task.completed')
          .map(({ task }) => task)
          .sort(),
      ).toEqual(['a', 'b'])
      expect(repository.git(['status', '--porcelain'])).toBe('')
      // A link is not followed, and what it leads to is not touched.
      if (deed.includes('ln -s')) {
        expect(lstatSync(path.join(repository.root, '.oompa/aside/complete')).isSymbolicLink()).toBe(true)
        expect(readdirSync(path.join(repository.home, 'away'))).toEqual(['note'])
      }
    })
  }

  test('one’s own task that an agent calls complete is not put back', async () => {
    const files = { ...HOOK, '.gitignore': '/tasks/\n' }
    const loop = level2('mkdir -p "$OOMPA_TASKS/complete"; mv "$OOMPA_TASKS/current/a.edn" "$OOMPA_TASKS/complete/"', {
      files,
    })
    loop.repository.write('tasks/pending/a.edn', textOf('a'))
    const { status, stdout } = await loop.run()
    expect(status, stdout).toBe(0)
    expect(names(loop, 'complete')).toEqual(['a.edn'])
    expect(warnings(loop)).toEqual([])
  })
})

describe('at level 1, where agents claim', () => {
  const oompa = `"${process.execPath}" "${path.join(packageRoot, 'bin/oompa')}"`

  test('a claim by `mv`, and what is done within one turn, stay as the agent has put them', async () => {
    const loop = level1(
      'cd tasks; mkdir -p current complete; mv pending/a.edn current/; mv current/a.edn complete/; mv pending/b.edn complete/; mv pending/c.edn current/; echo \'{:id "n" :summary "N"}\' > pending/n.edn',
      { ...level1Files, ...TASKS },
    )
    const { status, stdout } = await loop.run(['--workers', '1', '--iterations', '1'])
    expect(status, stdout).toBe(0)
    expect(names(loop, 'complete').sort()).toEqual(['a.edn', 'b.edn'])
    expect(names(loop, 'current')).toEqual(['c.edn'])
    expect(names(loop, 'pending').sort()).toEqual(['d.edn', 'e.edn', 'f.edn', 'n.edn'])
    expect(warnings(loop)).toEqual([])
  })

  test.each([true, false])(
    'what is removed, and the claim of a worker that is not at work (tracked: %s)',
    async (tracked) => {
      const ended = 'cat .oompa/runs/*/events.jsonl | grep -q \'"type":"iteration.ended"\''
      const loop = level1(
        `case $OOMPA_WORKER in
w1) ${oompa} tasks claim a || exit 9 ;;
w2) until ${ended}; do sleep 0.05; done
  cd tasks && mkdir -p complete && mv current/a.edn complete/ && rm pending/c.edn && : > pending/d.edn
  rm -rf complete-of && mv pending pending-of && ln -s pending-of pending ;;
esac`,
        { ...level1Files, ...(tracked ? TASKS : { '.gitignore': '/tasks/\n' }) },
      )
      if (!tracked) for (const [file, text] of Object.entries(TASKS)) loop.repository.write(file, text)
      const { status, stdout } = await loop.run(['--workers', '2', '--iterations', '1'])
      expect(status, stdout).toBe(0)
      expect(warnings(loop).sort()).toEqual([
        'w2 moved `a` to complete, which w1 holds: put back to current.',
        'w2 put a symbolic link in the place of tasks/pending: it is moved to .oompa/aside/pending, and the folder is there again with its 5 tasks.',
      ])
      expectPending(loop, ['b', ...WAITING])
      expect(names(loop, 'current')).toEqual(['a.edn'])
      expect(names(loop, 'complete')).toEqual([])
      // The claim is still the one that it was.
      const stale = await loop.oompa(['tasks', 'complete', 'a', '--worker', 'w1'], {
        env: { ...loop.env, OOMPA_SWARM: loop.swarms()[0], OOMPA_WORKER: 'w1' },
      })
      expect(stale.status, stale.stderr).toBe(0)
      rmSync(at(loop, 'pending-of'), { recursive: true })
    },
  )

  test('a task whose file is emptied is kept as it was', async () => {
    const loop = level1(': > tasks/pending/c.edn', { ...level1Files, ...TASKS })
    const { status, stdout } = await loop.run(['--workers', '1', '--iterations', '1'])
    expect(status, stdout).toBe(0)
    expect(warnings(loop)).toEqual([
      'w1 wrote over `c` in pending, where no task is now; what stood there is kept: .oompa/aside/c.edn.',
    ])
    const kept = readFileSync(path.join(loop.repository.root, '.oompa/aside/c.edn'), 'utf8')
    expect(kept).toBe(TASKS['tasks/pending/c.edn'])
    expect(readFileSync(at(loop, 'pending/c.edn'), 'utf8')).toBe('')
  })
})
