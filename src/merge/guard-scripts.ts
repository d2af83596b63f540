// The shell scripts of an agent's guard: hooks that git asks before a ref moves, and a `git` for its PATH.
//
// Installers of hooks (lefthook, husky, pre-commit, git-lfs) take `core.hooksPath` for the repository's own folder of
// hooks. In an agent's environment that is the guard's, which they would replace, for a push that nobody refuses; or
// they end with an error. So the `git` that is first on the agent's PATH answers their questions as if there were no
// guard, and gives them a folder of the agent's own: what they install there is run after the guard, in that worktree
// alone. An agent that calls another git has the guard all the same, by its environment.

export interface GuardFacts {
  /** The common git directory. */
  readonly common: string
  /** The person's folder of hooks, as configured: a relative path means the worktree in which git runs. */
  readonly theirs: string
  /** The target, without `refs/heads/`. */
  readonly into: string
  /** The folder that belongs to the agent: `hooks/`, `path` (another folder of hooks that it chose), `record`, `used`. */
  readonly own: string
  /** The git that the agent has otherwise, absolute. */
  readonly git: string
  /** The number of the variable that sets `core.hooksPath` to the guard. */
  readonly at: number
}

/** Every hook that an installer may add while the agent is at work; others are there if the person has them. */
const NAMES = [
  'applypatch-msg',
  'pre-applypatch',
  'post-applypatch',
  'pre-commit',
  'pre-merge-commit',
  'prepare-commit-msg',
  'commit-msg',
  'post-commit',
  'pre-rebase',
  'post-checkout',
  'post-merge',
  'post-rewrite',
]

/**
 * The scripts of a guard, by name below its folder.
 * @param names of the person's own hooks
 */
export function guardScripts(facts: GuardFacts, names: readonly string[]): Record<string, string> {
  const top = `#!/bin/sh\n# Written by oompa for its agents. The person’s own hooks run after it.\n${findTheirs(facts)}`
  const passOn = [...new Set([...NAMES, ...names])].map((name) => [
    `hooks/${name}`,
    `${top}[ -x "$hook" ] || exit 0\nOOMPA_IN_HOOK=1 exec "$hook" "$@"\n`,
  ])
  return {
    ...Object.fromEntries(passOn),
    'hooks/reference-transaction': `${top}${guardRefs(facts)}${CHECK_AND_PASS_ON}`,
    'hooks/pre-push': `${top}${guardPush(facts.into)}${CHECK_AND_PASS_ON}`,
    'bin/git': guardedGit(facts),
  }
}

/**
 * The agent's environment holds in every repository that it comes to: a submodule, or the temporary ones of a test. The
 * guard is for ours alone, and elsewhere that repository's own hooks run. Git says in GIT_DIR which worktree it is in;
 * starting another git to ask, for each commit of an agent, would cost more than all the rest of the hook.
 */
function findTheirs({ common, theirs, own }: GuardFacts): string {
  return `ours=${quote(common)} own=${quote(own)}
common=
case $GIT_DIR in
  "$ours"/worktrees/*/*) ;; # a submodule of a worktree
  "$ours" | "$ours"/worktrees/*) common=$ours ;;
esac
[ -n "$common" ] || common=$(cd "$(git rev-parse --git-common-dir)" && pwd -P)
theirs=${quote(theirs)}
if [ "$common" != "$ours" ]; then theirs=$common/hooks
elif [ -f "$own/path" ]; then read -r theirs < "$own/path"
elif [ -x "$own/hooks/$\{0##*/}" ]; then theirs=$own/hooks
fi
hook=$theirs/$\{0##*/}
`
}

/** Standard input is read once, and handed on where the person has a hook of this name. */
const CHECK_AND_PASS_ON = `if [ -x "$hook" ]; then
  input=$(cat)
  [ "$common" != "$ours" ] || check "$@" <<EOF
$input
EOF
  printf "%s\\n" "$input" | OOMPA_IN_HOOK=1 "$hook" "$@"
  exit $?
fi
[ "$common" != "$ours" ] || check "$@"
exit 0
`

/** A line of the record: the agent's git is not the one that keeps it. */
export const ANOTHER_GIT = 'another git'

/** Why the stash is refused, and what to do in its place. */
const STASH =
  'oompa: the stash is one for all worktrees: you would take or lose what the person or another worker has put there. Commit on your own branch instead (`git commit -am wip`, and `git reset --soft HEAD~` to go on).'

/**
 * A transaction comes as `old new ref` lines. ORIG_HEAD is the first thing that a merge writes, before any file. What a
 * hook of the person's does to the stash (lint-staged saves work there) is not the agent's doing.
 */
function guardRefs({ into }: GuardFacts): string {
  return `into=${quote(`refs/heads/${into}`)}
mine=refs/heads/$OOMPA_BRANCH
refuse() {
  echo "oompa: $1 is not yours to move. Commit on your own branch ($OOMPA_BRANCH) and end your turn: the loop reviews, tests and lands your work." >&2
  exit 1
}
refuse_stash() {
  echo stash >> "$own/record"
  echo ${quote(STASH)} >&2
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
  case $1 in
    prepared) ;;
    committed) record; return 0 ;;
    *) return 0 ;;
  esac
  while read -r old new ref; do
    case $ref in
      "$mine" | '') ;;
      "$into" | refs/heads/oompa/* | refs/oompa/*) packing || refuse "$ref" ;;
      refs/stash) [ -n "$OOMPA_IN_HOOK" ] || packing || refuse_stash ;;
      HEAD | ORIG_HEAD | MERGE_HEAD | CHERRY_PICK_HEAD | REVERT_HEAD)
        checked_out
        if [ "$here" = "$into" ] && [ "$into" != "$mine" ]; then refuse "$into"; fi ;;
    esac
  done
}
# Whoever reads this agent's work is to know which refs of others it has moved; and whether it calls another git than
# its own, of which nobody knows what it writes to the configuration.
record() {
  [ -e "$own/used" ] || grep -qsx ${quote(ANOTHER_GIT)} "$own/record" || echo ${quote(ANOTHER_GIT)} >> "$own/record"
  while read -r old new ref; do
    case $ref in
      "$mine" | refs/bisect/* | refs/worktree/* | refs/rewritten/* | refs/stash) ;;
      refs/*) echo "ref $ref" >> "$own/record" ;;
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

/**
 * The agent's git: the same git, in the same environment. It hides the guard from questions, which run no hook; it keeps
 * what is set as `core.hooksPath` for this worktree alone; and it refuses the stash before a pop has put somebody else's
 * work into the files, which no hook of git's can.
 */
function guardedGit({ common, theirs, own, git, at }: GuardFacts): string {
  // A relative folder of hooks is in each worktree: an installer may write there.
  const hooks = theirs.startsWith('/') ? `${own}/hooks` : theirs
  return `#!/bin/sh
# Written by oompa for its agents: this machine's git, in which installers of hooks find no guard.
git=${quote(git)} ours=${quote(common)} own=${quote(own)}
at=. word= first= second= skip= kind=write path=
for one do
  case $skip in
    at) at=$one skip=; continue ;;
    value) skip=; continue ;;
  esac
  case $one in
    -C) [ -n "$word" ] || skip=at ;;
    -c | --git-dir | --work-tree | --namespace | --super-prefix | --config-env) [ -n "$word" ] || skip=value ;;
    --global | --system | -f | --file | --file=* | --blob | --blob=*) kind=elsewhere ;;
    --get* | --list | -l | --show-*) [ $kind = elsewhere ] || kind=read ;;
    --unset*) [ $kind = elsewhere ] || kind=unset ;;
    --git-path) path=yes ;;
    -*) ;;
    *)
      if [ -z "$word" ]; then word=$one
      elif [ -z "$first" ]; then
        case $word.$one in
          config.get | config.list) [ $kind = elsewhere ] || kind=read ;;
          config.unset) [ $kind = elsewhere ] || kind=unset ;;
          config.set) ;;
          *) first=$one ;;
        esac
      elif [ -z "$second" ]; then second=$one
      fi ;;
  esac
done
[ -e "$own/used" ] || : > "$own/used"
is_ours() { [ "$("$git" -C "$at" rev-parse --path-format=absolute --git-common-dir 2> /dev/null)" = "$ours" ]; }
hide() { export GIT_CONFIG_KEY_${at}=oompa.guard; }
show() {
  GIT_CONFIG_VALUE_${at}=${quote(hooks)}
  [ ! -f "$own/path" ] || read -r GIT_CONFIG_VALUE_${at} < "$own/path"
  export GIT_CONFIG_VALUE_${at}
}
refuse_stash() {
  echo ${quote(STASH)} >&2
  exit 1
}
config() {
  [ $kind = write ] && [ -z "$second" ] && kind=read
  case $first in
    [cC][oO][rR][eE].[hH][oO][oO][kK][sS][pP][aA][tT][hH])
      case $kind in
        unset) rm -f "$own/path"; exit 0 ;;
        write) printf '%s\\n' "$second" > "$own/path"; exit 0 ;;
        read) [ ! -f "$own/path" ] || { cat "$own/path"; exit 0; } ;;
      esac ;;
  esac
  case $kind in write | unset) echo "config $*" >> "$own/record" ;; esac
}
case $word in
  stash)
    case $first in
      list | show | create) ;;
      *) if [ -z "$OOMPA_IN_HOOK" ] && is_ours; then refuse_stash; fi ;;
    esac ;;
  config)
    hide
    if [ $kind != elsewhere ] && is_ours; then config "$@"; fi ;;
  rev-parse) if [ -n "$path" ] && is_ours; then show; else hide; fi ;;
  lfs) case $first in install | update | uninstall) if is_ours; then show; else hide; fi ;; esac ;;
  remote | init | sparse-checkout) [ -z "$first" ] || ! is_ours || echo "$*" >> "$own/record" ;;
esac
exec "$git" "$@"
`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** For use between double quotes. */
function shellText(text: string): string {
  return text.replace(/["\\$`]/g, '\\$&')
}
