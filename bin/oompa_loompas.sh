#!/usr/bin/env bash
# The loop in bash. Level 1 as it stands; add hooks/merge.ts and `oompa` lands each change, tested; add
# hooks/review.ts and another agent reads it before. WORKERS, ITERATIONS and AGENT (any command that takes the prompt
# on standard input) come from the environment.
cd "$(git rev-parse --show-toplevel)" || exit 1
prompt=${PROMPT:-prompts/worker.md}
oompa=${OOMPA:-oompa}
on=$(git symbolic-ref --quiet --short HEAD) # work lands here, wherever you are by then

has() { compgen -G "hooks/$1*" | grep -qE "^hooks/$1(\.(ts|mts|js|mjs|sh|py))?$"; }

open() { # worktree $1 on branch $2; what an earlier run has left goes on, on top of what has landed since
  if [ -e "$1/.git" ]; then git -C "$1" merge -q --ff-only "${on:-HEAD}" 2>/dev/null; return 0; fi
  git worktree remove "$1" 2>/dev/null # somebody has taken its folder away: so goes git's note of it, and its branch stays
  if git show-ref -q --verify "refs/heads/$2"; then set -- "$1" "$2"; else set -- "$1" -b "$2"; fi
  "$oompa" lock worktree -- git worktree add -q "$@"
}

propose() { # in worktree $1, with the feedback $2
  local where=.
  if has merge; then where=$1; fi
  {
    echo "Worktree: $1"
    cat "$prompt"
    if has merge; then echo "Commit your work on this branch and do not merge: the loop lands it."; fi
    if [ -n "$2" ]; then printf 'Your work did not land yet. Mend this:\n%s\n' "$2"; fi
  } | (cd "$where" && ${AGENT:-claude -p -})
  if has merge && [ -n "$(git -C "$1" status --porcelain)" ]; then
    git -C "$1" add -A && git -C "$1" commit -qm "Work of ${1#.}"
  fi
}

land() { # branch $1: prints why not, and gives 0 landed, 3 nothing to land, 4 refused
  if has review; then "$oompa" review "$1" || return; fi
  "$oompa" merge "$1" ${on:+--on "$on"} --wait 2>&1
}

for w in $(seq 1 "${WORKERS:-3}"); do
  for i in $(seq 1 "${ITERATIONS:-5}"); do
    tree=.w$w-i$i branch=oompa/w$w-i$i feedback=
    open "$tree" "$branch" || continue
    for attempt in 1 2 3; do
      propose "$tree" "$feedback"
      has merge || break
      feedback=$(land "$branch") status=$?
      echo "w$w i$i attempt $attempt: $feedback"
      if [ $status -ne 4 ]; then break; fi # mended by the author, and tried again; everything else ends here
    done
    # Only what has landed goes; the rest stays for you to look at.
    if has merge && [ "${status:-1}" -eq 0 ]; then git worktree remove "$tree" && git branch -qd "$branch"; fi
  done &
done
wait
