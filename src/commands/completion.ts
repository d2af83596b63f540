// `oompa completion bash|zsh|fish`: what each shell is told, and the names that it completes. A shell calls us back with
// the words so far, and completes files where we say nothing.

import { readdirSync } from 'node:fs'
import path from 'node:path'
import { builtInHarnesses } from '../agents/spec.js'
import { type Command, type NameKind, text } from '../cli/contract.js'
import { complete } from '../cli/next-words.js'
import { STATUS, usageError } from '../errors.js'
import { swarmIds } from '../events/log.js'
import { findRepository } from '../git/repository.js'
import { git } from '../git/run-git.js'

const bash = `# oompa: completion for bash
_oompa() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <(oompa completion --complete="\${COMP_WORDS[COMP_CWORD]}" -- "\${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)
}
complete -o default -o bashdefault -F _oompa oompa
`

const zsh = `#compdef oompa
# oompa: completion for zsh
_oompa() {
  local -a found
  found=("\${(@f)$(oompa completion --complete="\${words[CURRENT]}" -- "\${(@)words[2,CURRENT-1]}" 2>/dev/null)}")
  found=(\${found:#})
  if (( \${#found} )); then compadd -- "\${found[@]}"; else _files; fi
}
if (( \${+functions[compdef]} )); then compdef _oompa oompa; fi
`

const fish = `# oompa: completion for fish
function __oompa_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    oompa completion --complete="$current" -- $words[2..-1] 2>/dev/null
end
complete -c oompa -f -n 'test (count (__oompa_complete)) -gt 0' -a '(__oompa_complete)'
`

const SCRIPTS = { bash, zsh, fish } as const

const SHELLS = ['bash', 'zsh', 'fish'] as const

export const command: Command = {
  summary: 'Print the completion of a shell: commands, options, and names of workers, swarms, tasks and branches.',
  positionals: [{ name: 'shell', describe: SHELLS.join(', '), choices: SHELLS }],
  options: {
    complete: { type: 'string', describe: 'The word that is being typed; the words before it follow --', hidden: true },
  },
  examples: [
    ['eval "$(oompa completion bash)"', 'in ~/.bashrc'],
    ['eval "$(oompa completion zsh)"', 'in ~/.zshrc, after compinit'],
    ['oompa completion fish > ~/.config/fish/completions/oompa.fish', 'for fish'],
  ],
  async run(args, root) {
    const current = text(args, 'complete')
    if (current !== undefined) {
      for (const one of await complete(root, args.rest, current, names)) console.log(one)
      return STATUS.done
    }
    const wanted = args.positionals[0]
    const shell = SHELLS.find((one) => one === wanted)
    if (shell === undefined) {
      throw usageError(
        wanted === undefined ? 'oompa completion: name a shell.' : `There is no completion for \`${wanted}\`.`,
        `oompa completion ${SHELLS.join('|')}`,
      )
    }
    process.stdout.write(SCRIPTS[shell])
    return STATUS.done
  },
}

/** Every name of a kind, read from folders and refs, never by loading what it stands for; none outside of a repository. */
export async function names(kind: NameKind): Promise<string[]> {
  if (kind === 'agent') return [...builtInHarnesses]
  const { root } = await findRepository()
  switch (kind) {
    case 'swarm':
      return swarmIds(root)
    case 'worker':
      return workers(root)
    case 'pending':
      return tasks(root, ['pending'])
    case 'current':
      return tasks(root, ['current'])
    case 'task':
      return tasks(root, ['pending', 'current', 'complete'])
    case 'branch':
      return branches(root)
    case 'worktree':
      return worktrees(root)
    case 'command':
      return []
  }
}

/** Workers of the latest swarm: their logs are named after them. */
async function workers(root: string): Promise<string[]> {
  const { findRun } = await import('../events/runs.js')
  const { workersOf } = await import('../events/running.js')
  return workersOf(root, findRun(root).swarm)
}

/** A task's file has its id as name, but for characters that a file name should not have. */
function tasks(root: string, folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    entries(path.join(root, 'tasks', folder))
      .filter((name) => /\.(edn|json)$/.test(name) && !name.startsWith('.'))
      .map((name) => name.replace(/\.[^.]+$/, '')),
  )
}

async function branches(root: string): Promise<string[]> {
  const { stdout } = await git(root, ['for-each-ref', '--format=%(refname)', 'refs/heads/'])
  return stdout
    .split('\n')
    .filter((ref) => ref !== '')
    .map((ref) => ref.replace(/^refs\/heads\//, ''))
}

async function worktrees(root: string): Promise<string[]> {
  const { listWorktrees } = await import('../git/worktree-list.js')
  const { namedPath } = await import('../worktrees/named.js')
  const prefix = namedPath(root, '')
  return (await listWorktrees(root))
    .map((one) => one.path)
    .filter((one) => one.startsWith(prefix))
    .map((one) => one.slice(prefix.length))
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
