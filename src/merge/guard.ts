// Keeps agents from moving the target by mistake: in their environment, git asks a hook of ours before a ref moves.
// It is a fence and not a wall: what gets past it is noticed (bypass.ts).

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gitFolders, ourFolder } from '../git/folders.js'
import { remembered } from '../git/remembered.js'
import { git } from '../git/run.js'

export interface GuardOptions {
  /** The main checkout, absolute. */
  readonly root: string
  readonly swarm: string
  /** The target, without `refs/heads/`. */
  readonly into: string
  /** The agent's own branch, without `refs/heads/`. */
  readonly branch: string
  /** The environment that the agent gets otherwise; ours unless given. */
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Variables for an agent's environment, under which git refuses to move the target, other workers' branches and kept
 * work, and runs the person's own hooks as before.
 */
export async function guardEnvironment(options: GuardOptions): Promise<Record<string, string>> {
  const { root, swarm, branch, into } = options
  const { common } = gitFolders(root)
  const theirs = (await hooksPath(root)) || path.join(common, 'hooks')
  const scripts = scriptsOf(common, theirs, hookNames(path.resolve(root, theirs)), into)
  // All agents of a swarm have the same, until their person adds a hook.
  const id = createHash('sha256').update(JSON.stringify(scripts)).digest('hex').slice(0, 12)
  const folder = path.join(ourFolder(common), 'guard', `${swarm}-${id}`)
  if (!existsSync(folder)) writeScripts(folder, scripts)
  const env = options.env ?? process.env
  const count = Number.parseInt(env.GIT_CONFIG_COUNT ?? '0', 10) || 0
  const guard: Record<string, string> = { OOMPA_BRANCH: branch, GIT_CONFIG_COUNT: String(count + 1) }
  // All of them, because an allow-list may keep the others from the agent, and git dies of a gap.
  for (let at = 0; at < count; at++) {
    for (const name of [`GIT_CONFIG_KEY_${at}`, `GIT_CONFIG_VALUE_${at}`]) guard[name] = env[name] ?? ''
  }
  guard[`GIT_CONFIG_KEY_${count}`] = 'core.hooksPath'
  guard[`GIT_CONFIG_VALUE_${count}`] = folder
  return guard
}

/** The person's `core.hooksPath`, which an install may set while we run; empty if there is none. */
const hooksPath = remembered(async (root) => {
  const { stdout } = await git(root, ['config', '--type=path', '--get', 'core.hooksPath'], { hooks: true })
  return stdout.trim()
})

/** Removes the hooks of a swarm that has ended. */
export function removeGuards(root: string, swarm: string): void {
  const folder = path.join(ourFolder(gitFolders(root).common), 'guard')
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (name.startsWith(`${swarm}-`)) rmSync(path.join(folder, name), { recursive: true, force: true })
  }
}

/**
 * The hooks of a guard, by name.
 * @param theirs as configured: a relative path means the worktree in which git runs
 * @param names of their hooks
 */
function scriptsOf(common: string, theirs: string, names: readonly string[], into: string): Record<string, string> {
  const top = `#!/bin/sh\n${HEADER}${findTheirs(common, theirs)}`
  const passOn = names.map((name) => [name, `${top}[ ! -x "$hook" ] || exec "$hook" "$@"\n`])
  return {
    ...Object.fromEntries(passOn),
    'reference-transaction': `${top}${guardRefs(into)}${CHECK_AND_PASS_ON}`,
    'pre-push': `${top}${guardPush(into)}${CHECK_AND_PASS_ON}`,
  }
}

/** Whole or not at all. */
function writeScripts(folder: string, scripts: Record<string, string>): void {
  const made = `${folder}.${process.pid}`
  rmSync(made, { recursive: true, force: true })
  mkdirSync(made, { recursive: true })
  for (const [name, script] of Object.entries(scripts)) writeFileSync(path.join(made, name), script, { mode: 0o755 })
  renameSync(made, folder)
}

const HEADER = '# Written by oompa for its agents. The person’s own hooks run after it.\n'

function hookNames(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(folder).filter((name) => {
    if (name.includes('.')) return false
    const facts = statSync(path.join(folder, name), { throwIfNoEntry: false })
    return facts?.isFile() === true && (facts.mode & 0o111) !== 0
  })
}

/**
 * The agent's environment holds in every repository that it comes to: a submodule, or the temporary ones of a test. The
 * guard is for ours alone, and elsewhere that repository's own hooks run. Git says in GIT_DIR which worktree it is in;
 * starting another git to ask, for each commit of an agent, would cost more than all the rest of the hook.
 */
function findTheirs(ours: string, theirs: string): string {
  return `ours=${quote(ours)}
common=
case $GIT_DIR in
  "$ours"/worktrees/*/*) ;; # a submodule of a worktree
  "$ours" | "$ours"/worktrees/*) common=$ours ;;
esac
[ -n "$common" ] || common=$(cd "$(git rev-parse --git-common-dir)" && pwd -P)
theirs=${quote(theirs)}
[ "$common" = "$ours" ] || theirs=$common/hooks
hook=$theirs/$\{0##*/}
`
}

/** Standard input is read once, and handed on where the person has a hook of this name. */
const CHECK_AND_PASS_ON = `if [ -x "$hook" ]; then
  input=$(cat)
  [ "$common" != "$ours" ] || check "$@" <<EOF
$input
EOF
  printf "%s\\n" "$input" | "$hook" "$@"
  exit $?
fi
[ "$common" != "$ours" ] || check "$@"
exit 0
`

/** A transaction comes as `old new ref` lines. ORIG_HEAD is the first thing that a merge writes, before any file. */
function guardRefs(into: string): string {
  return `into=${quote(`refs/heads/${into}`)}
own=refs/heads/$OOMPA_BRANCH
refuse() {
  echo "oompa: $1 is not yours to move. Commit on your own branch ($OOMPA_BRANCH) and end your turn: the loop reviews, tests and lands your work." >&2
  exit 1
}
# \`git gc\` writes a ref's own value into packed-refs, and then prunes the file: the ref does not move.
packing() {
  [ "$new" = "$(git rev-parse -q --verify "$ref")" ] && return 0
  packed=$(git rev-parse --git-common-dir)/packed-refs
  case $new in *[!0]*) return 1 ;; esac
  [ ! -e "$packed.lock" ] && grep -q "^$old $ref$" "$packed"
}
# The branch that is checked out; files that say something else are another store of refs.
checked_out() {
  head=$\{GIT_DIR:-.git}/HEAD here=
  [ ! -f "$head" ] || [ -L "$head" ] || read -r here < "$head"
  case $here in
    'ref: refs/heads/.invalid' | '') here=$(git symbolic-ref -q HEAD) ;;
    *) here=$\{here#ref: } ;;
  esac
}
check() {
  [ "$1" = prepared ] || return 0
  while read -r old new ref; do
    case $ref in
      "$own" | '') ;;
      "$into" | refs/heads/oompa/* | refs/oompa/*) packing || refuse "$ref" ;;
      HEAD | ORIG_HEAD | MERGE_HEAD | CHERRY_PICK_HEAD | REVERT_HEAD)
        checked_out
        if [ "$here" = "$into" ] && [ "$into" != "$own" ]; then refuse "$into"; fi ;;
    esac
  done
}
`
}

function guardPush(into: string): string {
  return `check() {
  while read -r local oid ref remote; do
    [ "$ref" = ${quote(`refs/heads/${into}`)} ] || continue
    echo "oompa: ${shellText(into)} is not yours to push. Commit on your own branch ($OOMPA_BRANCH) and end your turn: the loop lands your work." >&2
    exit 1
  done
}
`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** For use between double quotes. */
function shellText(text: string): string {
  return text.replace(/["\\$`]/g, '\\$&')
}
