#!/bin/sh
# Lands a change yourself. Ends with 0 and the landed commit as the last line, or with 1 and the reason for its author.
# In the environment: OOMPA_COMMIT (what to land), OOMPA_INTO (the target), OOMPA_BRANCH; the working directory is the
# main checkout, and what is edited there is yours: this sample lands only where nothing is.
set -eu
cat > /dev/null # the same facts as JSON

[ "$(git symbolic-ref --short HEAD)" = "$OOMPA_INTO" ] || { echo "The checkout is not on $OOMPA_INTO."; exit 2; }
if ! git merge --no-ff -m "Land $OOMPA_BRANCH" "$OOMPA_COMMIT" >&2; then
  echo "It conflicts with $OOMPA_INTO in:"
  git diff --name-only --diff-filter=U
  git merge --abort
  exit 1
fi
git rev-parse HEAD
