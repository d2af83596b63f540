// The person's configuration does not decide our merges: a swarm under a hostile one ends as it does without.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { gitEnvironment } from '../../src/git/git-environment.js'
import { PINNED } from '../../src/git/pinned.js'
import { git } from '../../src/git/run-git.js'
import { landingRepository } from '../merge/support.js'
import { level2, type TestLoop, until } from '../support/loop.js'
import { testRepository } from '../support/repository.js'

/** Every pinned key the other way, and what is obeyed and must not matter. */
const HOSTILE = `
[merge]
  ff = only
  verifySignatures = true
  autoStash = true
  log = 20
  branchdesc = true
  renames = false
  renameLimit = 1
  directoryRenames = false
  renormalize = true
  verbosity = 0
  conflictStyle = merge
  stat = false
[rerere]
  enabled = true
  autoUpdate = true
[core]
  safecrlf = true
  fsmonitor = true
  quotePath = true
  abbrev = 5
  pager = false
  editor = false
  commentChar = M
[commit]
  cleanup = scissors
  template = /nowhere
  verbose = true
  status = false
[i18n]
  commitEncoding = ISO-8859-1
  logOutputEncoding = ISO-8859-1
[submodule]
  recurse = true
[push]
  followTags = true
  default = nothing
  autoSetupRemote = true
[pull]
  ff = only
  rebase = interactive
[rebase]
  autoSquash = true
  autoStash = true
  updateRefs = true
[fetch]
  recurseSubmodules = true
  prune = true
  pruneTags = true
[gc]
  auto = 1
  pruneExpire = now
[maintenance]
  auto = true
[log]
  showSignature = true
  decorate = full
  date = relative
  follow = true
  abbrevCommit = true
[color]
  ui = always
  diff = always
  branch = always
  status = always
[column]
  ui = always
[status]
  short = true
  branch = true
  showStash = true
  renames = copies
  relativePaths = false
  showUntrackedFiles = no
  submoduleSummary = true
[diff]
  algorithm = patience
  context = 0
  interHunkContext = 9
  external = false
  ignoreSubmodules = all
  mnemonicPrefix = true
  noprefix = true
  orderFile = ~/order
  relative = true
  renameLimit = 1
  renames = false
  submodule = log
  suppressBlankEmpty = true
  wordRegex = .
[branch]
  autoSetupMerge = always
  autoSetupRebase = always
[branch "oompa/w1-i1"]
  mergeOptions = --no-commit -X ours
[format]
  pretty = oneline
[tag]
  forceSignAnnotated = true
[checkout]
  guess = true
  defaultRemote = nowhere
[worktree]
  guessRemote = true
[advice]
  detachedHead = true
`

const OBEYED = '[core]\n  autocrlf = input\n'

const WORK = `
wait_for_person() { touch "$HOME/started"; until [ -e "$HOME/did" ]; do sleep 0.05; done; }
case $OOMPA_ITERATION in
1) if grep -q '^<<<<<<<' list.txt; then grep -v '^[<=>|]' list.txt > mended; mv mended list.txt; git add -A; git commit -qm Mended
   else echo agent >> list.txt; git mv old.txt new.txt; wait_for_person; fi;;
2) printf 'a\\r\\nb\\n' > mixed.txt;;
esac`

/** A swarm that meets a conflict, a rename on one side, mixed line ends, and pushes. */
async function swarmUnder(config: string, env: NodeJS.ProcessEnv = {}): Promise<TestLoop> {
  const lines = Array.from({ length: 20 }, (_, at) => `line ${at}\n`).join('')
  const loop = level2(WORK, {
    iterations: 2,
    files: { 'list.txt': 'first\n', 'old.txt': lines, 'a/one.txt': 'one\n' },
    config: { merge: { push: true, strategy: 'merge', test: 'test -e list.txt' } },
  })
  const { repository } = loop
  const remote = path.join(repository.home, 'origin.git')
  repository.git(['init', '-q', '--bare', remote])
  repository.git(['remote', 'add', 'origin', remote])
  repository.git(['push', '-q', 'origin', 'main'])
  writeFileSync(path.join(repository.home, '.gitconfig'), OBEYED + config)
  writeFileSync(path.join(repository.home, 'order'), 'new.txt\n*.txt\n')
  const running = loop.start([], { env: { ...loop.env, ...env } })
  await until(() => loop.events('agent.started').length > 0, 'the agent')
  const started = path.join(repository.home, 'started')
  await until(() => exists(started), 'the first iteration')
  repository.commit('A person edits', { 'list.txt': 'first\nperson\n', 'old.txt': lines.replace('line 9', 'nine') })
  repository.git(['tag', '-a', '-m', 'A tag', 'mine'])
  writeFileSync(path.join(repository.home, 'did'), '')
  const ended = await running.ended
  expect(ended.status, ended.stdout + ended.stderr).toBe(0)
  return loop
}

function exists(file: string): boolean {
  try {
    readFileSync(file)
    return true
  } catch {
    return false
  }
}

/** What stands on main afterwards, and what was pushed. */
function outcome({ repository, events }: TestLoop) {
  const ask = (args: string[]) => repository.git(['-c', 'i18n.logOutputEncoding=UTF-8', ...args])
  return {
    tree: ask(['rev-parse', 'main^{tree}']),
    subjects: ask(['log', '--topo-order', '--format=%s%n%b', 'main']).replace(/(?<=^Oompa-Swarm: )\w{8}$/gm, 'its id'),
    parents: ask(['log', '--topo-order', '--format=%P', 'main'])
      .split('\n')
      .map((line) => line.split(' ').length),
    encodings: ask(['log', '--first-parent', '--merges', '--format=%e', 'main']).trim(),
    refused: events('landing.refused').map((event) => event.reason),
    landed: events('landing.landed').length,
    remote: ask(['ls-remote', 'origin']).replaceAll(ask(['rev-parse', 'main']), 'main'),
    clean: ask(['status', '--porcelain', '--untracked-files=all']),
  }
}

describe('the person’s configuration', () => {
  test('decides nothing of what lands, is pushed, or is brought to an author', async () => {
    const plain = outcome(await swarmUnder(''))
    expect(plain).toMatchObject({ landed: 2, refused: ['conflict'], clean: '' })
    const hostile = outcome(
      await swarmUnder(HOSTILE, {
        GIT_MERGE_VERBOSITY: '0',
        GIT_EXTERNAL_DIFF: 'false',
        GIT_DIFF_OPTS: '--unified=0',
        GIT_REFLOG_ACTION: 'somebody',
      }),
    )
    expect(hostile).toEqual(plain)
    expect(hostile.remote).not.toContain('refs/tags')
  })

  test('merges nothing by attributes of the person alone: what conflicts for others conflicts here', async () => {
    const repository = landingRepository({ 'list.txt': 'one\n' })
    repository.git(['config', 'core.attributesFile', repository.write('.git/mine', '* merge=union\n')])
    repository.branch('work', { 'list.txt': 'one\nmine\n' })
    repository.commit('Theirs', { 'list.txt': 'one\ntheirs\n' })
    expect(await repository.land('work')).toMatchObject({ refused: 'conflict' })
  })

  test('is overruled key by key, wherever it stands', async () => {
    const repository = testRepository()
    for (const key of Object.keys(PINNED)) repository.git(['config', key, 'hostile'])
    for (const [key, value] of Object.entries(PINNED)) {
      expect((await git(repository.root, ['config', '--get', key])).stdout, key).toBe(`${value}\n`)
    }
  })

  test('given in the environment stays where we pin nothing', () => {
    const given = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'user.name', GIT_CONFIG_VALUE_0: 'Somebody' }
    const before = { ...process.env }
    Object.assign(process.env, given)
    try {
      const env = gitEnvironment()
      expect(env).toMatchObject({ GIT_CONFIG_KEY_0: 'user.name', GIT_CONFIG_VALUE_0: 'Somebody' })
      expect(Number(env.GIT_CONFIG_COUNT)).toBe(Object.keys(PINNED).length + 1)
    } finally {
      process.env = before
    }
  })

  test('is gone through in the decision: every pinned key stands there', () => {
    const text = readFileSync('docs/decisions/0013-pinned-configuration.md', 'utf8')
    const missing = Object.keys(PINNED).filter((key) => {
      const [section = '', name = ''] = key.split('.')
      return !text.includes(`\`${section}\``) && !text.includes(`\`${key}\``) ? true : !text.includes(name)
    })
    expect(missing).toEqual([])
  })
})
