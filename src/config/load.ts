// Reads flags, environment and `oompa.json` at the start of a run. The schema, which takes longest, is loaded while git answers.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { type Args, type CommandSpec, text } from '../cli/contract.js'
import { parse } from '../cli/parse.js'
import { usageError } from '../errors.js'
import type { Settings } from './contract.js'
import { loopOptions, overridesFromEnvironment, overridesFromFlags, runOptions } from './flags.js'

export interface LoadOptions {
  /** What follows the command word. */
  readonly argv: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly command?: 'run' | 'loop'
  /** The folder that a configuration's path is meant from, tried before the root. */
  readonly cwd?: string
}

/** What `oompa run` and `oompa loop` take, for their help and for parsing. */
export const runShapes: Readonly<Record<'run' | 'loop', CommandSpec>> = {
  run: {
    summary: 'Run the loop: workers × iterations, each in its own worktree.',
    positionals: [{ name: 'file', describe: 'Configuration, in place of oompa.json: the same as --config' }],
    options: runOptions,
    examples: [
      ['oompa run', 'three workers, five iterations each'],
      ['oompa run --workers 5 --agent codex', 'five Codex workers'],
      ['oompa run --here --workers 1', 'plain Ralph: one agent in this checkout'],
      ['WORKERS=2 ITERATIONS=10 oompa run night.json', 'a configuration of its own'],
    ],
  },
  loop: {
    summary: 'Run N iterations of a mixed set of workers.',
    positionals: [{ name: 'N', describe: 'Iterations of each worker' }],
    options: loopOptions,
    examples: [['oompa loop 10 --workers claude:5 opencode:2', 'seven workers, ten iterations each']],
  },
}

/**
 * The settings of a run. Prints the help and ends the process if `argv` asks for it.
 * @param root the main checkout, absolute
 * @throws OompaError with status 2: a bad flag or variable, a file that is missing, broken or wrong
 */
export async function loadSettings(root: string, options: LoadOptions): Promise<Settings> {
  const { argv, env, command = 'run', cwd = process.cwd() } = options
  const args = await parse({ command: runShapes[command], path: `oompa ${command}`, words: argv })
  if ('help' in args) {
    console.log(args.help)
    process.exit(0)
  }
  return settingsOf(root, args, { env, command, cwd })
}

/** As `loadSettings`, with options that have been parsed. */
export async function settingsOf(
  root: string,
  args: Args,
  { env, command = 'run', cwd = process.cwd() }: Omit<LoadOptions, 'argv'>,
): Promise<Settings> {
  const [first] = args.positionals
  if (command === 'loop' && first === undefined && text(args, 'iterations') === undefined && !env.ITERATIONS)
    throw usageError('How many iterations shall each worker have?', 'oompa loop 5')
  const flags = overridesFromFlags(args)
  const file = configFile(root, cwd, text(args, 'config') ?? (command === 'run' ? first : undefined))
  const checked = file
    ? (await import('./file.js')).readConfigFile(
        file,
        path.relative(root, file).startsWith('..') ? file : path.relative(root, file),
      )
    : undefined
  const { resolveSettings } = await import('./resolve.js')
  return resolveSettings({
    flags: {
      ...flags,
      ...(command === 'loop' && first !== undefined ? { iterations: { values: [first], source: 'oompa loop N' } } : {}),
    },
    env: overridesFromEnvironment(env),
    mixed: command === 'loop',
    ...(file && checked ? { file, config: checked.config, remarks: checked.remarks } : {}),
  })
}

/**
 * The configuration that counts: the one that was asked for, else `oompa.json`, else `oompa/oompa.json`.
 * @throws OompaError `no-config` (status 2) if the one that was asked for is not there
 */
function configFile(root: string, cwd: string, asked: string | undefined): string | undefined {
  if (asked === undefined) {
    return ['oompa.json', path.join('oompa', 'oompa.json')].map((name) => path.join(root, name)).find(existsSync)
  }
  const found = [path.resolve(cwd, asked), path.resolve(root, asked)].find(existsSync)
  if (found === undefined) {
    throw usageError(
      `There is no configuration ${asked} (looked in ${cwd}${cwd === root ? '' : ` and ${root}`}).`,
      'oompa run --help',
      'no-config',
    )
  }
  return found
}
