// The two loops, ours and bash's, with the same agent; and the times at which that agent began and ended.

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { base, git, packageRoot, program } from './repository.mjs'
import { measured } from './run.mjs'

const calls = path.join(base, 'calls')

/** Installs the agent that both loops call, and gives its file: it notes its times, and does `body` in its worktree in between. */
export function agent(body) {
  return program(
    'claude',
    `#!/bin/bash
began=$EPOCHREALTIME
case "$1" in --version) echo 2.1.197; exit;; auth) echo '{"loggedIn": true}'; exit;; esac
read -r _ worktree
cat > /dev/null
worktree=\${OOMPA_WORKTREE:-$PWD/$worktree}
name=\${worktree##*/.}
${body}
echo "\${name%-*} $began $EPOCHREALTIME" >> ${calls}
`,
  )
}

export const commitOneFile = 'cd "$worktree" && echo x > "$name" && git add "$name" && git commit -qm "$name"'

/** The published script, with a branch name that git takes. */
const BASH_LOOP = `
for w in $(seq 1 $WORKERS); do
  ( for i in $(seq 1 $ITERATIONS); do
      git worktree add ".w$w-i$i" -b "w$w-i$i" 2> /dev/null
      { echo "Worktree: .w$w-i$i"; cat prompts/worker.md; } | claude -p - > /dev/null
      \${LAND:-:} "w$w-i$i"
    done ) &
done
wait`

export const bashLoop = (root, workers, iterations, before = '') =>
  runLoop(root, workers, iterations, ['bash', '-c', before + BASH_LOOP])

export const ourLoop = (root, workers, iterations, env = {}) =>
  runLoop(root, workers, iterations, [path.join(packageRoot, 'oompa_loompas.mjs')], env)

async function runLoop(cwd, workers, iterations, command, env = {}) {
  writeFileSync(calls, '')
  const began = Date.now() / 1000
  const facts = await measured(command, { cwd, env: { WORKERS: `${workers}`, ITERATIONS: `${iterations}`, ...env } })
  const times = readFileSync(calls, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([worker, start, end]) => ({ worker, start: Number(start), end: Number(end) }))
    .sort((a, b) => a.start - b.start)
  return { ...facts, times, firstMs: (times[0].start - began) * 1000, gapsMs: gaps(times) }
}

/** From an agent's end to the start of the same worker's next one. */
function gaps(times) {
  return times.flatMap((one, at) => {
    const next = times.slice(at + 1).find((other) => other.worker === one.worker)
    return next ? [(next.start - one.end) * 1000] : []
  })
}

/** Between two runs: what the bash loop's person would do. */
export function removeWorktrees(root) {
  for (const line of git(root, 'worktree', 'list', '--porcelain').split('\n')) {
    if (line.startsWith('worktree ') && line !== `worktree ${root}`)
      git(root, 'worktree', 'remove', '--force', line.slice(9))
  }
  for (const branch of git(root, 'branch', '--format=%(refname:short)').split('\n')) {
    if (branch !== 'main') git(root, 'branch', '-q', '-D', branch)
  }
}

/** Between two runs: `oompa cleanup`, which lets go of what has landed. */
export async function cleanup(root) {
  await measured([process.execPath, path.join(packageRoot, 'bin/oompa'), 'cleanup'], { cwd: root })
}

export function forget(root) {
  rmSync(root, { recursive: true, force: true })
}
