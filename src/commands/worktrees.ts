// `oompa worktrees`: where the iterations' work is, and whether anybody uses it.

import { stat } from 'node:fs/promises'
import path from 'node:path'
import { type Command, flag } from '../cli/contract.js'
import { STATUS } from '../errors.js'
import { movedWorktrees } from '../git/no-checkout.js'
import { unsavedWork } from '../git/read-status.js'
import { isWorktreeName } from '../git/registrations.js'
import { findRepository } from '../git/repository.js'
import { commitsOver, listWorktrees, type WorktreeEntry } from '../git/worktree-list.js'
import { columnLines, screenColumns } from '../views/columns.js'
import { age, count } from '../views/format.js'

/** `git status` at once: more of them only wait for the disk. */
const AT_ONCE = 4

interface Line {
  readonly worktree: string
  readonly path: string
  readonly branch: string | null
  /** Files with changes that are not committed. */
  readonly unsaved: number
  /** Commits that HEAD of the main checkout has not. */
  readonly ahead: number
  /** The running swarm whose worker has it. */
  readonly usedBy: string | null
  /** The folder is gone; git still lists it. */
  readonly missing: boolean
  readonly madeAt: string | null
}

export const command: Command = {
  summary: 'List the worktrees of iterations: clean or not, commits that have not landed, in use, age.',
  options: { json: { type: 'boolean', describe: 'Print JSON' } },
  examples: [
    ['oompa worktrees', 'what is there'],
    ['oompa cleanup --dry-run', 'what of it can go'],
  ],
  async run(args) {
    const { root, gitDir } = await findRepository()
    const moved = movedWorktrees(root, gitDir)
    if (moved) throw moved
    const { inUse } = await import('../events/running.js')
    const user = inUse(root)
    const ours = (await listWorktrees(root)).filter(
      (entry) => path.dirname(entry.path) === root && isWorktreeName(path.basename(entry.path)),
    )
    const lines: Line[] = []
    while (lines.length < ours.length) {
      const some = ours.slice(lines.length, lines.length + AT_ONCE)
      lines.push(...(await Promise.all(some.map((entry) => lineOf(root, entry, user)))))
    }
    lines.sort((a, b) => a.worktree.localeCompare(b.worktree, 'en', { numeric: true }))
    if (flag(args, 'json')) console.log(JSON.stringify(lines, null, 2))
    else if (!lines.length) console.log('There are no worktrees of iterations.')
    else {
      const header = ['worktree', 'age', 'holds', 'used by', 'branch']
      for (const line of columnLines(header, lines.map(cells), screenColumns())) console.log(line)
    }
    return STATUS.done
  },
}

async function lineOf(root: string, entry: WorktreeEntry, user: (name: string) => string | undefined): Promise<Line> {
  const name = path.basename(entry.path)
  return {
    worktree: name,
    path: entry.path,
    branch: entry.branch ?? null,
    unsaved: entry.prunable ? 0 : (await unsavedWork(entry.path)).length,
    ahead: entry.head === undefined ? 0 : await commitsOver(root, 'HEAD', entry.head),
    usedBy: user(name) ?? null,
    missing: entry.prunable,
    madeAt: await madeAt(entry.path),
  }
}

/** Git writes the `.git` file of a linked worktree once, when it makes it. */
async function madeAt(folder: string): Promise<string | null> {
  try {
    return (await stat(path.join(folder, '.git'))).mtime.toISOString()
  } catch {
    return null
  }
}

function cells(line: Line): string[] {
  const held = [
    ...(line.unsaved ? [`${count(line.unsaved, 'file')} not committed`] : []),
    ...(line.ahead ? [`${count(line.ahead, 'commit')} not landed`] : []),
  ]
  return [
    line.worktree,
    line.madeAt ? age(Date.now() - Date.parse(line.madeAt)) : '–',
    line.missing ? 'its folder is gone' : held.join(', ') || 'nothing new',
    line.usedBy ? `swarm ${line.usedBy}` : '–',
    line.branch ?? '(no branch)',
  ]
}
