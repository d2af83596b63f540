// `oompa report`: what a swarm was told, did, and cost, as one file.

import { writeFileSync } from 'node:fs'
import { type Command, flag, text } from '../cli/contract.js'
import { messageOf, OompaError, STATUS } from '../errors.js'
import { findRun } from '../events/runs.js'
import { scanForState } from '../events/scan-log.js'
import { settle } from '../events/swarm-now.js'
import { findRepository } from '../git/repository.js'
import { git } from '../git/run-git.js'
import { htmlOf, markdownOf } from '../views/document.js'
import { figuresFacts, swarmFacts } from '../views/facts.js'
import { gather } from '../views/figures.js'
import { reportOf } from '../views/swarm-report.js'

export const command: Command = {
  summary: 'Say what a swarm landed, by whom, at what cost, and where the rest is: one file for a pull request.',
  positionals: [
    {
      name: 'id',
      describe: 'The swarm, or the beginning of its id; else the running or the latest one',
      names: 'swarm',
    },
  ],
  options: {
    format: {
      type: 'string',
      choices: ['markdown', 'html'],
      describe: 'How it is written (default: markdown, or html for a file that is called so)',
    },
    output: { type: 'string', short: 'o', describe: 'Write it to this file, in place of what is there' },
    json: { type: 'boolean', describe: 'Print JSON: the facts' },
  },
  examples: [
    ['oompa report', 'the running swarm, or the latest, as markdown'],
    ['oompa report 3f2a -o report.html', 'one file that opens without a network'],
    ['oompa report | gh pr create --body-file - --fill', 'as the text of a pull request'],
  ],
  async run(args) {
    const { root } = await findRepository()
    const run = findRun(root, args.positionals[0])
    const { take, state, figures } = gather(run.swarm)
    let argv: readonly string[] | undefined
    for (const event of scanForState(root, run.swarm, run.size)) {
      take(event)
      if (event.type === 'swarm.started' && !event.resumed && Array.isArray(event.argv)) argv = event.argv.map(String)
    }
    settle(state, run.state)
    if (flag(args, 'json')) {
      console.log(JSON.stringify({ ...swarmFacts(run, state), figures: figuresFacts({ state, figures }) }, null, 2))
      return STATUS.done
    }
    const commits = state.landed.flatMap(({ commit }) => commit ?? [])
    const subjects = await subjectsOf(root, commits)
    const document = reportOf({ run, state, figures, argv, subjects })
    const output = text(args, 'output')
    const html = (text(args, 'format') ?? (output && /\.html?$/i.test(output) ? 'html' : 'markdown')) === 'html'
    write(html ? htmlOf(document) : markdownOf(document), output)
    return STATUS.done
  },
}

function write(report: string, output: string | undefined): void {
  if (output === undefined) {
    process.stdout.write(report)
    return
  }
  try {
    writeFileSync(output, report)
  } catch (cause) {
    throw new OompaError({
      code: 'report-unwritable',
      message: `The report cannot be written to ${output}: ${messageOf(cause)}.`,
      mend: 'oompa report --output FILE in a folder that is there',
      cause,
    })
  }
}

/** The first lines of messages of commits that are still there. */
async function subjectsOf(root: string, commits: readonly string[]): Promise<Map<string, string>> {
  const ids = commits.filter((commit) => /^[0-9a-f]{40,64}$/.test(commit))
  if (ids.length === 0) return new Map()
  const args = ['log', '--no-walk=unsorted', '--ignore-missing', '--format=%H %s', '--stdin']
  const { stdout } = await git(root, args, { input: `${ids.join('\n')}\n` })
  return new Map(
    stdout.split('\n').flatMap((line): [string, string][] => {
      const at = line.indexOf(' ')
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]]
    }),
  )
}
