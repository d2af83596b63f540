// `oompa init`: writes what level 1 needs and is not there yet. It never overwrites anything.

import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Command, flag } from '../cli/contract.js'
import { peekSettings } from '../config/peek.js'
import { isErrno, messageOf, OompaError, STATUS } from '../errors.js'
import { createFile } from '../files/create.js'
import { packageFolder } from '../files/package.js'
import { packageFile, stateFolder } from '../files/paths.js'
import { excludeOurs } from '../git/exclude.js'
import { findRepository, headCommit } from '../git/repository.js'
import { findHooks, hasHook } from '../hooks/find.js'
import { CLAIMED_PROCESS } from '../hooks/samples.js'
import { SAMPLE_SPEC } from '../prompts/sample-spec.js'
import { foundStores } from '../tasks/index.js'

interface Starter {
  /** Below the root. */
  readonly name: string
  readonly content: () => string | Uint8Array
  readonly mode?: number
}

const shipped = (name: string) => () => readFileSync(path.join(packageFolder, name))

const WORKER = 'prompts/worker.md'

const FILES: readonly Starter[] = [
  { name: 'oompa_loompas.mjs', content: shipped('oompa_loompas.mjs'), mode: 0o755 },
  { name: WORKER, content: shipped(WORKER) },
  { name: 'spec.md', content: () => SAMPLE_SPEC },
]

/** Git keeps no empty folder, and a claim is a move between two that have to be there. */
const FOLDERS = ['tasks/pending', 'tasks/current', 'tasks/complete']

export const command: Command = {
  summary: 'Write what is missing of oompa_loompas.mjs, prompts/worker.md, spec.md and tasks/. Never overwrites.',
  options: { json: { type: 'boolean', describe: 'Print JSON' } },
  examples: [['oompa init', 'in a repository of any language']],
  async run(args) {
    const { root, gitDir } = await findRepository()
    const written: string[] = []
    const kept: string[] = []
    for (const starter of startersFor(root)) {
      if (writeNew(root, starter)) written.push(starter.name)
      else kept.push(starter.name)
    }
    excludeOurs(gitDir)
    rememberPackage(root)
    if (flag(args, 'json')) {
      console.log(JSON.stringify({ root, written, kept }, null, 2))
      return STATUS.done
    }
    for (const name of written) console.log(`wrote ${name}`)
    for (const name of kept) console.log(`kept  ${name} (it was there)`)
    console.log(await whatNext(root, written))
    return STATUS.done
  },
}

/** For the copied loop: one that was written through `npx` would find no `oompa` on the PATH afterwards. */
function rememberPackage(root: string): void {
  mkdirSync(stateFolder(root), { recursive: true })
  writeFileSync(packageFile(root), path.join(packageFolder, 'bin', 'oompa'))
}

/** Two stores are one too many: whoever keeps lists or a graph gets no folders, and a prompt that speaks of what is there. */
function startersFor(root: string): Starter[] {
  const { tasksStore, tasksStores } = peekSettings(root)
  // Of several stores each is where it is: agents ask for tasks as they ask for the nodes of a graph.
  const kind = tasksStores ? 'graph' : (tasksStore ?? foundStores(root)[0]?.kind ?? 'folder')
  // Where the loop claims tasks, a prompt that says to take one would have two tasks done in one worktree.
  const claimed = hasHook(findHooks(root), 'tasks')
  const process = claimed ? CLAIMED_PROCESS : kind === 'folder' ? undefined : `Process: ${PROCESS[kind]}`
  const files = FILES.map((file) =>
    file.name === WORKER && process ? { ...file, content: () => workerPrompt(process) } : file,
  )
  if (kind !== 'folder') return files
  const folders = FOLDERS.filter((folder) => !existsSync(path.join(root, folder)))
  return [...files, ...folders.map((folder) => ({ name: `${folder}/.gitkeep`, content: () => '' }))]
}

/** The second line of `prompts/worker.md`, where tasks are not files of a folder. */
const PROCESS = {
  lists:
    'Take one task: move its item from tasks/pending.md to tasks/in_progress.md, and when it is done to tasks/complete.md; if none is pending, write what is missing into tasks/pending.md, one small item each.',
  graph:
    'Take one task with `oompa tasks claim`, and when it is done say `oompa tasks complete`; if none is ready, add what is missing with `oompa tasks add`, one small task each.',
} as const

function workerPrompt(process: string): string {
  return shipped(WORKER)()
    .toString('utf8')
    .replace(/^Process: .*$/m, () => process)
}

/** Writes a file unless there is anything of that name, a broken link too. */
function writeNew(root: string, { name, content, mode }: Starter): boolean {
  const file = path.join(root, name)
  if (lstatSync(file, { throwIfNoEntry: false })) return false
  try {
    mkdirSync(path.dirname(file), { recursive: true })
    createFile(file, content())
    // The mode of `writeFile` is cut by the umask; a loop that cannot be run is no loop.
    if (mode !== undefined) chmodSync(file, mode)
    return true
  } catch (cause) {
    if (isErrno(cause, 'EEXIST') && lstatSync(file, { throwIfNoEntry: false })) return false
    throw new OompaError({
      code: 'init-failed',
      message: `Cannot write ${file}: ${messageOf(cause)}`,
      mend: `ls -ld '${path.dirname(file)}'`,
      cause,
    })
  }
}

async function whatNext(root: string, written: readonly string[]): Promise<string> {
  const commit = written.length > 0 || !(await headCommit(root))
  return [
    '',
    'Next:',
    `  edit spec.md                         what is to be built${written.includes('spec.md') ? '' : ' (it is yours)'}`,
    ...(commit ? ['  git add -A && git commit -m "Start"  worktrees are made from what is committed'] : []),
    '  oompa check                          whether a run can work here',
    '  ./oompa_loompas.mjs                  three workers, five iterations each',
    '  oompa add merge                      land their work, tested: level 2',
  ].join('\n')
}
