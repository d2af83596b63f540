// `oompa add HOOK`: copies a sample into hooks/, fills in what this repository needs, and says what changes.

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type Command, flag, text } from '../cli/contract.js'
import { peekSettings } from '../config/peek.js'
import { isErrno, messageOf, OompaError, STATUS } from '../errors.js'
import { createFile } from '../files/create.js'
import { packageFolder } from '../files/package.js'
import { filesIn } from '../files/seen.js'
import { excludeOurs } from '../git/exclude.js'
import { findRepository } from '../git/repository.js'
import { git } from '../git/run-git.js'
import type { HookName } from '../hooks/contract.js'
import { testCommand } from '../hooks/detect.js'
import { writeEditorFiles } from '../hooks/editor.js'
import { findHooks, HOOK_NAMES } from '../hooks/find.js'
import {
  CLAIMED_PROCESS,
  claimingLines,
  mergingLines,
  type SampleFacts,
  sampleText,
  whatChanges,
} from '../hooks/samples.js'
import { findExecutable } from '../processes/find-executable.js'
import { foundStores } from '../tasks/index.js'
import { escapeText } from '../views/escape.js'
import { installCommand } from '../worktrees/dependencies.js'

/** Hooks of which there may be several files get a name of their own when there is one already. */
const AGENTS = ['codex', 'claude', 'gemini', 'opencode']

export const command: Command = {
  summary: `Copy the sample of a hook into hooks/: ${HOOK_NAMES.join(', ')}. Never overwrites.`,
  positionals: [{ name: 'hook', describe: HOOK_NAMES.join(' | '), required: true, choices: HOOK_NAMES }],
  options: {
    shell: { type: 'boolean', describe: 'The sample that is a shell script (review, merge)' },
    agent: {
      type: 'string',
      describe: 'For review: who reads the changes, as harness:model[:reasoning]',
      names: 'agent',
    },
    postgres: {
      type: 'boolean',
      describe: 'For tasks: in PostgreSQL, for workers on several machines (docs/machines.md)',
    },
    git: { type: 'boolean', describe: 'For tasks: on a ref of the remote, for a few machines without a server' },
    test: { type: 'string', describe: 'For merge: the command that has to pass on the merged tree' },
    json: { type: 'boolean', describe: 'Print JSON' },
  },
  examples: [
    ['oompa add merge', 'land changes, tested with the command that this repository has'],
    ['oompa add review --agent codex:o3', 'have codex read each change first'],
    ['oompa add tasks --postgres', 'take tasks out of a PostgreSQL that all machines reach'],
    ['oompa add tasks --git', 'keep tasks on a ref of the remote, for two to five clones'],
  ],
  async run(args) {
    const hook = hookNamed(args.positionals[0] ?? '')
    const { root, gitDir } = await findRepository()
    refuseSecond(root, hook)
    const found = await factsOf(root, { agent: text(args, 'agent'), test: text(args, 'test') })
    const elsewhere = flag(args, 'postgres') ? 'postgresTasks' : flag(args, 'git') ? 'gitTasks' : undefined
    const facts: SampleFacts = elsewhere ? { ...found, store: elsewhere } : found
    const ending = flag(args, 'shell') ? 'sh' : 'ts'
    const name = `hooks/${hook}.${ending}`
    const content = ending === 'ts' ? sampleText(hook, sample(hook, 'ts'), facts) : sample(hook, 'sh')
    writeNew(root, name, content, ending === 'sh')
    excludeOurs(gitDir)
    const written = [name, ...(ending === 'ts' ? writeEditorFiles(root) : [])]
    const prompt = 'prompts/worker.md'
    const merging = raisesLevel(hook) ? mergingLines(read(root, prompt) ?? '') : []
    const claiming = hook === 'tasks' ? claimingLines(read(root, prompt) ?? '') : []
    const changes = whatChanges(hook, facts)
    const install = hook === 'merge' ? missingSetup(root, facts) : undefined
    if (flag(args, 'json')) {
      console.log(JSON.stringify({ hook, written, changes, facts, promptLines: [...merging, ...claiming] }, null, 2))
      return STATUS.done
    }
    for (const file of written) console.log(`wrote ${file}`)
    console.log(`\nFrom now on:\n${changes.map((line) => `  ${line}`).join('\n')}`)
    if (merging.length) {
      console.log(`\nThe loop lands the work now, so take this out of ${prompt}:`)
      for (const { line, text: words } of merging) console.log(`  ${prompt}:${line}: ${escapeText(words)}`)
    }
    if (claiming.length) {
      console.log(`\nThe loop takes tasks and completes them now, so change this in ${prompt}:`)
      for (const { line, text: words } of claiming) console.log(`  ${prompt}:${line}: ${escapeText(words)}`)
      console.log(`to:\n  ${CLAIMED_PROCESS}`)
    }
    if (install) console.log(`\n${install}`)
    const isServed = hook === 'tasks' && facts.store === 'postgresTasks'
    const first = isServed
      ? '  npm install pg\n  export OOMPA_POSTGRES=postgres://user:password@host/database\n  oompa engine status\n'
      : ''
    const tested = hook === 'merge' && facts.test ? `  ${facts.test}  # it has to pass here first\n` : ''
    console.log(
      `\nNext, when you have looked at ${name}:\n${first}${tested}  git add hooks && git commit -m "Add the ${hook} hook" -- hooks\n  oompa check`,
    )
    return STATUS.done
  },
}

function raisesLevel(hook: HookName): boolean {
  return hook !== 'event' && hook !== 'agent'
}

function hookNamed(word: string): HookName {
  const hook = HOOK_NAMES.find((name) => name === word)
  if (hook) return hook
  throw new OompaError({
    code: 'no-hook',
    message: `There is no hook called \`${escapeText(word)}\`: there are ${HOOK_NAMES.join(', ')}.`,
    mend: 'oompa add merge',
    status: STATUS.usage,
  })
}

/** Whatever is there for this hook, in any form, is the person's. */
function refuseSecond(root: string, hook: HookName): void {
  const there = findHooks(root).files.filter((file) => file.hook === hook)
  const [first] = there
  if (!first) return
  throw new OompaError({
    code: 'hook-there',
    message: `hooks/${first.name} is there already, and is not overwritten.`,
    mend: `Edit it, or put it aside first: git mv hooks/${first.name} hooks/${first.name}.off`,
    status: STATUS.refused,
  })
}

function sample(hook: HookName, ending: 'ts' | 'sh'): string {
  const folder = path.join(packageFolder, 'hooks')
  try {
    return readFileSync(path.join(folder, `${hook}.sample.${ending}`), 'utf8')
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT')) throw cause
    const shells = readdirSync(folder).flatMap((name) => /^(\w+)\.sample\.sh$/.exec(name)?.[1] ?? [])
    throw new OompaError({
      code: 'no-sample',
      message: `There is no sample of ${hook} as a shell script; there is one of ${shells.join(', ')}. docs/hooks.md says what a script gets.`,
      mend: `oompa add ${hook}`,
      status: STATUS.usage,
      cause,
    })
  }
}

function writeNew(root: string, name: string, content: string, executable: boolean): void {
  const file = path.join(root, name)
  try {
    mkdirSync(path.dirname(file), { recursive: true })
    createFile(file, content)
    if (executable) chmodSync(file, 0o755)
  } catch (cause) {
    if (isErrno(cause, 'EEXIST')) {
      throw new OompaError({
        code: 'hook-there',
        message: `${name} is in the way, and is not overwritten.`,
        mend: `ls -l ${name}`,
        status: STATUS.refused,
        cause,
      })
    }
    throw new OompaError({
      code: 'hook-not-written',
      message: `Cannot write ${name}: ${messageOf(cause)}.`,
      mend: `ls -ld ${root}`,
      cause,
    })
  }
}

async function factsOf(root: string, given: { agent?: string; test?: string }): Promise<SampleFacts> {
  const files = filesIn(root)
  const test = given.test?.trim() || testCommand(files)
  const setup = installCommand(files)?.join(' ')
  return {
    ...(test ? { test } : {}),
    ...(setup ? { setup } : {}),
    copy: await ignoredOnes(root, ['.env', '.env.local', '.envrc']),
    agent: given.agent ?? reviewerFor(root),
    store: storeOf(root),
  }
}

function read(root: string, name: string): string | undefined {
  try {
    return readFileSync(path.join(root, name), 'utf8')
  } catch {
    return undefined
  }
}

async function ignoredOnes(root: string, names: readonly string[]): Promise<string[]> {
  const there = names.filter((name) => existsSync(path.join(root, name)))
  if (there.length === 0) return []
  const { stdout } = await git(root, ['check-ignore', '-z', '--stdin'], { input: there.join('\0') })
  return stdout.split('\0').filter((name) => name !== '')
}

/** Another harness than the author's, if one is installed. */
function reviewerFor(root: string): string {
  const author = process.env.OOMPA_AGENT?.split(':')[0] ?? 'claude'
  const installed = AGENTS.filter((name) => findExecutable(name, process.env, root))
  return installed.find((name) => name !== author) ?? installed[0] ?? 'codex'
}

function storeOf(root: string): SampleFacts['store'] {
  const makers = { folder: 'taskFolder', lists: 'markdownLists', graph: 'taskGraph' } as const
  if (peekSettings(root).tasksStores) return 'taskStores'
  return makers[foundStores(root)[0]?.kind ?? 'folder']
}

/** The merged tree is tested in a checkout of its own, where nothing is installed yet. */
function missingSetup(root: string, { setup, test }: SampleFacts): string | undefined {
  if (!setup || !test || findHooks(root).files.some((file) => file.hook === 'worktree')) return undefined
  return `The test runs in a checkout of its own, where \`${setup}\` has not run yet: oompa add worktree`
}
