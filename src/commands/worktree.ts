// `oompa worktree new|list|remove`: long-lived worktrees of a person's own, beside the repository.

import { type Command, flag, list as listOf, text } from '../cli/contract.js'
import { peekSettings } from '../config/peek.js'
import { storePath, unknownStore } from '../config/store-paths.js'
import { OompaError, STATUS, usageError } from '../errors.js'
import { withoutRepository } from '../git/git-environment.js'
import { findRepository, resolveCommit } from '../git/repository.js'
import { runGitHooks } from '../git/run-git.js'
import type { HookContext } from '../hooks/contract.js'
import { findHooks, hasHook } from '../hooks/find.js'
import { resolveTarget } from '../merge/target.js'
import type { NamedWorktree } from '../worktrees/named.js'

/** `oompa worktree list`: with what is unsaved in them and whether their work has landed. */
const list: Command = {
  summary: 'List the named worktrees, with what is unsaved in them and whether their work has landed.',
  options: {
    into: { type: 'string', describe: 'The branch that work lands on (the one that is checked out)', names: 'branch' },
    json: { type: 'boolean', describe: 'Print JSON' },
  },
  examples: [['oompa worktree list --json', 'for programs']],
  async run(args) {
    const { root } = await findRepository()
    const { listNamed } = await import('../worktrees/named.js')
    const target = await resolveTarget(root, text(args, 'into'))
    const worktrees = await listNamed(root, `refs/heads/${target}`)
    if (flag(args, 'json')) console.log(JSON.stringify(worktrees, null, 2))
    else if (worktrees.length === 0) console.log('There is no named worktree.\n  → oompa worktree new NAME')
    else for (const worktree of worktrees) console.log(line(worktree, target))
    return STATUS.done
  },
}

/** One worktree in words. Pure. */
function line(worktree: NamedWorktree, target: string): string {
  const facts = [
    ...(worktree.gone ? [`its directory is gone (oompa worktree remove ${worktree.name})`] : []),
    ...(worktree.unsaved > 0 ? [`${worktree.unsaved} unsaved`] : []),
    worktree.merged ? `landed on ${target}` : `${worktree.ahead} ahead of ${target}`,
    ...(worktree.story ? [`story ${worktree.story}`] : []),
  ]
  return `${worktree.name}  ${worktree.branch ?? '(detached)'}  ${facts.join(', ')}\n  ${worktree.path}`
}

/** Milliseconds; installing everything anew takes long on a slow line. */
const INSTALL_MS = 30 * 60_000

/** `oompa worktree new NAME`: makes one and sets it up. */
const make: Command = {
  summary: 'Make ../<repo>-NAME on feature/NAME, set up by hooks/worktree or by the lock file that is there.',
  positionals: [{ name: 'NAME', describe: 'Letters, digits, - and _', required: true }],
  options: {
    story: { type: 'string', describe: 'The story whose tasks its loop takes; `list` shows it' },
    priority: { type: 'string', describe: 'Its loop takes tasks of this priority number at most' },
    stores: { type: 'string', array: true, describe: 'Its loop takes tasks of these of `tasks.stores` only' },
    from: { type: 'string', describe: 'Where a new branch starts (the branch that is checked out)', names: 'branch' },
    'no-setup': { type: 'boolean', describe: 'Install nothing' },
    json: { type: 'boolean', describe: 'Print JSON' },
  },
  examples: [
    ['oompa worktree new login', ''],
    ['oompa worktree new login --from origin/main --no-setup', ''],
  ],
  async run(args) {
    const { root } = await findRepository()
    runGitHooks(peekSettings(root).gitHooks === true)
    const { makeNamed } = await import('../worktrees/named.js')
    const from = text(args, 'from') ?? `refs/heads/${await resolveTarget(root, undefined)}`
    const tier = text(args, 'priority')
    if (tier !== undefined && !/^\d+$/.test(tier))
      throw usageError(`--priority is a whole number, and not \`${tier}\`.`)
    const stores = listOf(args, 'stores').map(storePath)
    const known = peekSettings(root).tasksStores ?? []
    for (const name of stores) if (!known.includes(name)) throw unknownStore(name, known)
    const wants = {
      story: text(args, 'story'),
      ...(stores.length > 0 ? { stores } : {}),
      ...(tier === undefined ? {} : { priority: Number(tier) }),
    }
    const worktree = await makeNamed(root, args.positionals[0] ?? '', from, wants)
    const json = flag(args, 'json')
    const say = (line: string) => (json ? console.error(line) : console.log(line))
    say(`made ${worktree.path} on ${worktree.branch}`)
    if (!flag(args, 'no-setup')) await setUp(root, worktree, say)
    if (json) console.log(JSON.stringify(worktree, null, 2))
    else console.log(`  → cd '${worktree.path}' && oompa run`)
    return STATUS.done
  },
}

async function setUp(root: string, worktree: NamedWorktree, say: (line: string) => void): Promise<void> {
  const base = (await resolveCommit(root, `refs/heads/${worktree.branch}`)) ?? ''
  const found = findHooks(root)
  const [{ runCommand }, { shellIn }] = await Promise.all([
    import('../processes/run-command.js'),
    import('../processes/zx.js'),
  ])
  const marker = `worktree:${worktree.name}:${process.pid}`
  const variables = { OOMPA_ROOT: root, OOMPA_WORKTREE: worktree.path, OOMPA_BRANCH: worktree.branch ?? '' }
  const context: HookContext = {
    root,
    swarm: '00000000',
    worker: worktree.name,
    iteration: 1,
    tasks: `${root}/tasks`,
    signal: new AbortController().signal,
    env: variables,
    emit: () => {},
    run: (line, options = {}) =>
      runCommand(line, {
        timeoutMs: INSTALL_MS,
        ...options,
        cwd: options.cwd ?? worktree.path,
        env: environment({ ...context.env, ...options.env }),
        marker,
      }),
    $: shellIn({
      cwd: worktree.path,
      env: () => environment(variables),
      marker: () => marker,
      timeoutMs: INSTALL_MS,
    }),
    ask: () => Promise.reject(new OompaError({ code: 'no-agent', message: 'Setting up a worktree asks no agent.' })),
  }
  if (hasHook(found, 'worktree')) {
    const { loadHooks } = await import('../hooks/load-hooks.js')
    const hooks = await loadHooks(root, { found, run: context.run })
    say('running hooks/worktree …')
    const given = { name: worktree.name, path: worktree.path, branch: worktree.branch ?? '', base }
    for (const hook of hooks.worktree) await hook(given, context)
    return
  }
  const [{ installCommand }, { filesIn }] = await Promise.all([
    import('../worktrees/dependencies.js'),
    import('../files/seen.js'),
  ])
  const install = installCommand(filesIn(worktree.path))
  if (!install) return
  say(`running ${install.join(' ')} …`)
  const { status, output } = await context.run(install)
  if (status === 0) return
  throw new OompaError({
    code: 'setup-failed',
    message: `The worktree is there, and \`${install.join(' ')}\` in it ended with ${status === null ? 'a signal or its time limit' : `status ${status}`}:\n${output.trim()}`,
    mend: `cd '${worktree.path}' && ${install.join(' ')}`,
  })
}

function environment(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const all = { ...withoutRepository(process.env), ...variables }
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/** `oompa worktree remove NAME`: removes one in which nothing would be lost. */
const remove: Command = {
  summary: 'Remove a named worktree, and its branch if that has landed. Refuses unsaved or unmerged work (status 4).',
  positionals: [{ name: 'NAME', describe: 'The name it was made with', required: true, names: 'worktree' }],
  options: {
    into: { type: 'string', describe: 'The branch that work lands on (the one that is checked out)', names: 'branch' },
  },
  examples: [['oompa worktree remove login', '']],
  async run(args) {
    const { root } = await findRepository()
    runGitHooks(peekSettings(root).gitHooks === true)
    const { namedPath, removeNamed } = await import('../worktrees/named.js')
    const name = args.positionals[0] ?? ''
    const target = await resolveTarget(root, text(args, 'into'))
    const { branch } = await removeNamed(root, name, `refs/heads/${target}`)
    console.log(`removed ${namedPath(root, name)}${branch ? ` and ${branch}, which has landed on ${target}` : ''}`)
    return STATUS.done
  },
}

export const command: Command = {
  summary: 'Named long-lived worktrees ../<repo>-NAME on feature/NAME: new, list, remove.',
  options: { json: { type: 'boolean', describe: 'Print JSON' } },
  examples: [
    ['oompa worktree new login', '../<repo>-login on feature/login, dependencies installed'],
    ['oompa worktree list', 'with what is unsaved and what has landed'],
    ['oompa worktree remove login', 'only if nothing would be lost'],
  ],
  subcommands: {
    new: { summary: 'Make one', load: async () => ({ command: make }) },
    list: { summary: 'List them', load: async () => ({ command: list }) },
    remove: { summary: 'Remove one, only if nothing would be lost', load: async () => ({ command: remove }) },
  },
  run: (args, root) => list.run(args, root),
}
