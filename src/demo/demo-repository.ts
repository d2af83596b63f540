// Makes the demo's repository in a temporary folder: what a person would have at that level, and nothing else.

import { chmodSync, mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs'
import { copyFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { $ } from 'zx/core'
import { packageFolder } from '../files/package.js'

export interface DemoRepository {
  readonly root: string
  /** For the loop: nothing of the demo touches the person's home. */
  readonly env: NodeJS.ProcessEnv
}

export async function demoRepository(level: 1 | 2 | 3): Promise<DemoRepository> {
  const base = realpathSync(mkdtempSync(path.join(tmpdir(), 'oompa-demo-')))
  const root = path.join(base, 'song')
  program(base, 'author', AUTHOR)
  program(base, 'reviewer', REVIEWER)
  mkdirSync(root)
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
    writeFileSync(path.join(root, file), text)
  }
  write('spec.md', SPEC)
  write('test.sh', TEST)
  for (const file of ['prompts/worker.md', 'oompa_loompas.mjs']) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true })
    await copyFile(path.join(packageFolder, file), path.join(root, file))
  }
  if (level > 1) {
    write(
      'hooks/merge.ts',
      `import { mergeQueue } from 'oompa-loompas'\n\nexport default mergeQueue({ test: 'sh test.sh' })\n`,
    )
    write('hooks/tasks.ts', `import { taskFolder } from 'oompa-loompas'\n\nexport default taskFolder('tasks')\n`)
    for (const [id, text] of TASKS) write(`tasks/pending/${id}.edn`, text)
  }
  if (level > 2) {
    write(
      'hooks/review.ts',
      `import { reviewer } from 'oompa-loompas'\n\nexport default reviewer({ agent: 'command:../reviewer' })\n`,
    )
  }
  const git = $({ cwd: root, quiet: true })
  await git`git init -q -b main`
  await git`git config user.name Demo && git config user.email demo@example.com`
  await git`git add -A && git commit -q -m "A spec, a test and a prompt"`
  return {
    root,
    env: {
      ...process.env,
      WORKERS: '3',
      ITERATIONS: '2',
      OOMPA_AGENT: 'command:../author',
      OOMPA_DEMO: '1',
      OOMPA_CACHE: path.join(base, 'cache'),
      ...(level > 2 ? { DEMO_REVIEW: '1' } : {}),
    },
  }
}

const TASKS: readonly (readonly [string, string])[] = [
  ['verse-1', '{:id "verse-1" :summary "Write the first verse" :priority 1}\n'],
  ['verse-2', '{:id "verse-2" :summary "Write the second verse" :priority 2}\n'],
  ['verse-3', '{:id "verse-3" :summary "Write the third verse" :priority 3}\n'],
  ['refrain', '{:id "refrain" :summary "Write the refrain, once there is a verse" :depends_on ["verse-1"]}\n'],
]

function program(folder: string, name: string, text: string): void {
  const file = path.join(folder, name)
  writeFileSync(file, text)
  chmodSync(file, 0o755)
}

// The scripts of the demo: an author and a reviewer that need no network, and the test that judges their work.

/** Writes one verse and commits it, as a coding agent would: slowly enough to be watched. */
const AUTHOR = `#!/bin/sh
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
const REVIEWER = `#!/bin/sh
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
const TEST = `#!/bin/sh
for verse in verses/*.txt; do
  [ -e "$verse" ] || exit 0
  lines=$(wc -l < "$verse")
  [ "$lines" -eq 4 ] || { echo "$verse has $lines lines, not 4"; exit 1; }
done
`

const SPEC = `# A song of the factory

One verse for each task, four lines each, in \`verses/\`. \`sh test.sh\` says whether it is one.
`
