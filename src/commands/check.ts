// `oompa check`: whether a run could work here, one line for each thing that it needs.

import { type Args, type Command, flag } from '../cli/contract.js'
import { STATUS } from '../errors.js'
import type { Repository } from '../git/folders.js'
import { findRepository } from '../git/repository.js'
import { coloursFor } from '../views/colour.js'
import { screenColumns } from '../views/columns.js'
import { escapeLines } from '../views/escape.js'
import { folded } from '../views/width.js'
import { type Finding, failed, markOf } from './checks/contract.js'

export const command: Command = {
  summary:
    'Say whether a run could work here: git, Node, disk, agents, configuration, prompts, hooks. Status 1 if not.',
  positionals: [{ name: 'config', describe: 'Configuration, in place of oompa.json' }],
  options: {
    agent: { type: 'string', describe: 'Check this agent in place of the configured ones', short: 'a', names: 'agent' },
    json: { type: 'boolean', describe: 'Print JSON: a list of {check, ok, warning, text, mend}' },
  },
  examples: [
    ['oompa check', 'everything that a run needs'],
    ['oompa check --agent codex', 'whether Codex is there and logged in'],
  ],
  async run(args) {
    const findings = await allFindings(args)
    if (flag(args, 'json')) console.log(JSON.stringify(findings, null, 2))
    else print(findings)
    return findings.every((finding) => finding.ok) ? STATUS.done : STATUS.failed
  },
}

async function allFindings(args: Args): Promise<Finding[]> {
  const { machineFindings } = await import('./checks/check-machine.js')
  const machine = await machineFindings()
  let repository: Repository
  try {
    repository = await findRepository()
  } catch (error) {
    return [...machine, failed('repository', error)]
  }
  const { root } = repository
  const { settingsFindings } = await import('./checks/settings.js')
  const { repositoryFindings } = await import('./checks/check-repository.js')
  const checked = await settingsFindings(root, args)
  // Before agents are asked in a worktree of ours, which is none that an earlier run has left.
  const here = await repositoryFindings(repository, checked.settings?.workers.length ?? 1)
  const agents = checked.settings
    ? await (await import('./checks/agents.js')).agentFindings(root, {
        settings: checked.settings,
        level: checked.level,
        added: checked.hooks?.agents ?? [],
        reviewers: checked.hooks?.review.flatMap((hook) => hook.agents ?? []) ?? [],
      })
    : []
  return [...machine, ...here, ...checked.findings, ...agents]
}

function print(findings: readonly Finding[]): void {
  const colours = coloursFor(process.stdout, process.env)
  const width = Math.max(...findings.map((finding) => finding.check.length))
  const tones = { '✓': colours.green, '!': colours.yellow, '✗': colours.red }
  for (const finding of findings) {
    const { check, text, mend } = finding
    const mark = markOf(finding)
    const room = (screenColumns() ?? Number.POSITIVE_INFINITY) - width - 4
    const [first = '', ...more] = escapeLines(text).flatMap((line) => folded(line, room))
    console.log(`${tones[mark](mark)} ${check.padEnd(width)}  ${first}`)
    for (const line of more) console.log(`  ${' '.repeat(width)}  ${line}`)
    // A command that does not fit here begins further to the left.
    const at = mend && mend.length > room - 2 ? '  ' : `  ${' '.repeat(width)}  `
    if (mend) console.log(`${at}${colours.dim(`→ ${mend}`)}`)
  }
}
