// Several clones of one remote: each works on what the others have pushed.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { addTask, claiming, filesOf, pending, type Team, team, testRuns, testsAlone } from '../support/clones.js'
import { type TestLoop, until } from '../support/loop.js'

/** Makes a file of its task's name. */
const makes = 'cd "$OOMPA_WORKTREE"; ls > "saw-$OOMPA_TASK"; echo "by $HOME" > "$OOMPA_TASK.txt"'
/** The same, but `slow` waits until the test lets it go on. */
const mayWait = `if [ "$OOMPA_TASK" = slow ]; then touch "$HOME/began"; until test -e "$HOME/go"; do sleep 0.05; done; fi; ${makes}`

describe('a base that is true', () => {
  test('who waits for a task finds what another clone pushes meanwhile, by one fetch for all workers', async () => {
    const { clones, bare } = team(mayWait, {
      worker: { count: 3, iterations: 2 },
      files: { ...claiming, ...pending('slow') },
    })
    const [here, there] = [clones[0]!, clones[1]!.repository]
    const counted = path.join(here.repository.home, 'fetches')
    const bin = path.join(here.repository.root, '.git/bin')
    const rest = here.env.PATH ?? ''
    here.repository.write(
      '.git/bin/git',
      `#!/bin/sh\ncase " $* " in *" fetch "*:refs/remotes/*) date +%s%N >> '${counted}';; esac\nPATH='${rest}' exec git "$@"\n`,
      0o755,
    )
    const running = here.start([], { env: { ...here.env, PATH: `${bin}:${rest}` } })
    await until(() => existsSync(path.join(here.repository.home, 'began')), 'the first task')
    there.commit('Another task, and something for it', { ...pending('next'), 'elsewhere.txt': '1' })
    there.git(['push', '-q'])
    await until(
      () => here.events('task.claimed').some((event) => event.task === 'next'),
      'the claim of what was pushed',
    )
    await until(() => here.events('task.completed').length === 1, 'its landing')
    writeFileSync(path.join(here.repository.home, 'go'), '')
    expect((await running.ended).status).toBe(0)
    expect(bare.git(['show', 'main:saw-next'])).toContain('elsewhere.txt')
    const times = readFileSync(counted, 'utf8')
      .trim()
      .split('\n')
      .map((line) => Number(line) / 1e6)
    // One at each landing's start, and between them at most one in five seconds, for three workers.
    const seconds = (times.at(-1)! - times[0]!) / 1000
    expect(times.length).toBeLessThanOrEqual(2 + 1 + Math.ceil(seconds / 5))
  })

  test('without a network work goes on, and it is said since when', async () => {
    const { clones, bare } = team(makes, { worker: { iterations: 2 }, files: { ...claiming, ...pending('one') } })
    const [here] = clones
    here!.repository.git(['remote', 'set-url', 'origin', `${bare.root}.away`])
    expect((await here!.run()).status).toBe(0)
    expect(here!.events('landing.landed')).toHaveLength(1)
    const said = here!.events('note').filter((note) => /could not be reached \(since \d\d:\d\d:\d\d\)/.test(note.text))
    expect(said).toHaveLength(1)
  })
})

describe('a turn', () => {
  const works =
    'cd "$OOMPA_WORKTREE"; if [ "$OOMPA_ITERATION" = 2 ]; then touch "$HOME/began"; until test -e "$HOME/go"; do sleep 0.05; done; fi; echo x > "$(basename "$HOME")-$OOMPA_ITERATION.txt"'

  test('clones that push at one time test one after the other, each landing once, and leave nothing', async () => {
    const all = team(works, { worker: { iterations: 2, can_plan: true }, merge: { test: testsAlone } })
    const { clones, bare, history } = all
    const running = []
    for (const loop of clones) {
      running.push(loop.start())
      await until(() => existsSync(path.join(loop.repository.home, 'began')), 'its first landing', 100_000)
    }
    for (const { repository } of clones) writeFileSync(path.join(repository.home, 'go'), '')
    for (const { ended } of running) expect((await ended).status).toBe(0)
    expect(testRuns(all)).toEqual({ runs: 4, twice: false })
    expect(history().filter((line) => line.startsWith('Merge branch'))).toHaveLength(4)
    expect(bare.git(['for-each-ref', 'refs/oompa'])).toBe('')
    for (const { refs } of clones) expect(refs('refs/oompa')).toEqual([])
  }, 400_000)
})

describe('two clones that have the same task', () => {
  /** The server takes no list of who works on what: nobody sees the other's claims. */
  const withoutList = ({ bare }: Pick<Team, 'bare'>) =>
    bare.write('hooks/update', '#!/bin/sh\ncase $1 in refs/oompa/claims/*) echo "no lists" >&2; exit 1;; esac\n', 0o755)

  /** Both have claimed it before either lands; the first to push has it. */
  const together = (id: string) =>
    `if [ "$OOMPA_TASK" = ${id} ]; then touch "$HOME/began"; until test -e "$HOME/go"; do sleep 0.05; done; fi; ${makes}`
  const home = (loop: TestLoop, name: string) => path.join(loop.repository.home, name)

  test('whoever lands it second gives it up, keeps the work, asks no agent again, and takes another', async () => {
    // A task that somebody else completes is no standstill.
    const options = {
      worker: { iterations: 2 },
      files: filesOf('folder', ['both', 'second', 'third']),
      config: { no_progress: 1 },
    }
    const all = team(together('both'), options)
    const { clones, bare, history } = all
    withoutList(all)
    const [one, other] = [clones[0]!, clones[1]!]
    const running = [one.start(), other.start()]
    for (const loop of clones) await until(() => existsSync(home(loop, 'began')), 'both to begin', 100_000)
    writeFileSync(home(one, 'go'), '')
    expect((await running[0]!.ended).status).toBe(0)
    writeFileSync(home(other, 'go'), '')
    const ended = await running[1]!.ended
    expect(ended.status, ended.stdout).toBe(0)
    expect(other.events('landing.refused')).toMatchObject([{ reason: 'task', task: 'both' }])
    expect(other.events('iteration.ended').map((event) => event.outcome)).toEqual(['kept', 'landed'])
    expect(other.agent.calls().map((call) => call.env.OOMPA_TASK)).toEqual(['both', 'third'])
    expect(other.events('note').filter(({ text }) => text.includes('no lists'))).toHaveLength(1)
    expect(other.refs('refs/oompa/kept')).toHaveLength(1)
    expect(history().filter((line) => line.startsWith('Merge branch'))).toHaveLength(3)
    expect(other.repository.git(['rev-parse', 'main'])).toBe(bare.git(['rev-parse', 'main']))
    expect(other.repository.git(['status', '--porcelain'])).toBe('')
  }, 400_000)

  test('a landing that was not pushed in time is taken back; a person’s commit, and other tasks, stay', async () => {
    const options = { worker: { iterations: 2 }, files: filesOf('graph', ['both', 'mine']) }
    const { clones, bare, history } = team(makes, options)
    const [one, other] = [clones[0]!, clones[1]!]
    one.repository.git(['remote', 'set-url', 'origin', `${bare.root}.away`])
    expect((await one.run()).status).toBe(0)
    one.repository.commit('By hand', { 'by-hand.txt': '1' })
    expect((await other.run(['--iterations', '1'])).status).toBe(0)
    one.repository.git(['remote', 'set-url', 'origin', bare.root])
    addTask('graph', other.repository, 'later')
    other.repository.git(['push', '-q', 'origin', 'main'])
    const ended = await one.run(['--iterations', '1'])
    expect(ended.status, ended.stdout).toBe(0)
    const withdrawn = one.swarms().flatMap((swarm) => one.events('landing.withdrawn', swarm))
    expect(withdrawn).toMatchObject([{ task: 'both', into: 'main' }])
    expect(one.repository.git(['rev-parse', 'main'])).toBe(bare.git(['rev-parse', 'main']))
    expect(one.repository.git(['status', '--porcelain'])).toBe('')
    const lines = history()
    for (const task of ['both', 'mine', 'later']) {
      expect(lines.filter((line) => line.endsWith(`The task ${task}`))).toHaveLength(1)
    }
    expect(lines).toContain('By hand')
    expect(bare.git(['show', 'main:both.txt'])).toContain('home-2')
    expect(bare.git(['show', 'main:task-graph.yaml']).match(/status: complete # by hand/g)).toHaveLength(3)
    expect(one.repository.git(['show', `${withdrawn[0]!.kept}:both.txt`])).toContain('home-1')
  }, 400_000)

  test('whose landing cannot be taken back, since a person has built on it, stops, and does not end with 0', async () => {
    const { clones, bare } = team(makes, { files: filesOf('folder', ['both']) })
    const [one, other] = [clones[0]!, clones[1]!]
    one.repository.git(['remote', 'set-url', 'origin', `${bare.root}.away`])
    expect((await one.run()).status).toBe(0)
    one.repository.commit('By hand', { 'both.txt': 'more\n' })
    expect((await other.run()).status).toBe(0)
    one.repository.git(['remote', 'set-url', 'origin', bare.root])
    addTask('folder', one.repository, 'next')
    const before = one.repository.git(['rev-parse', 'main'])
    const ended = await one.run()
    expect(ended.status).toBe(1)
    expect(ended.stdout).toContain('have gone apart')
    expect(one.repository.git(['rev-parse', 'main'])).toBe(before)
    const landed = one.swarms().flatMap((swarm) => one.events('landing.landed', swarm))
    expect(landed.map((event) => event.task)).toEqual(['both'])
  }, 400_000)
})
