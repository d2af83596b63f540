// The scripts of the demo: an author and a reviewer that need no network, and the test that judges their work.

/** Writes one verse and commits it, as a coding agent would: slowly enough to be watched. */
export const AUTHOR = `#!/bin/sh
# The demo's author. A real agent reads its prompt; this one only takes it.
prompt=$(cat)
cd "$OOMPA_WORKTREE" || exit 1
# Without a task where tasks are claimed, it is asked whether there is more to do.
if [ -z "$OOMPA_TASK" ] && [ -e "$OOMPA_ROOT/hooks/tasks.ts" ]; then
  echo "The song is whole: there is nothing to plan."
  echo __DONE__
  exit 0
fi
verse=\${OOMPA_TASK:-$OOMPA_WORKER-$OOMPA_ITERATION}
echo "Reading spec.md"
sleep 0.4
mkdir -p verses
echo "Writing verses/$verse.txt"
{
  echo "Oompa loompa, $OOMPA_WORKER is here,"
  echo "iteration $OOMPA_ITERATION, nothing to fear:"
  echo "a tree of its own and a task to do,"
  case "$prompt" in
    *"The last line has to rhyme"*) echo "it commits its verse and it rhymes now, too." ;;
    *) if [ -n "$DEMO_REVIEW" ] && [ "$OOMPA_ITERATION" = 1 ]; then echo "it commits its verse and goes home."; else echo "it commits its verse and it hands it to you."; fi ;;
  esac
} > "verses/$verse.txt"
sleep 0.4
git add verses && git commit --quiet --message "Add verse $verse"
echo "I wrote verses/$verse.txt and committed it."
echo COMPLETE_AND_READY_FOR_MERGE
`

/** Reads the verse at the reviewed commit, and refuses one that does not rhyme. */
export const REVIEWER = `#!/bin/sh
# The demo's reviewer. It runs in a worktree of its own at the commit that it judges.
cat > /dev/null
cd "$OOMPA_WORKTREE" || exit 1
sleep 0.3
if grep -qr "goes home" verses; then
  echo "The last line has to rhyme."
  echo "REJECTED"
else
  echo "APPROVED"
fi
`

/** Every verse has four lines: run on the merged tree before anything lands. */
export const TEST = `#!/bin/sh
for verse in verses/*.txt; do
  [ -e "$verse" ] || exit 0
  lines=$(wc -l < "$verse")
  [ "$lines" -eq 4 ] || { echo "$verse has $lines lines, not 4"; exit 1; }
done
`

export const SPEC = `# A song of the factory

One verse for each task, four lines each, in \`verses/\`. \`sh test.sh\` says whether it is one.
`
