// `oompa join URL`: this clone works on the tasks of a server, with whoever else does: it is looked at what that takes, and
// the ordinary loop runs.

import { type Args, type Command, list } from '../cli/contract.js'
import { loadSettings, runShapes } from '../config/load.js'
import { OompaError, STATUS, usageError } from '../errors.js'
import { networkGit, wordsOf } from '../git/network.js'
import { findRepository } from '../git/repository.js'
import { remoteOf } from '../git/upstream.js'
import { findHooks } from '../hooks/find.js'
import { thisMachine } from '../processes/owner.js'
import { count } from '../views/format.js'
import { engineOf, MOST_AHEAD_MS } from './engine.js'
import { runLoopFile } from './run.js'

const { config: _, ...options } = runShapes.run.options ?? {}

export const command: Command = {
  summary:
    'Work on the tasks of a server in this clone: checks the remote, the versions and the clock, and runs the loop.',
  positionals: [
    { name: 'URL', required: true, describe: 'The database: postgres://user:password@host/database (OOMPA_POSTGRES)' },
  ],
  options: {
    ...options,
    label: { type: 'string', array: true, describe: 'What `oompa machines` says of this machine, such as gpu' },
  },
  examples: [
    ['oompa join postgres://worker:…@db.example.org/work', 'in a clone of the repository, on another machine'],
    ['OOMPA_HOST=alder oompa join URL --workers 3 --label gpu', 'by another name than the host has'],
  ],
  epilogue: 'The options of `oompa run` hold here, too. See docs/machines.md.',
  async run(args) {
    const { root } = await findRepository()
    const [url = ''] = args.positionals
    if (!/^postgres(ql)?:\/\//.test(url))
      throw usageError(`\`${url}\` is no URL of a database.`, 'oompa join postgres://…')
    process.env.OOMPA_POSTGRES = url
    const labels = list(args, 'label')
    if (labels.length > 0) process.env.OOMPA_LABELS = labels.join(',')
    await checkRemote(root)
    await checkEngine(root)
    await checkPush(root)
    // The loop reads the words of an ordinary run, and a resume finds them again.
    process.argv = [...process.argv.slice(0, 2), 'run', ...wordsOfRun(args, process.argv.slice(3))]
    return runLoopFile()
  },
}

/** The words of the call without the URL and the labels: those of `oompa run`. Pure. */
export function wordsOfRun({ positionals }: Pick<Args, 'positionals'>, words: readonly string[]): string[] {
  const url = words.indexOf(positionals[0] ?? '')
  const kept: string[] = []
  let isLabel = false
  for (const [at, word] of words.entries()) {
    if (word.startsWith('-')) isLabel = word === '--label' || word.startsWith('--label=')
    if (at !== url && !isLabel) kept.push(word)
  }
  return kept
}

async function checkRemote(root: string): Promise<void> {
  const remote = await remoteOf(root)
  const { status, stderr, ended } = await networkGit(root, ['ls-remote', '--heads', '--end-of-options', remote], {})
  if (status === 0) return
  throw new OompaError({
    code: 'remote-away',
    message: `The remote ${remote}, by which machines share their work, cannot be read: ${ended ?? wordsOf(stderr)}`,
    mend: `git remote -v; git ls-remote ${remote}`,
  })
}

async function checkPush(root: string): Promise<void> {
  const settings = await loadSettings(root, { argv: [], env: process.env })
  if (settings.merge.push || findHooks(root).files.some(({ hook }) => hook === 'merge')) return
  throw new OompaError({
    code: 'no-push',
    message: 'Machines share their work by the remote, and `merge.push` of oompa.json is off.',
    mend: '{ "merge": { "push": true } } in oompa.json, committed and pushed',
    status: STATUS.usage,
  })
}

/** @throws OompaError where the tasks are not in the server, its schema is of another version, or it is away */
async function checkEngine(root: string): Promise<void> {
  const engine = await engineOf(root)
  const { version, ownVersion, server, clockAheadMs = 0 } = await engine.status()
  if (version !== undefined && version !== ownVersion) {
    throw new OompaError({
      code: version < ownVersion ? 'engine-old' : 'engine-new',
      message: `The schema of ${server} has version ${version}, and this oompa works with ${ownVersion}.`,
      mend: version < ownVersion ? 'oompa engine migrate' : 'npm install oompa-loompas@latest',
      status: STATUS.usage,
    })
  }
  console.error(`${thisMachine.host} works on the tasks in ${server}.`)
  if (Math.abs(clockAheadMs) > MOST_AHEAD_MS) {
    const off = count(Math.round(Math.abs(clockAheadMs) / 1000), 'second')
    const words = `The clock of this machine is ${off} ${clockAheadMs > 0 ? 'ahead' : 'behind'}: leases go by the server's, the times of events by this one.`
    console.error(words)
  }
}
