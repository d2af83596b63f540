// Landings a second: ours beside the published flock function, in one run, because only the ratios can be trusted.
// node bench/landing.mjs [small|large|shell|flat|batch|crash] …   (all unless named; needs `npm run build`)

import { execFileSync, spawn } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { addRemote, base, env, git, repository } from './support/repository.mjs'
import { printRow, rounds } from './support/rows.mjs'

// What runs in this process has the same environment as what it is compared with.
for (const name of Object.keys(process.env)) if (name.startsWith('GIT_')) delete process.env[name]
Object.assign(process.env, env)

const { mergeQueue } = await import('../dist/merge/hook.js')
const { commandRunner } = await import('../dist/hooks/commandRunner.js')
const oompa = path.join(import.meta.dirname, '../bin/oompa')

/** A repository with 40 branches of one commit each. */
function withBranches(files, remote = false) {
  const root = repository(files)
  const index = path.join(base, 'index')
  const run = (...args) =>
    execFileSync('git', args, { cwd: root, env: { ...env, GIT_INDEX_FILE: index } })
      .toString()
      .trim()
  writeFileSync(path.join(base, 'new'), 'new\n')
  const blob = run('hash-object', '-w', path.join(base, 'new'))
  run('read-tree', 'main')
  for (let i = 1; i <= BRANCHES; i++) {
    if (i > 1) run('update-index', '--force-remove', `d0/new${i - 1}`)
    run('update-index', '--add', '--cacheinfo', `100644,${blob},d0/new${i}`)
    run('update-ref', `refs/heads/b${i}`, run('commit-tree', '-p', 'main', '-m', `b${i}`, run('write-tree')))
  }
  rmSync(index)
  if (remote) addRemote(root)
  return root
}

const BRANCHES = 40
const names = (count = BRANCHES) => Array.from({ length: count }, (_, i) => `b${i + 1}`)

/** Feeds the branches to `land` by so many submitters, each waiting for its own. */
async function feed(branches, submitters, land) {
  const left = [...branches]
  const began = performance.now()
  await Promise.all(
    Array.from({ length: submitters }, async (_, worker) => {
      for (let branch = left.shift(); branch; branch = left.shift()) await land(branch, worker + 1)
    }),
  )
  return (performance.now() - began) / 1000
}

function shell(cwd, line, env = {}) {
  return new Promise((resolve) => {
    const child = spawn('bash', ['-c', line], { cwd, stdio: 'ignore', env: { ...process.env, ...env } })
    child.on('close', resolve)
  })
}

/** The published function; it neither pulls nor pushes where there is nothing to pull from. */
const flockLine = (branch, remote) =>
  `( flock 9; git checkout -q main; ${remote ? 'git pull -q;' : ''} git merge -q --no-ff -m "merge ${branch}" ${branch}; ${remote ? 'git push -q' : 'true'} ) 9>.git/flock`

/** Landings a second by the loop's queue, in this process. */
async function byQueue(root, options, submitters = 10, branches = names()) {
  const hook = mergeQueue(options)
  const tests = []
  // The loop knows them when it lands.
  const commits = new Map(branches.map((branch) => [branch, git(root, 'rev-parse', `refs/heads/${branch}`)]))
  const seconds = await feed(branches, submitters, async (branch, worker) => {
    const commit = commits.get(branch)
    const answer = await hook(
      {
        swarm: '0',
        worker: `w${worker}`,
        number: 1,
        attempt: 1,
        branch,
        commit,
        into: 'main',
        base: '',
        files: [],
        worktree: { name: '', path: root, branch, base: '' },
      },
      {
        root,
        swarm: '0',
        worker: `w${worker}`,
        iteration: 1,
        tasks: '',
        signal: new AbortController().signal,
        env: {},
        emit: (event) => {
          if (event.type === 'landing.testing') tests.push(event)
          if (event.type === 'landing.waiting' || event.type === 'landing.unpushed') console.log(event)
        },
        run: commandRunner(root),
        workers: submitters,
      },
    )
    if (!answer.commit) throw new Error(`${branch}: ${JSON.stringify(answer)}`)
  })
  check(root, branches)
  return { perSecond: branches.length / seconds, tests: tests.length }
}

async function byFlock(root, submitters = 10, branches = names()) {
  const remote = git(root, 'remote') !== ''
  const seconds = await feed(branches, submitters, (branch) => shell(root, flockLine(branch, remote)))
  return { perSecond: branches.length / seconds }
}

async function byShell(root, options) {
  const branches = names()
  const seconds = await feed(branches, 10, (branch) => shell(root, `${oompa} merge ${branch} ${options}`))
  check(root, branches)
  return { perSecond: branches.length / seconds }
}

/** Milliseconds for each of the 40 landings, from the repository's first commit on. */
async function costOf(root, elsewhere) {
  const base = git(root, 'merge-base', 'main', 'b1')
  git(root, 'checkout', '-q', '-f', '-B', 'main', base)
  if (elsewhere) git(root, 'checkout', '-q', '-B', 'elsewhere')
  const { perSecond } = await byQueue(root, {})
  return 1000 / perSecond
}

/** Everything landed once, and the checkout is where the target is. */
function check(root, branches) {
  const merged = git(root, 'branch', '--merged', 'main', '--format=%(refname:short)').split('\n')
  const missing = branches.filter((branch) => !merged.includes(branch))
  const dirty = git(root, 'status', '--porcelain')
  if (missing.length || dirty) throw new Error(`missing ${missing}, dirty ${dirty}`)
}

function row(what, theirs, ours, target, against = 'the flock function') {
  const about = { row: `landings: ${what}`, unit: '/s', against }
  printRow(about, target, {
    ours: [ours.perSecond],
    theirs: [theirs.perSecond],
    ratio: [ours.perSecond / theirs.perSecond],
  })
}

async function pair(files, targets) {
  for (const remote of [false, true]) {
    const theirs = await byFlock(withBranches(files, remote))
    const ours = await byQueue(withBranches(files, remote), { push: remote })
    row(`${files} files, ${remote ? 'with a push each' : 'no remote'}`, theirs, ours, targets[Number(remote)])
  }
}

const parts = {
  small: () => pair(20, [{ ratioAtLeast: 2, atLeast: 25 }, { ratioAtLeast: 1.5 }]),
  large: () => pair(50_000, [{ ratioAtLeast: 15, atLeast: 25 }, { ratioAtLeast: 5 }]),
  async shell() {
    for (const remote of [false, true]) {
      const what = `\`oompa merge\` from a shell, 5,000 files, ${remote ? 'with a push each' : 'no remote'}`
      const theirs = await byFlock(withBranches(5000, remote))
      const ours = await byShell(withBranches(5000, remote), remote ? '--push' : '')
      // Each starts Node (decision 6).
      row(what, theirs, ours, { ratioAtLeast: 0.4 })
    }
  },
  /** What a landing costs on 50,000 files, beside 20; and with the person's checkout to be moved after it. */
  async flat() {
    const [few, many] = [withBranches(20), withBranches(50_000)]
    for (const elsewhere of [true, false]) {
      const values = { ours: [], theirs: [], ratio: [] }
      for (let round = 0; round < rounds(5); round++) {
        const [theirs, ours] = [await costOf(few, elsewhere), await costOf(many, elsewhere)]
        values.theirs.push(theirs)
        values.ours.push(ours)
        values.ratio.push(ours / theirs)
      }
      const row = `a landing on 50,000 files, the target ${elsewhere ? 'in no checkout' : 'checked out'}`
      printRow({ row, unit: 'ms', against: 'on 20 files' }, { ratioAtMost: elsewhere ? 1.5 : 2.5 }, values)
    }
  },
  async batch() {
    const options = { test: 'sleep 2' }
    const single = await byQueue(withBranches(20), { ...options, batch: 1 }, 16, names(16))
    const batched = await byQueue(withBranches(20), { ...options, batch: 8 }, 16)
    row('a 2 s test, 16 submitters, batches of 8', single, batched, { ratioAtLeast: 2.5 }, 'one at a time')
    printRow(
      { row: 'gate runs for each landing, batches of 8', unit: 'runs' },
      { atMost: 0.45 },
      { ours: [batched.tests / BRANCHES] },
    )
  },
}

/** Kills `oompa merge`, with its git processes, at random moments; everything must land once and no edit be lost. */
async function crashes(moments) {
  const root = withBranches(20)
  writeFileSync(path.join(root, 'd0/f0'), 'my edit\n')
  const before = git(root, 'status', '--porcelain')
  const began = performance.now()
  await shell(root, `${oompa} merge b${BRANCHES}`)
  const usual = performance.now() - began
  let killed = 0
  for (let i = 0; i < moments; i++) {
    const name = `kill${i}`
    const blob = execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: root, input: name }).toString().trim()
    const index = path.join(base, 'index')
    const env = { ...process.env, GIT_INDEX_FILE: index }
    const run = (...args) => execFileSync('git', args, { cwd: root, env, encoding: 'utf8' }).trim()
    run('read-tree', 'main')
    run('update-index', '--add', '--cacheinfo', `100644,${blob},d0/f1`)
    run('update-ref', `refs/heads/${name}`, run('commit-tree', '-p', 'main', '-m', name, run('write-tree')))
    const child = spawn(oompa, ['merge', name], { cwd: root, stdio: 'ignore', detached: true })
    const ended = new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)))
    const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), usual * (0.3 + Math.random() * 0.8))
    if ((await ended) === 'SIGKILL') killed++
    clearTimeout(timer)
    const status = await shell(root, `${oompa} merge ${name} --wait 5`)
    if (status !== 0 && status !== 3) throw new Error(`${name} ended with ${status}`)
    if (git(root, 'status', '--porcelain') !== before)
      throw new Error(`after ${name}: ${git(root, 'status', '--porcelain')}`)
  }
  const merges = git(root, 'log', '--first-parent', '--merges', '--format=%P', 'main').split('\n')
  const seconds = merges.map((line) => line.split(' ')[1])
  for (let i = 0; i < moments; i++) {
    const tip = git(root, 'rev-parse', `kill${i}`)
    const count = seconds.filter((one) => one === tip).length
    if (count !== 1) throw new Error(`kill${i} landed ${count} times`)
  }
  git(root, 'fsck', '--strict', '--no-dangling')
  console.log({ moments, killed, lost: 0, doubled: 0 })
}

const asked = process.argv.slice(2)
for (const [name, run] of Object.entries(parts)) if (asked.length === 0 || asked.includes(name)) await run()
// A check and no row: only if asked for.
if (asked.includes('crash')) await crashes(200)
