// A repository at level 3 as a person has it, with scripted agents that leave a note of everything they make, so that
// afterwards nothing can be missing unnoticed.

import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { packageRoot } from '../support/oompa.js'
import { repositoryAt, type TestRepository } from '../support/repository.js'
import type { Plan } from './plan.js'

export interface World {
  readonly plan: Plan
  /** Everything of this world is below it. */
  readonly base: string
  readonly repository: TestRepository
  /** The bare remote, if the plan pushes. */
  readonly remote?: string
  /** Notes of the scripted agents, which no fault touches. */
  readonly notes: string
  readonly env: NodeJS.ProcessEnv
  /** The commit of `main` before anything ran. */
  readonly start: string
  /** What a fault did that explains why something is not there: only what is named here is forgiven. */
  readonly forgiven: Set<'uncommitted' | 'pruned'>
  /** Removes all of it. */
  remove(): void
}

/** Uncommitted work of the person, which no swarm may change. */
export const personsFiles = {
  'mine.txt': 'my edit\n',
  'untracked.txt': 'not added\n',
  'ignored.log': 'a log of mine\n',
}

const CHECK = `#!/bin/sh
# The test of this repository: no work is marked as bad, and no conflict is left.
if grep -rq BAD work 2> /dev/null; then echo 'work is BAD'; exit 1; fi
if grep -qE '^(<<<<<<<|>>>>>>>)' shared.txt; then echo 'conflict markers'; exit 1; fi
`

/** Appends a token to the task's own file, and notes it once it is there. */
const author = (notes: string) => `#!/bin/bash
cd "$OOMPA_WORKTREE" || exit 9
cat > /dev/null
if mv '${notes}'/hostile '${notes}'/played-$$ 2> /dev/null; then . '${notes}'/played-$$; fi
id=$OOMPA_TASK; [ -n "$id" ] || exit 0
kind=$(cat '${notes}'/kind-$id)
n=$(( $(cat '${notes}'/count-$id 2> /dev/null || echo 0) + 1 )); echo $n > '${notes}'/count-$id
token="token-$id-$n-$OOMPA_WORKER-$$-$RANDOM"
sed -i '/^<<<<<<</d;/^|||||||/d;/^=======/d;/^>>>>>>>/d' shared.txt 2> /dev/null
mkdir -p work
[ ! -e work/$id.txt ] || sed -i '/BAD/d;/^<<<<<<</d;/^|||||||/d;/^=======/d;/^>>>>>>>/d' work/$id.txt
[ $kind != bad ] || [ $n != 1 ] || echo BAD >> work/$id.txt
[ $kind != shared ] || echo "$id $n" >> shared.txt
# An agent that cannot write says so: on a full disk the file would be there, and empty.
echo "$token" >> work/$id.txt && echo "$token" >> '${notes}'/written || { echo "no space left" >&2; exit 1; }
sleep 0.$((RANDOM % 4))
if [ $kind != uncommitted ]; then git add -A && git commit -qm "Work on $id, run $n" && echo "$token" >> '${notes}'/committed; fi
echo done
`

const reviewer = (notes: string) => `#!/bin/bash
cat > /dev/null
id=$OOMPA_TASK
if [ "$(cat '${notes}'/kind-$id 2> /dev/null)" = strict ] && mkdir '${notes}'/rejected-$id 2> /dev/null; then echo 'Not yet: say more.'; exit 0; fi
echo APPROVED
`

/**
 * Makes the world of a plan.
 * @param onDisk where it stands: a folder that is there, or undefined for a new one in the system's temporary folder
 */
export function makeWorld(plan: Plan): World {
  const base = realpathSync(mkdtempSync(path.join(tmpdir(), `oompa-chaos-${plan.seed}-`)))
  const mounted = plan.faults.some(({ name }) => name === 'disk-full') && mount(base)
  const [root, home, notes] = ['repo', 'home', 'notes'].map((name) => path.join(base, name)) as [string, string, string]
  // The notes of a full disk are written elsewhere.
  const notesFolder = mounted ? mkdtempSync(path.join(tmpdir(), 'oompa-chaos-notes-')) : notes
  for (const folder of [root, path.join(home, 'bin'), notesFolder]) mkdirSync(folder, { recursive: true })
  const repository = repositoryAt(root, home)
  const program = (name: string, text: string) => {
    writeFileSync(path.join(home, 'bin', name), text)
    chmodSync(path.join(home, 'bin', name), 0o755)
  }
  program('author', author(notesFolder))
  program('critic', reviewer(notesFolder))
  for (const task of plan.tasks) writeFileSync(path.join(notesFolder, `kind-${task.id}`), task.kind)

  repository.git(['init', '-q', '-b', 'main'])
  const merge = { test: 'sh check.sh', strategy: plan.strategy, batch: plan.batch, push: plan.push }
  const tasks = plan.tasks.map(({ id }) => [
    `tasks/pending/${id}.json`,
    `{ "id": "${id}", "summary": "Write ${id}" }\n`,
  ])
  const keep = ['pending', 'current', 'complete'].map((state) => [`tasks/${state}/.gitkeep`, ''])
  const ours = Object.fromEntries([...tasks, ...keep])
  repository.commit('Start', {
    '.gitignore': `ignored.log\n${plan.tracked ? '' : '/tasks/\n'}`,
    'check.sh': CHECK,
    'shared.txt': 'the first line\n',
    'mine.txt': 'as it was\n',
    'prompts/worker.md': 'Do the task.\n',
    'hooks/tasks.mjs': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder()\n",
    'hooks/merge.mjs': `import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue(${JSON.stringify(merge)})\n`,
    'hooks/review.mjs':
      "import { reviewer } from 'oompa-loompas'\nexport default reviewer({ agent: 'command:critic' })\n",
    'oompa.json': `${JSON.stringify({ backoff: { first: '100ms', max: '500ms' }, probe: false, limits: { remote: '3s' } })}\n`,
    ...(plan.tracked ? ours : {}),
  })
  if (!plan.tracked) for (const [file, text] of Object.entries(ours)) repository.write(file, text as string)
  let remote: string | undefined
  if (plan.push) {
    remote = path.join(base, 'remote.git')
    repository.git(['init', '-q', '--bare', '-b', 'main', remote])
    repository.git(['remote', 'add', 'origin', remote])
    repository.git(['push', '-q', '-u', 'origin', 'main'])
  }
  // What the person has in hand while the swarm runs.
  writeFileSync(path.join(root, 'mine.txt'), 'in the stash\n')
  repository.git(['stash', 'push', '-q', '-m', "the person's"])
  for (const [file, text] of Object.entries(personsFiles)) writeFileSync(path.join(root, file), text)
  const env = {
    ...repository.env,
    PATH: `${path.join(home, 'bin')}:${repository.env.PATH}`,
    NO_COLOR: '1',
    TMPDIR: tmpdir(),
  }
  return {
    plan,
    base,
    repository,
    remote,
    notes: notesFolder,
    env,
    start: repository.git(['rev-parse', 'main']),
    forgiven: new Set(),
    remove() {
      if (mounted) spawnSync('umount', ['-l', base])
      for (const folder of new Set([base, notesFolder])) {
        spawnSync('chattr', ['-R', '-i', folder])
        rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
      }
    },
  }
}

/** A small disk of its own, where the machine lets us have one. */
function mount(base: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=200m', 'tmpfs', base]).status === 0
}

/** Whether this machine lets us make a small disk and folders that nobody may write to. */
export function canSpoilDisks(): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), 'oompa-chaos-try-'))
  try {
    if (spawnSync('chattr', ['+i', folder]).status !== 0) return false
    spawnSync('chattr', ['-i', folder])
    if (!mount(folder)) return false
    execFileSync('umount', [folder])
    return true
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Lines of a note of the agents. */
export function note(world: World, name: string): string[] {
  const file = path.join(world.notes, name)
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
}

/** The built loop file. */
export const loop = path.join(packageRoot, 'oompa_loompas.mjs')
