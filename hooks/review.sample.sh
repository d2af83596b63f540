#!/bin/sh
# Judges a change: 0 approves, 1 sends it back with what this prints, anything else could not judge.
# The working directory is a checkout of the change, thrown away afterwards. In the environment: OOMPA_BASE,
# OOMPA_COMMIT, OOMPA_ROUND and the other OOMPA_*; the same facts as JSON on standard input.
set -eu
cat > /dev/null

files=$(git diff --name-only "$OOMPA_BASE" "$OOMPA_COMMIT" | wc -l)
if [ "$files" -gt 40 ]; then
  echo "$files files are too many for one change: split it."
  exit 1
fi
if git diff "$OOMPA_BASE" "$OOMPA_COMMIT" | grep -qE '^\+.*(TODO|FIXME)'; then
  echo "It leaves work undone. Finish these, or make tasks of them:"
  git diff "$OOMPA_BASE" "$OOMPA_COMMIT" | grep -E '^\+.*(TODO|FIXME)'
  exit 1
fi
