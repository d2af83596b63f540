// Agents cannot move the target by mistake; where it happens all the same, it is noticed; their conflicts are theirs.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { detectBypass } from '../../src/merge/bypass.js'
import { commitLeftovers } from '../../src/merge/commit.js'
import { prepareConflict } from '../../src/merge/conflict.js'
import { guardEnvironment, removeGuards } from '../../src/merge/guard.js'
import { mergeQueue } from '../../src/merge/queue.js'
import { isRefusal } from '../../src/words.js'
import { type LandingRepository, landingRepository, submit } from './support.js'

async function agent(repository: LandingRepository, name = 'w1-i1', env: NodeJS.ProcessEnv = repository.env) {
  const worktree = path.join(repository.root, `.${name}`)
  const branch = `oompa/${name}`
  repository.git(['worktree', 'add', '-q', '-b', branch, worktree])
  const guard = await guardEnvironment({ root: repository.root, swarm: '0123abcd', into: 'main', branch, env })
  const sh = (line: string, cwd = worktree) =>
    spawnSync('sh', ['-c', line], { cwd, env: { ...env, ...guard }, encoding: 'utf8' })
  return { worktree, branch, sh }
}

describe('the guard', () => {
  test('lets an agent work on its own branch as it likes', async () => {
    const repository = landingRepository()
    const { sh, worktree } = await agent(repository)
    const work =
      'echo 1 > x && git add x && git commit -qm one && git commit -q --amend -m two && git merge -q main && git checkout -q -b side && git commit -q --allow-empty -m side && git checkout -q oompa/w1-i1 && git merge -q side && git tag t && git gc -q && git pack-refs --all'
    expect(sh(work)).toMatchObject({ status: 0, stderr: '' })
    expect(repository.git(['log', '-1', '--format=%s'], worktree)).toBe('side')
  })

  test('is for this repository alone: in any other, as a test makes them, main moves and its own hooks run', async () => {
    const repository = landingRepository()
    repository.write('.git/hooks/pre-commit', '#!/bin/sh\necho ours >> "$HOME/hooks"\n', 0o755)
    const { sh } = await agent(repository)
    const line = `git init -q -b main ../other && cd ../other && printf '#!/bin/sh\\necho other >> "$HOME/hooks"\\n' > .git/hooks/pre-commit && chmod +x .git/hooks/pre-commit && git commit -q --allow-empty -m one && git clone -q . ../copy && git -C ../copy commit -q --allow-empty -m two && git -C ../copy push -q . main:oompa/w9-i9`
    expect(sh(line)).toMatchObject({ status: 0, stderr: '' })
    expect(readFileSync(path.join(repository.home, 'hooks'), 'utf8')).toBe('other\n')
  })

  test.each([
    ['git push . HEAD:main', 'worktree'],
    ['git update-ref -d refs/heads/main $(git rev-parse main)', 'worktree'],
    ['git update-ref refs/heads/main HEAD', 'worktree'],
    ['git fetch --update-head-ok . HEAD:main', 'worktree'],
    ['git merge oompa/w1-i1', 'root'],
    ['git merge --no-ff -m x oompa/w1-i1', 'root'],
    ['git pull . oompa/w1-i1', 'root'],
    ['git commit --allow-empty -m x', 'root'],
    ['git update-ref -d refs/heads/main', 'worktree'],
    ['git update-ref refs/heads/oompa/w2-i1 HEAD', 'worktree'],
    ['git update-ref refs/oompa/kept/0123abcd/w2-1 HEAD', 'worktree'],
  ])('refuses `%s` in the %s, says what to do, and leaves the person’s checkout as it was', async (line, where) => {
    const repository = landingRepository()
    const { sh, worktree } = await agent(repository)
    repository.git(['branch', 'oompa/w2-i1'])
    sh('echo 1 > x && git add x && git commit -qm one')
    repository.write('README.md', 'my edit\n')
    const refs = repository.git(['for-each-ref'])
    const ended = sh(line, where === 'root' ? repository.root : worktree)
    expect(ended.status).not.toBe(0)
    expect(ended.stderr).toMatch(/is not yours to (move|push)\. Commit on your own branch \(oompa\/w1-i1\)/)
    expect(repository.git(['for-each-ref'])).toBe(refs)
    expect(repository.git(['status', '--porcelain'])).toBe(' M README.md\n?? .w1-i1/')
    expect(existsSync(path.join(repository.root, 'x'))).toBe(false)
  })

  test('refuses to push the target to a remote', async () => {
    const repository = landingRepository()
    const bare = path.join(repository.root, '..', 'bare.git')
    repository.git(['clone', '-q', '--bare', repository.root, bare])
    repository.git(['remote', 'add', 'origin', bare])
    const { sh } = await agent(repository)
    sh('git commit -q --allow-empty -m one')
    expect(sh('git push -q origin HEAD:main').stderr).toContain('is not yours to push')
    expect(sh('git push -q origin HEAD:refs/heads/mine').status).toBe(0)
  })

  test.each(['.git/hooks', 'my-hooks'])(
    'runs the person’s own hooks in %s, with their arguments and input',
    async (folder) => {
      const repository = landingRepository()
      if (folder === 'my-hooks') {
        repository.write('my-hooks/commit-msg', '#!/bin/sh\nexit 0\n', 0o755)
        repository.git(['config', 'core.hooksPath', 'my-hooks'])
        repository.commit('Hooks')
      }
      const log = path.join(repository.home, 'log')
      const record = `#!/bin/sh\n{ echo "\${0##*/} $*"; case $0 in *transaction|*push) cat;; esac; } >> '${log}'\n`
      for (const name of ['commit-msg', 'reference-transaction', 'pre-push', 'post-commit']) {
        repository.write(`${folder}/${name}`, record, 0o755)
      }
      if (folder === 'my-hooks') repository.commit('More hooks')
      const { sh } = await agent(repository)
      writeFileSync(log, '')
      expect(sh('git commit -q --allow-empty -m one').status).toBe(0)
      const said = readFileSync(log, 'utf8')
      expect(said).toMatch(/commit-msg .*COMMIT_EDITMSG/)
      expect(said).toMatch(/reference-transaction prepared\n[0-9a-f]+ [0-9a-f]+ (HEAD|refs\/heads\/oompa\/w1-i1)/)
      expect(said).toContain('post-commit')
      repository.write(`${folder}/commit-msg`, '#!/bin/sh\nexit 1\n', 0o755)
      if (folder === 'my-hooks') {
        sh(
          'git -c core.hooksPath=/dev/null merge -q main; cp "$OLDPWD/nothing" . 2>/dev/null; printf "#!/bin/sh\\nexit 1\\n" > my-hooks/commit-msg',
        )
      }
      expect(sh('git commit -q --allow-empty -m two').status).not.toBe(0)
    },
  )

  test('is written once for all agents of a swarm, and anew when the person has another hook', async () => {
    const repository = landingRepository()
    const folder = path.join(repository.root, '.git/oompa/guard')
    const [first, second] = [await agent(repository, 'w1-i1'), await agent(repository, 'w2-i1')]
    expect(readdirSync(folder)).toHaveLength(1)
    for (const { sh, branch } of [first, second]) {
      expect(sh('git commit -q --allow-empty -m one').status).toBe(0)
      expect(sh(`git update-ref refs/heads/oompa/w3-i1 HEAD`).stderr).toContain(`(${branch})`)
    }
    expect(first.sh('git update-ref refs/heads/oompa/w2-i1 main').stderr).toContain(
      'refs/heads/oompa/w2-i1 is not yours',
    )
    repository.write('.git/hooks/post-commit', '#!/bin/sh\necho ran >&2\n', 0o755)
    expect((await agent(repository, 'w3-i1')).sh('git commit -q --allow-empty -m one').stderr).toBe('ran\n')
    expect(readdirSync(folder)).toHaveLength(2)
    removeGuards(repository.root, '0123abcd')
    expect(readdirSync(folder)).toEqual([])
  })

  test('adds to the configuration that the environment has already, and goes with its swarm', async () => {
    const repository = landingRepository()
    const env = { ...repository.env, GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'user.name', GIT_CONFIG_VALUE_0: 'Env' }
    const { sh } = await agent(repository, 'w1-i1', env)
    expect(sh('git config user.name; git update-ref refs/heads/main HEAD~0 2>&1; true').stdout).toContain('Env')
    removeGuards(repository.root, '0123abcd')
    expect(sh('git commit -q --allow-empty -m x').status).toBe(0)
  })
})

describe('a bypass', () => {
  test('is found where a worker’s own commits reached the target, by a merge or forward', async () => {
    const repository = landingRepository()
    const from = repository.git(['rev-parse', 'main'])
    const { worktree } = await agent(repository)
    repository.git(['commit', '-q', '--allow-empty', '-m', 'Work'], worktree)
    const tip = repository.git(['rev-parse', 'HEAD'], worktree)
    repository.git(['merge', '-q', 'oompa/w1-i1'])
    expect(await detectBypass(repository.root, 'main', from, tip)).toMatchObject({ commits: [tip] })
    repository.git(['reset', '-q', '--hard', from])
    repository.git(['merge', '-q', '--no-ff', '-m', 'x', 'oompa/w1-i1'])
    const merge = repository.git(['rev-parse', 'main'])
    expect(await detectBypass(repository.root, 'main', from, merge)).toMatchObject({ commits: [tip] })
  })

  test('is found where the commit is on no branch of the worker’s: its HEAD says who made it', async () => {
    const repository = landingRepository()
    const from = repository.git(['rev-parse', 'main'])
    const { worktree } = await agent(repository)
    repository.git(['checkout', '-q', '--detach'], worktree)
    repository.git(['commit', '-q', '--allow-empty', '-m', 'Work'], worktree)
    const tip = repository.git(['rev-parse', 'HEAD'], worktree)
    repository.git(['merge', '-q', tip])
    expect(await detectBypass(repository.root, 'main', from, tip)).toMatchObject({ commits: [tip] })
  })

  test('is not found where a person commits, and a worker’s branch begins there or takes it in', async () => {
    const repository = landingRepository()
    const from = repository.git(['rev-parse', 'main'])
    const first = await agent(repository, 'w1-i1')
    repository.git(['commit', '-q', '--allow-empty', '-m', 'Work'], first.worktree)
    const to = repository.commit('By hand', { 'x.txt': '1' })
    await agent(repository, 'w2-i1')
    repository.git(['merge', '-q', '-m', 'Take in', 'main'], first.worktree)
    expect(await detectBypass(repository.root, 'main', from, to)).toBeUndefined()
  })

  test('is not found where we have landed', async () => {
    const repository = landingRepository()
    const from = repository.git(['rev-parse', 'main'])
    const { worktree, branch } = await agent(repository)
    writeFileSync(path.join(worktree, 'x'), '1')
    await commitLeftovers({ path: worktree }, { message: 'Work' })
    await repository.land(branch)
    const to = repository.commit('By hand on top', { 'y.txt': '1' })
    expect(await detectBypass(repository.root, 'main', from, to)).toBeUndefined()
  })

  test('stops the queue with status 1 and the commands to look and to undo; the ref is not moved back', async () => {
    const repository = landingRepository()
    const { worktree } = await agent(repository)
    const base = repository.git(['rev-parse', 'main'])
    repository.git(['commit', '-q', '--allow-empty', '-m', 'Work'], worktree)
    repository.branch('other', { 'x.txt': '1' })
    repository.git(['merge', '-q', 'oompa/w1-i1'])
    const to = repository.git(['rev-parse', 'main'])
    const hook = mergeQueue({ test: 'true' })
    const bypassed = { code: 'bypassed', status: 1, mend: expect.stringContaining('git reset --keep') }
    await expect(submit(repository, hook, ['other'], { base })).rejects.toMatchObject(bypassed)
    await expect(submit(repository, hook, ['other'], { base })).rejects.toMatchObject(bypassed)
    expect(repository.git(['rev-parse', 'main'])).toBe(to)
    expect(repository.events).toContainEqual(expect.objectContaining({ type: 'landing.bypassed', from: base, to }))
  })
})

describe('a conflict', () => {
  test('is brought into the author’s worktree, mended there, and then lands', async () => {
    const repository = landingRepository()
    const { worktree, branch } = await agent(repository)
    writeFileSync(path.join(worktree, 'README.md'), 'theirs\n')
    await commitLeftovers({ path: worktree }, { message: 'Work' })
    repository.commit('Mine', { 'README.md': 'mine\n' })
    expect(isRefusal(await repository.land(branch))).toBe(true)
    const prepared = await prepareConflict({ path: worktree, branch }, 'main')
    expect(prepared.paths).toEqual(['README.md'])
    expect(prepared.feedback).toContain('- README.md')
    expect(readFileSync(path.join(worktree, 'README.md'), 'utf8')).toMatch(/<<<<<<<[\s\S]*\|\|\|\|\|\|\|[\s\S]*>>>>>>>/)
    expect(await commitLeftovers({ path: worktree }, { message: 'x' })).toMatchObject({ unresolved: ['README.md'] })
    writeFileSync(path.join(worktree, 'README.md'), 'mine and theirs\n')
    await commitLeftovers({ path: worktree }, { message: 'Take in main' })
    expect(isRefusal(await repository.land(branch))).toBe(false)
    expect(repository.git(['show', 'main:README.md'])).toBe('mine and theirs')
  })

  test('that is none any more is merged and committed', async () => {
    const repository = landingRepository()
    const { worktree, branch } = await agent(repository)
    repository.commit('Mine', { 'x.txt': 'mine\n' })
    expect(await prepareConflict({ path: worktree, branch }, 'main')).toMatchObject({ paths: [] })
    expect(repository.git(['status', '--porcelain'], worktree)).toBe('')
  })
})
