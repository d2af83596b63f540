// `oompa prompt`: prints, to the byte, what a worker would get now. With a text it is the earlier system's command:
// one agent, once, in the main checkout.

import { type Command, flag, text } from '../cli/contract.js'
import { STATUS, type Status, usageError } from '../errors.js'
import { findRepository } from '../git/repository.js'

export const command: Command = {
  summary: 'Print the prompt that a worker would get now; with a text, give it to an agent once, in the main checkout.',
  positionals: [{ name: 'text', describe: 'What to tell an agent, once' }],
  options: {
    worker: { type: 'string', describe: 'The worker (w1)', short: 'w', names: 'worker' },
    config: { type: 'string', describe: 'Configuration, in place of oompa.json' },
    agent: { type: 'string', describe: 'The agent that gets the text', short: 'a', names: 'agent' },
    json: { type: 'boolean', describe: 'Print JSON' },
  },
  examples: [
    ['oompa prompt --worker w2', 'what w2 would be told'],
    ['oompa prompt "Mend the build." --agent codex', 'one agent, once'],
  ],
  async run(args) {
    const [words] = args.positionals
    if (words !== undefined) return tellOnce(words, text(args, 'agent'))
    const { promptNow } = await import('./promptNow.js')
    const now = await promptNow(args, text(args, 'worker') ?? 'w1')
    if (flag(args, 'json')) console.log(JSON.stringify({ ...now, prompt: now.prompt.toString('utf8') }, null, 2))
    else process.stdout.write(now.prompt)
    return STATUS.done
  },
}

/** The words go through a file: what an agent is told stands in nobody's list of processes. */
async function tellOnce(words: string, agent: string | undefined): Promise<Status> {
  if (words.trim() === '') throw usageError('oompa prompt: the text is empty.', 'oompa prompt "Mend the build."')
  const { mkdirSync, mkdtempSync, writeFileSync } = await import('node:fs')
  const path = await import('node:path')
  const { stateFolder } = await import('../files/paths.js')
  const { excludeOurs } = await import('../git/exclude.js')
  const { removeOurs } = await import('../git/remove.js')
  const { runLoopFile } = await import('./run.js')
  const { root, gitDir } = await findRepository()
  excludeOurs(gitDir)
  mkdirSync(stateFolder(root), { recursive: true })
  const folder = mkdtempSync(path.join(stateFolder(root), 'prompt-'))
  const file = path.join(folder, 'prompt.md')
  writeFileSync(file, `${words}\n`)
  // Ours may be ended in the middle; a prompt that stays would be no harm, but nobody would know what it is.
  process.on('exit', () => removeOurs(folder))
  // The loop file reads the command line itself.
  process.argv.splice(2, Number.POSITIVE_INFINITY, 'run', '--here', '--workers=1', '--iterations=1', `--prompt=${file}`)
  if (agent !== undefined) process.argv.push(`--agent=${agent}`)
  return runLoopFile()
}
