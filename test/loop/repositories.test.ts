import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { scriptedAgent } from '../support/agents.js'
import { level1, level1Files, level2, loopIn, type TestLoop, until } from '../support/loop.js'
import { repositoryAt, temporaryFolder, testRepository } from '../support/repository.js'

const works = 'cd "$OOMPA_WORKTREE" && echo x > "$OOMPA_WORKER" && git add -A && git commit -qm work; echo done'
const once = { WORKERS: '1', ITERATIONS: '1' }

/** A loop in a folder that is made by hand. */
function loopAt(make: (root: string, git: (args: string[], cwd?: string) => string) => string, body = works): TestLoop {
  const base = temporaryFolder()
  const home = path.join(base, 'home')
  mkdirSync(home)
  const plain = repositoryAt(base, home)
  const repository = repositoryAt(
    make(base, (args, cwd) => plain.git(args, cwd)),
    home,
  )
  return loopIn(repository, scriptedAgent(repository, body))
}

function writeLevel1(loop: TestLoop): void {
  for (const [file, content] of Object.entries(level1Files)) loop.repository.write(file, content)
}

async function refused(loop: TestLoop, says: RegExp, status = 2): Promise<void> {
  for (const ended of [await loop.run([], { env: { ...loop.env, ...once } }), await loop.oompa(['run'])]) {
    expect(ended.stderr).toMatch(says)
    expect(ended.stderr).toContain('→')
    expect(ended.stderr).not.toMatch(/\n\s+at /)
    expect(ended.status).toBe(status)
  }
  expect(loop.agent.calls()).toEqual([])
}

describe('where it cannot work', () => {
  test('no git repository', async () => {
    const loop = loopAt((base) => {
      mkdirSync(path.join(base, 'plain'))
      return path.join(base, 'plain')
    })
    writeLevel1(loop)
    await refused(loop, /not inside a git repository/)
    expect(existsSync(path.join(loop.repository.root, '.oompa'))).toBe(false)
  })

  test('no commit yet', async () => {
    const loop = loopAt((base, git) => {
      git(['init', '-q', '-b', 'main', 'new'])
      return path.join(base, 'new')
    })
    writeLevel1(loop)
    await refused(loop, /no commit yet/)
    expect(loop.repository.git(['status', '--porcelain', '--', '.oompa'])).toBe('')
  })

  test('a bare repository', async () => {
    const loop = loopAt((base, git) => {
      git(['init', '-q', '--bare', 'bare.git'])
      return path.join(base, 'bare.git')
    })
    await refused(loop, /bare repository/)
  })

  test('inside .git', async () => {
    const loop = level1(works)
    const ended = await loop.run([], { cwd: path.join(loop.repository.root, '.git') })
    expect(ended.status).toBe(2)
    expect(ended.stderr).toContain('inside a git directory')
  })
})

describe('where it works', () => {
  test('a shallow repository', async () => {
    const loop = loopAt((base, git) => {
      git(['init', '-q', '-b', 'main', 'whole'])
      const whole = repositoryAt(path.join(base, 'whole'), path.join(base, 'home'))
      whole.commit('One', level1Files)
      whole.commit('Two', { more: 'x' })
      whole.write('oompa.json', '{ "workers": [{ "model": "claude", "iterations": 1 }] }')
      whole.commit('Three')
      git(['clone', '-q', '--depth', '1', `file://${whole.root}`, 'shallow'])
      return path.join(base, 'shallow')
    }, `${works}; cat <<< '{"type":"result","subtype":"success","is_error":false,"result":"ok","session_id":"x"}'`)
    expect(loop.repository.git(['rev-parse', '--is-shallow-repository'])).toBe('true')
    const ended = await loop.run([], { env: { ...loop.env, ...once } })
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(loop.events('landing.landed')).toHaveLength(1)
    expect(loop.repository.git(['show', 'main:w1'])).toBe('x')
  })

  test('a detached HEAD, at level 1 and, landing on main, at level 2', async () => {
    for (const loop of [level1(works), level2(works)]) {
      loop.repository.git(['checkout', '-q', '--detach'])
      const ended = await loop.run([], { env: { ...loop.env, ...once } })
      expect(ended.status, ended.stdout + ended.stderr).toBe(0)
      expect(loop.repository.git(['rev-parse', '--abbrev-ref', 'HEAD'])).toBe('HEAD')
    }
    const nowhere = level2(works)
    nowhere.repository.git(['checkout', '-q', '--detach'])
    nowhere.repository.git(['branch', '-qm', 'main', 'trunk'])
    const ended = await nowhere.run()
    expect(ended.status).toBe(2)
    expect(ended.stderr).toContain('--into')
  })

  test.each(['with spaces', 'żółć ünïcödé 日本', `quo'te "and" $dollar;&`, '-dash'])(
    'a path such as %s',
    async (name) => {
      const loop = loopAt((base, git) => {
        git(['init', '-q', '-b', 'main', '--', name])
        return path.join(base, name)
      })
      loop.repository.commit('Start', {
        ...level1Files,
        'oompa.json':
          '{ "workers": [{ "model": "command:claude", "iterations": 1 }], "merge": { "test": "test -e w1" } }',
      })
      const ended = await loop.run()
      expect(ended.status, ended.stdout + ended.stderr).toBe(0)
      expect(loop.repository.git(['show', 'main:w1'])).toBe('x')
      expect(existsSync(path.join(loop.repository.root, 'w1'))).toBe(true)
      expect(loop.repository.git(['status', '--porcelain'])).toBe('')
    },
  )

  test('submodules: work lands, worktrees with a submodule checked out are put away, and nothing is lost', async () => {
    const inner = testRepository({ inner: 'x' })
    const loop = level2(
      'cd "$OOMPA_WORKTREE" && git -c protocol.file.allow=always submodule update -q --init && echo x > "$OOMPA_WORKER-$OOMPA_ITERATION" && git add -A && git commit -qm work; echo done',
      { iterations: 2 },
    )
    loop.repository.git(['-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', inner.root, 'sub'])
    loop.repository.commit('Add a submodule')
    const ended = await loop.run()
    expect(ended.status, ended.stdout + ended.stderr + (await loop.oompa(['logs'])).stdout).toBe(0)
    expect(loop.events('iteration.ended').map((event) => event.outcome)).toEqual(['landed', 'landed'])
    expect(loop.repository.git(['ls-tree', 'main', 'sub'])).toContain('commit')
    expect(loop.repository.git(['status', '--porcelain'])).toBe('')
  })

  test('started from a subfolder, and from inside a linked worktree, it means the main checkout', async () => {
    const loop = level1('echo done', { ...level1Files, 'deep/er/file': 'x' })
    const { root } = loop.repository
    loop.repository.git(['worktree', 'add', '-q', '../linked'])
    for (const cwd of [path.join(root, 'deep/er'), path.join(root, '../linked')]) {
      const ended = await loop.run([], { cwd, env: { ...loop.env, ...once } })
      expect(ended.status, ended.stderr).toBe(0)
    }
    expect(loop.agent.calls().map((call) => call.cwd)).toEqual([root, root])
    expect(existsSync(path.join(root, '.w1-i1'))).toBe(true)
    expect(existsSync(path.join(root, '../linked/.oompa'))).toBe(false)
    expect(existsSync(path.join(root, 'deep/er/.oompa'))).toBe(false)
  })

  test('an inherited GIT_DIR, GIT_INDEX_FILE and CLAUDECODE lead nobody astray', async () => {
    const other = testRepository({ theirs: 'x' })
    const loop = level1(works)
    const before = other.git(['for-each-ref'])
    const env = {
      ...loop.env,
      ...once,
      GIT_DIR: path.join(other.root, '.git'),
      GIT_WORK_TREE: other.root,
      GIT_INDEX_FILE: path.join(other.root, '.git/index'),
      CLAUDECODE: '1',
      CLAUDE_CODE_ENTRYPOINT: 'cli',
    }
    const ended = await loop.run([], { env })
    expect(ended.status, ended.stderr).toBe(0)
    expect(other.git(['for-each-ref'])).toBe(before)
    expect(other.git(['status', '--porcelain'])).toBe('')
    expect(loop.repository.git(['show', 'oompa/w1-i1:w1'])).toBe('x')
    const [call] = loop.agent.calls()
    for (const name of ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'CLAUDECODE'])
      expect(call?.env).not.toHaveProperty(name)
  })

  test('as a git hook of the person, which sets GIT_INDEX_FILE', async () => {
    const loop = level1('echo done')
    loop.repository.write(
      '.git/hooks/post-commit',
      `#!/bin/sh\nWORKERS=1 ITERATIONS=1 exec '${process.execPath}' '${path.resolve('oompa_loompas.mjs')}' > "$HOME/out" 2>&1\n`,
      0o755,
    )
    loop.repository.write('new', 'x')
    execFileSync('git', ['add', 'new'], { cwd: loop.repository.root, env: loop.env })
    execFileSync('git', ['commit', '-qm', 'New'], { cwd: loop.repository.root, env: loop.env, stdio: 'ignore' })
    expect(loop.agent.calls(), readFileSync(path.join(loop.repository.home, 'out'), 'utf8')).toHaveLength(1)
    expect(loop.repository.git(['status', '--porcelain'])).toBe('')
  })
})

test('one that is moved while a swarm works in it: said once, nothing is made at its old place, all is there', async () => {
  const waits =
    'touch "$HOME/began"; until test -e "$HOME/go"; do sleep 0.05; done; cd "$OOMPA_WORKTREE"; echo x > made'
  const loop = level2(waits, { iterations: 2 })
  const { root, home } = loop.repository
  const running = loop.start()
  await until(() => existsSync(path.join(home, 'began')), 'the agent')
  renameSync(root, `${root}-moved`)
  writeFileSync(path.join(home, 'go'), '')
  const ended = await running.ended
  expect(ended.status).toBe(1)
  expect(ended.stdout.split('is no repository any more').length, ended.stdout).toBe(2)
  expect(existsSync(root)).toBe(false)
  renameSync(`${root}-moved`, root)
  expect(readFileSync(path.join(root, '.w1-i1/made'), 'utf8')).toBe('x\n')
  const again = await loop.oompa(['resume'])
  expect(again.status, again.stdout + again.stderr).toBe(0)
  expect(loop.events('landing.landed')).toHaveLength(1)
})
