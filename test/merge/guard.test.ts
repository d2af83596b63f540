// Agents cannot move the target by mistake; where it happens all the same, it is noticed; their conflicts are theirs.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { detectBypass } from '../../src/merge/bypass.js'
import { commitLeftovers } from '../../src/merge/commit.js'
import { prepareConflict } from '../../src/merge/conflict.js'
import { guardEnvironment, guardIsChanged, guardRecord, removeGuards } from '../../src/merge/guard.js'
import { ANOTHER_GIT } from '../../src/merge/guard-scripts.js'
import { mergeQueue } from '../../src/merge/hook.js'
import { isRefusal } from '../../src/words.js'
import { itWith } from '../support/optional.js'
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

  test('is one for each worktree, refuses by its own branch, and goes with the worker’s next iteration', async () => {
    const repository = landingRepository()
    const folder = path.join(repository.root, '.git/oompa/guard/0123abcd')
    const [first, second] = [await agent(repository, 'w1-i1'), await agent(repository, 'w2-i1')]
    for (const { sh, branch } of [first, second]) {
      expect(sh('git commit -q --allow-empty -m one').status).toBe(0)
      expect(sh(`git update-ref refs/heads/oompa/w3-i1 HEAD`).stderr).toContain(`(${branch})`)
    }
    expect(first.sh('git update-ref refs/heads/oompa/w2-i1 main').stderr).toContain(
      'refs/heads/oompa/w2-i1 is not yours',
    )
    await agent(repository, 'w1-i2')
    expect(readdirSync(folder).sort()).toEqual(['w1-i2', 'w1-i2.own', 'w2-i1', 'w2-i1.own'])
    removeGuards(repository.root, '0123abcd')
    expect(existsSync(folder)).toBe(false)
  })

  test.each(['replaced', 'removed', 'added to', 'not executable'])(
    'that was %s is made anew before the next turn',
    async (how) => {
      const repository = landingRepository()
      const { sh, branch } = await agent(repository)
      const options = { root: repository.root, swarm: '0123abcd', into: 'main', branch, env: repository.env }
      expect(guardIsChanged(options)).toBe(false)
      const change = {
        replaced: 'rm -f $g/pre-push && echo "#!/bin/sh" > $g/pre-push && chmod +x $g/pre-push',
        removed: 'rm -rf "$g"',
        'added to': 'echo x > $g/post-index-change',
        'not executable': 'chmod -x $g/reference-transaction',
      }[how]
      // As an agent that means it; for any other the folder is not to be written to.
      expect(
        sh(
          `g=$(dirname $(dirname $(command -v git)))/hooks; ls -ld $g | grep -q '^dr-x' && chmod -R u+w $g/.. && ${change}`,
        ),
      ).toMatchObject({ status: 0 })
      expect(guardIsChanged(options)).toBe(true)
      await guardEnvironment(options)
      expect(guardIsChanged(options)).toBe(false)
      expect(sh('git commit -q --allow-empty -m one; git push . HEAD:main').stderr).toContain('is not yours to push')
    },
  )

  test('adds to the configuration that the environment has already, and goes with its swarm', async () => {
    const repository = landingRepository()
    const env = { ...repository.env, GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'user.name', GIT_CONFIG_VALUE_0: 'Env' }
    const { sh } = await agent(repository, 'w1-i1', env)
    expect(sh('git config user.name; git update-ref refs/heads/main HEAD~0 2>&1; true').stdout).toContain('Env')
    removeGuards(repository.root, '0123abcd')
    expect(sh('git commit -q --allow-empty -m x').status).toBe(0)
  })
})

describe('the stash', () => {
  const stashed = async () => {
    const repository = landingRepository()
    repository.write('README.md', 'precious\n')
    repository.git(['stash', '-q', '-m', 'mine'])
    const made = await agent(repository)
    writeFileSync(path.join(made.worktree, 'README.md'), 'work\n')
    const isRefused = (line: string) => {
      const ended = made.sh(line)
      expect(ended.status).not.toBe(0)
      expect(ended.stderr).toContain('Commit on your own branch instead')
      expect(readFileSync(path.join(made.worktree, 'README.md'), 'utf8')).toBe('work\n')
      expect(repository.git(['stash', 'list'])).toContain('mine')
    }
    return { ...made, repository, isRefused }
  }

  test.each(['stash -q', 'stash push -q', 'stash pop -q', 'stash drop -q', 'stash clear', 'stash apply'])(
    'is refused to an agent by `git %s`, with what to do in its place; files and entries stay as they were',
    async (words) => (await stashed()).isRefused(`git ${words}`),
  )

  test('is refused by any other git that the agent comes to, and the refusal is recorded', async () => {
    const { isRefused, repository, branch } = await stashed()
    const other = '$(PATH=$(echo $PATH | cut -d: -f2-); command -v git)'
    isRefused(`${other} stash -q`)
    isRefused(`${other} stash clear`)
    expect(guardRecord(repository.root, '0123abcd', branch)).toEqual(['stash', 'stash'])
  })

  test('is there for hooks of the person’s, in other repositories, to be looked at, and through a gc', async () => {
    const repository = landingRepository()
    const saves = '#!/bin/sh\ngit stash store -m backup $(git stash create) && git stash drop -q\n'
    repository.write('.git/hooks/pre-commit', saves, 0o755)
    repository.write('README.md', 'precious\n')
    repository.git(['stash', '-q', '-m', 'mine'])
    const { sh } = await agent(repository)
    expect(sh('git stash list').stdout).toContain('mine')
    expect(sh('git gc -q && git pack-refs --all')).toMatchObject({ status: 0, stderr: '' })
    expect(sh('echo 1 > x && git add x && git commit -qm one')).toMatchObject({ status: 0, stderr: '' })
    expect(repository.git(['stash', 'list'])).toContain('mine')
    expect(
      sh(
        'git init -q ../o && cd ../o && git commit -q --allow-empty -m x && echo 1 > x && git add x && git stash -q && git stash pop -q',
      ),
    ).toMatchObject({ status: 0 })
  })
})

describe('an installer of hooks', () => {
  // What each asks git, and does with the answers: as lefthook 2 and husky 9 do. The others are tried themselves.
  const installers = {
    lefthook: `hooks=$(git rev-parse --path-format=absolute --show-toplevel --git-path hooks --git-dir | sed -n 2p)
      mkdir -p $hooks; [ ! -e $hooks/pre-push ] || mv $hooks/pre-push $hooks/pre-push.old
      printf "$hook" > $hooks/pre-push && chmod +x $hooks/pre-push`,
    husky: `git config core.hooksPath .husky/_ && mkdir -p .husky/_ && printf "$hook" > .husky/_/pre-push &&
      chmod +x .husky/_/pre-push && [ "$(git config core.hooksPath)" = .husky/_ ]`,
  }
  const withRemote = async () => {
    const repository = landingRepository()
    const bare = path.join(repository.root, '..', 'bare.git')
    repository.git(['clone', '-q', '--bare', repository.root, bare])
    repository.git(['remote', 'add', 'origin', bare])
    return { repository, ...(await agent(repository)) }
  }

  test.each(Object.entries(installers))(
    '%s can install for an agent; its hooks run in that worktree alone, and the guard stays',
    async (_name, line) => {
      const { repository, sh } = await withRemote()
      const shared = () => [
        readFileSync(path.join(repository.root, '.git/config'), 'utf8'),
        readdirSync(path.join(repository.root, '.git/hooks')),
      ]
      const before = shared()
      expect(sh(`hook='#!/bin/sh\\necho ran\\n'; ${line}`)).toMatchObject({ status: 0 })
      expect(shared()).toEqual(before)
      expect(sh('git commit -q --allow-empty -m one && git push -q origin HEAD:main').stderr).toContain('is not yours')
      const pushed = sh('git push -q origin HEAD:refs/heads/mine 2>&1')
      expect(pushed).toMatchObject({ status: 0, stdout: 'ran\n' })
      const other = await agent(repository, 'w2-i1')
      expect(other.sh('git push -q origin HEAD:refs/heads/other 2>&1').stdout).toBe('')
    },
  )

  itWith('git-lfs')('git-lfs can install for an agent, and the guard stays', async () => {
    const { repository, sh } = await withRemote()
    expect(sh('git lfs install')).toMatchObject({ status: 0 })
    expect(existsSync(path.join(repository.root, '.git/hooks/pre-push'))).toBe(false)
    expect(sh('git commit -q --allow-empty -m one && git push -q origin HEAD:main').stderr).toContain('is not yours')
    expect(sh('git push -q origin HEAD:refs/heads/mine')).toMatchObject({ status: 0 })
  })

  itWith('pre-commit')('pre-commit can install for an agent, and the guard stays', async () => {
    const { sh } = await withRemote()
    expect(sh('echo "repos: []" > .pre-commit-config.yaml; pre-commit install -t pre-push')).toMatchObject({
      status: 0,
    })
    expect(sh('git commit -q --allow-empty -m one && git push -q origin HEAD:main').stderr).toContain('is not yours')
  })

  test('finds the person’s own folder of hooks, and in other repositories theirs', async () => {
    const repository = landingRepository()
    repository.git(['config', 'core.hooksPath', 'my-hooks'])
    const { sh } = await agent(repository)
    expect(sh('git config core.hooksPath; git rev-parse --git-path hooks').stdout).toBe('my-hooks\nmy-hooks\n')
    const elsewhere = sh('git init -q ../o && git -C ../o config core.hooksPath a && git -C ../o config core.hooksPath')
    expect(elsewhere.stdout).toBe('a\n')
    expect(sh('git -C ../o config --unset core.hooksPath; git -C ../o rev-parse --git-path hooks').stdout).toBe(
      '.git/hooks\n',
    )
  })
})

describe('what an agent does to what is shared', () => {
  test('is not recorded where it has another git from the start, and that is', async () => {
    const repository = landingRepository()
    const { sh, branch } = await agent(repository)
    const other = '$(PATH=$(echo $PATH | cut -d: -f2-); command -v git)'
    sh(
      `${other} config user.name Eve; ${other} commit -q --allow-empty -m one; ${other} commit -q --allow-empty -m two`,
    )
    expect(guardRecord(repository.root, '0123abcd', branch)).toEqual([ANOTHER_GIT])
  })

  test('is recorded by its guard: configuration that it writes, and refs of others that it moves', async () => {
    const repository = landingRepository()
    repository.git(['branch', 'mine'])
    const { sh, branch } = await agent(repository)
    sh('git config user.name; git config --get user.email; git config --list > /dev/null; git config --file x a.b c')
    sh('git commit -q --allow-empty -m one; git status > /dev/null; git log > /dev/null; git remote -v')
    expect(guardRecord(repository.root, '0123abcd', branch)).toEqual([])
    const other = '$(PATH=$(echo $PATH | cut -d: -f2-); command -v git)'
    sh(`${other} commit -q --allow-empty -m two`)
    expect(guardRecord(repository.root, '0123abcd', branch)).toEqual([])
    sh(
      'git config user.name Eve; git config --unset user.email; git -C . config alias.x y; git branch -f mine; git remote add o x',
    )
    expect(guardRecord(repository.root, '0123abcd', branch)).toEqual([
      'config config user.name Eve',
      'config config --unset user.email',
      'config -C . config alias.x y',
      'ref refs/heads/mine',
      'remote add o x',
    ])
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

  test('is found whatever the agent writes into the repository: that we have landed it stands elsewhere', async () => {
    const repository = landingRepository()
    const from = repository.git(['rev-parse', 'main'])
    const { worktree } = await agent(repository)
    repository.git(['commit', '-q', '--allow-empty', '-m', 'Work'], worktree)
    const tip = repository.git(['rev-parse', 'HEAD'], worktree)
    repository.write('.git/oompa/landed', `${tip}\n`)
    repository.write('.oompa/landed', `${tip}\n`)
    repository.git(['merge', '-q', 'oompa/w1-i1'])
    expect(await detectBypass(repository.root, 'main', from, tip)).toMatchObject({ commits: [tip] })
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
    const prepared = await prepareConflict(repository.root, { path: worktree, branch }, { into: 'main' })
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
    expect(await prepareConflict(repository.root, { path: worktree, branch }, { into: 'main' })).toMatchObject({
      paths: [],
    })
    expect(repository.git(['status', '--porcelain'], worktree)).toBe('')
  })
})
