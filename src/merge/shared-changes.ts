// Decides what a difference in what all worktrees share means: whose it is as far as is known, the command that undoes
// it, whether it is put back, and whether it holds a change back. Pure.

import type { Config } from '../git/config-file.js'
import type { FileState, StashEntry } from '../git/shared-state.js'
import { ANOTHER_GIT } from './guard-scripts.js'

/** How a change is put back. */
export type PutBack =
  | { readonly config: string; readonly key: string; readonly values: readonly string[] }
  | { readonly file: string; readonly before: FileState | undefined }
  | { readonly stash: StashEntry }

export interface SharedChange {
  /** A sentence without its subject and full stop: `user.name is "Eve" (it was "Pat")`. */
  readonly what: string
  /** A command for the person. */
  readonly undo: string
  /** Workers whose guard has recorded that they did it; empty where nobody knows. */
  readonly by: readonly string[]
  readonly putBack?: PutBack
  /** Where nobody knows: workers of whose git nothing is recorded. */
  readonly suspects?: readonly string[]
  /** Changes of those who did it, or are suspects, or else of all who were at work, wait for a person. */
  readonly holds: boolean
}

/** What each agent that is at work has done by its guard's record, by worker; none at level 1, where there is no guard. */
export type Records = ReadonlyMap<string, readonly string[]>

function authors(records: Records, did: (line: string) => boolean): string[] {
  return [...records].flatMap(([worker, lines]) => (lines.some(did) ? [worker] : []))
}

/** What git and others write for themselves, which changes nothing for anybody else. */
const BOOKKEEPING =
  /^(branch\..+\.(remote|merge|rebase|pushremote|description|vscode-merge-base|oompastory|oompapriority)|submodule\..+\.(url|active|branch)|lfs\.(.+\.)?(access|locksverify|repositoryformatversion)|remote\..+\.gh-resolved|(gc|maintenance|gui)\..+)$/

/**
 * What makes git read another repository or other files, or run a program in the middle of our work: put back whoever
 * did it. Where we push to and who commits is known from the start, and left to the person.
 */
const BREAKS =
  /^(core\.(?!(hookspath|editor|pager|commentchar|abbrev)$)|extensions\.|include(if)?\.|filter\.|merge\..+\.(driver|recursive)$|gpg\.|commit\.gpgsign$|user\.signingkey$|submodule\..+\.update$)/

export interface ConfigFile {
  /** Below the common git directory. */
  readonly name: string
  /** As the person finds it. */
  readonly shown: string
  /** The option that names it to `git config`. */
  readonly place: string
}

/** What was changed in a configuration file. */
export function configChanges(
  { name, shown, place }: ConfigFile,
  before: Config,
  after: Config,
  records: Records,
): SharedChange[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])]
  return keys.flatMap((key): SharedChange[] => {
    const [was, is] = [before.get(key) ?? [], after.get(key) ?? []]
    if (same(was, is)) return []
    const by = authors(records, (line) => writesConfig(line, key))
    // An agent that takes away what was there (`git remote remove`) keeps no books.
    if (isBookkeeping(key, before) && (was.length === 0 || by.length === 0)) return []
    const breaks = BREAKS.test(key)
    const suspects = by.length > 0 || breaks ? [] : authors(records, (line) => line === ANOTHER_GIT)
    const change: SharedChange = {
      what: `${key} ${is.length > 0 ? `is ${inWords(is)}` : 'is not set any more'} in ${shown} (${was.length > 0 ? `it was ${inWords(was)}` : 'it was not set'})`,
      undo: undoConfig(place, key, was),
      by,
      ...(breaks || by.length > 0 ? { putBack: { config: name, key, values: was } } : {}),
      ...(suspects.length > 0 ? { suspects } : {}),
      holds: breaks || by.length > 0 || suspects.length > 0,
    }
    return [change]
  })
}

/** A remote that is new is somebody's own; what a remote had is where others push to. */
function isBookkeeping(key: string, before: Config): boolean {
  if (BOOKKEEPING.test(key)) return !key.startsWith('submodule.') || !before.has(key)
  const remote = /^remote\..+\.(?=[^.]+$)/.exec(key)?.[0]
  return remote !== undefined && ![...before.keys()].some((one) => one.startsWith(remote))
}

function writesConfig(line: string, key: string): boolean {
  const words = line.toLowerCase().split(' ')
  if (words[0] === 'config') {
    const section = key.slice(0, key.lastIndexOf('.'))
    return words.includes(key.toLowerCase()) || (/ --(remove|rename)-section /.test(line) && words.includes(section))
  }
  if (words[0] === 'remote') return key.startsWith('remote.') || /^branch\..+\.(remote|merge|pushremote)$/.test(key)
  return (words.includes('init') || words.includes('sparse-checkout')) && /^(core|extensions)\./.test(key)
}

function undoConfig(place: string, key: string, was: readonly string[]): string {
  const [first, ...more] = was
  const set =
    first === undefined
      ? `git config ${place} --unset-all ${key}`
      : `git config ${place} --replace-all ${key} ${quoted(first)}`
  return [set, ...more.map((value) => `git config ${place} --add ${key} ${quoted(value)}`)].join(' && ')
}

const inWords = (values: readonly string[]) => values.map((value) => `"${value}"`).join(' and ')
const same = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((one, at) => one === b[at])

/** For a person's shell. */
function quoted(text: string): string {
  return /^[\w./:@+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/**
 * A file that git reads as a whole, or runs.
 * @param name below the common git directory
 * @param file as the person finds it
 * @param saved where its old content is, for the command
 */
export function fileChange(
  name: string,
  file: string,
  before: FileState | undefined,
  after: FileState | undefined,
  saved: string | undefined,
): SharedChange | undefined {
  if (isSameFile(before, after)) return undefined
  const how = !before ? 'is new' : !after ? 'is gone' : 'has changed'
  // Attributes decide what is compared, merged and filtered; objects that are borrowed go away with their lender.
  const breaks = name === 'info/attributes' || name === 'objects/info/alternates'
  return {
    what: `${file} ${how}`,
    undo: saved === undefined ? `rm ${quoted(file)}` : `cp -p ${quoted(saved)} ${quoted(file)}`,
    by: [],
    ...(breaks ? { putBack: { file: name, before } } : {}),
    holds: true,
  }
}

/** Written anew with the same content, as installers do, is not changed. */
export function isSameFile(before: FileState | undefined, after: FileState | undefined): boolean {
  if (!before || !after) return before === after
  if (before.stamp === after.stamp) return true
  if (!before.content || !after.content) return false
  return before.content.equals(after.content) && (before.mode & 0o111) === (after.mode & 0o111)
}

/**
 * Lines that somebody has added to `info/exclude`: what they hide is in no status, and in no commit of ours.
 * @param ours lines that we have added
 */
export function excludeChange(file: string, before: string, after: string, ours: ReadonlySet<string>): SharedChange[] {
  const lines = (text: string) => text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const had = new Set(lines(before))
  const added = lines(after).filter((line) => !had.has(line) && !ours.has(line))
  if (added.length === 0) return []
  return [
    {
      what: `${file} hides ${added.map((line) => `"${line}"`).join(', ')} from git`,
      undo: `edit ${quoted(file)}`,
      by: [],
      holds: true,
    },
  ]
}

/**
 * Entries of the stash that are gone. From level 2 on agents are refused the stash: what went without a record of theirs
 * is the person's own doing. At level 1 nobody knows, and an entry too many does less harm than one that is lost.
 * @param popped workers that have the files of an entry, by its id
 */
export function stashChanges(
  gone: readonly StashEntry[],
  records: Records | undefined,
  popped: ReadonlyMap<string, readonly string[]> = new Map(),
): SharedChange[] {
  const refused = records ? authors(records, (line) => line === 'stash') : []
  return gone.map((entry) => {
    const by = [...new Set([...refused, ...(popped.get(entry.oid) ?? [])])]
    return stashChange(entry, by, records === undefined || by.length > 0)
  })
}

/** Entries that are in a stash no more. */
export function goneFrom(before: readonly StashEntry[], after: readonly StashEntry[]): StashEntry[] {
  const left = after.map((entry) => entry.oid)
  return before.filter(({ oid }) => {
    const at = left.indexOf(oid)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}

function stashChange(entry: StashEntry, by: readonly string[], restored: boolean): SharedChange {
  return {
    what: `the stash has lost an entry: ${entry.message || entry.oid.slice(0, 12)}`,
    undo: restored
      ? 'git stash drop'
      : `git stash store -m ${quoted(entry.message || 'stash')} ${entry.oid.slice(0, 12)}`,
    by,
    ...(restored ? { putBack: { stash: entry } } : {}),
    holds: by.length > 0,
  }
}

export interface RefFacts {
  /** The target, without `refs/heads/`: it has a watch of its own. */
  readonly into?: string
  /** Whether git's own log of a ref ends with its value; undefined if it has none. */
  isLogged(ref: string, oid: string): boolean | undefined
}

/** What we and git move all the time, and what each worker has for its own. */
const OTHERS = /^refs\/(heads\/oompa|oompa|remotes|bisect|worktree|rewritten)\/|^refs\/stash$/

/**
 * Refs that are not a worker's own. A person moves theirs at any time, and git writes that down: said is what an agent's
 * guard has recorded, what is gone, and what has a value that no git gave it.
 */
export function refChanges(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  records: Records,
  facts: RefFacts,
): SharedChange[] {
  const refs = new Set([...before.keys(), ...after.keys()])
  return [...refs].flatMap((ref): SharedChange[] => {
    const [was, is] = [before.get(ref), after.get(ref)]
    const replaces = ref.startsWith('refs/replace/')
    if (was === is || OTHERS.test(ref) || ref === `refs/heads/${facts.into}`) return []
    if (was === undefined && !replaces) return []
    const by = authors(records, (line) => line === `ref ${ref}`)
    const byHand = is !== undefined && facts.isLogged(ref, is) === false
    const isKnown = by.length > 0 || byHand || (replaces && is !== undefined)
    if (!isKnown && is !== undefined) return []
    return [{ ...refWords(ref, was, is, replaces, byHand), by, holds: isKnown }]
  })
}

function refWords(
  ref: string,
  was: string | undefined,
  is: string | undefined,
  replaces: boolean,
  byHand: boolean,
): Pick<SharedChange, 'what' | 'undo'> {
  const name = ref.replace(/^refs\/(heads|tags)\//, '')
  const to = (oid: string) => oid.slice(0, 12)
  if (replaces && is !== undefined && was === undefined) {
    const object = ref.slice('refs/replace/'.length)
    return { what: `git shows another object in place of ${to(object)}`, undo: `git replace -d ${to(object)}` }
  }
  return {
    what: `${name} ${is === undefined ? `is gone (it was at ${to(was!)})` : `was moved from ${to(was!)} to ${to(is)}${byHand ? ', past git' : ''}`}`,
    undo: `git update-ref ${quoted(ref)} ${was}`,
  }
}

/** Subject and sentence of a change, for the log and for whoever approves. */
export function changeWords(change: SharedChange, active: readonly string[]): string {
  const { what, undo, by, putBack } = change
  const whose =
    by.length > 0
      ? `${inList(by)} changed what all worktrees share: ${what}.`
      : `While ${inList(active)} ${active.length === 1 ? 'was' : 'were'} at work, what all worktrees share has changed: ${what}. Who did it is not known.`
  if (!putBack) return `${whose} To undo it: ${undo}`
  if ('stash' in putBack) return `${whose} It was put back (if it was you who dropped it: ${undo})`
  return `${whose} It was put back, as by: ${undo}`
}

function inList(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? 'nobody of ours') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
