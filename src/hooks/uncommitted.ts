// What judges was committed, or it is said: which hooks, prompts and settings of a checkout differ from HEAD.

import path from 'node:path'
import type { Settings } from '../config/contract.js'
import { git } from '../git/run-git.js'
import { isNoHook } from './find.js'
import type { Program } from './programs.js'

export interface Uncommitted {
  /** HEAD has them, and has others. */
  readonly differ: readonly string[]
  /** HEAD has none of them. */
  readonly fresh: readonly string[]
}

/** Where we look, whatever a configuration names besides. */
const PLACES = ['hooks', 'prompts', 'oompa.json', 'oompa/oompa.json', 'oompa_loompas.mjs']

/** Which of the files that decide how a swarm works and judges are not as HEAD has them; paths below the root. */
export async function uncommittedJudges(
  root: string,
  settings: Pick<Settings, 'file' | 'workers' | 'reviewers' | 'planner'>,
  programs: readonly Program[],
): Promise<Uncommitted> {
  const prompts = [...settings.workers, ...settings.reviewers, ...(settings.planner ? [settings.planner] : [])]
  const named = [settings.file, ...prompts.flatMap((one) => one.prompts)].flatMap((file) => {
    const below = file === undefined ? '' : path.relative(root, path.resolve(root, file))
    return below === '' || below.startsWith('..') || path.isAbsolute(below) ? [] : [below]
  })
  const paths = [...new Set([...PLACES, ...named, ...programs.map((one) => one.path)])]
  const { status, stdout } = await git(root, [
    '--literal-pathspecs',
    ...['status', '--porcelain', '-z', '--untracked-files=all', '--ignored=traditional', '--no-renames'],
    ...['--ignore-submodules=all', '--', ...paths],
  ])
  if (status !== 0) return { differ: [], fresh: [] }
  const entries = stdout.split('\0').flatMap((line) => {
    const [code, file] = [line.slice(0, 2), line.slice(3)]
    const idle = file === '' || file.split('/').includes('node_modules')
    return idle || (file.startsWith('hooks/') && isNoHook(path.basename(file))) ? [] : [{ code, file }]
  })
  const isFresh = (code: string) => code === '??' || code === '!!' || code.startsWith('A')
  return {
    differ: entries.filter(({ code }) => !isFresh(code)).map(({ file }) => file),
    fresh: entries.filter(({ code }) => isFresh(code)).map(({ file }) => file),
  }
}

/** One line that says so, and the command that commits them; undefined where all is committed. Pure. */
export function uncommittedWords({ differ, fresh }: Uncommitted): { text: string; mend: string } | undefined {
  const all = [...differ, ...fresh]
  if (all.length === 0) return undefined
  const parts = [
    ...(differ.length > 0 ? [`${listed(differ)} ${differ.length === 1 ? 'differs' : 'differ'} from HEAD`] : []),
    ...(fresh.length > 0 ? [`${listed(fresh)} ${fresh.length === 1 ? 'is' : 'are'} not committed`] : []),
  ]
  const it = all.length === 1 ? 'it' : 'them'
  const stand = all.length === 1 ? 'it stands' : 'they stand'
  return {
    text: `${parts.join(', and ')}: a swarm uses ${it} as ${stand} here. Commit ${it}, so that everybody can see what judged, and a fresh clone judges in the same way.`,
    // What else the person has staged stays staged.
    mend: `git add -A -- ${places(all).join(' ')} && git commit -m Hooks -- ${places(all).join(' ')}`,
  }
}

function listed(files: readonly string[]): string {
  return files.length > 5 ? `${files.slice(0, 5).join(', ')} and ${files.length - 5} more` : files.join(', ')
}

/** Few words for many files. */
function places(files: readonly string[]): string[] {
  if (files.length === 1) return [...files]
  return [...new Set(files.map((file) => file.split('/')[0] ?? file))]
}
