// `oompa worktree remove NAME`: removes a named worktree in which nothing would be lost.

import { type Command, text } from '../cli/contract.js'
import { peekSettings } from '../config/peek.js'
import { STATUS } from '../errors.js'
import { findRepository } from '../git/repository.js'
import { runGitHooks } from '../git/run.js'
import { resolveTarget } from '../merge/target.js'

export const command: Command = {
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
