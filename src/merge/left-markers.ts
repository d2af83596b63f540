// Finds conflict markers that a commit still holds: in files that conflicted in a merge of the change, that the loop had
// left for the author to mend, or whose markers name a commit of this repository. In any other file such lines are
// content: a test's, or a page's about git.

import { OompaError } from '../errors.js'
import { mergeBase } from '../git/ancestry.js'
import type { RawChange } from '../git/changes.js'
import { treeChanges } from '../git/changes.js'
import type { Objects } from '../git/objects.js'
import { gitText } from '../git/run-git.js'
import { beyond, isBinary, MARKER_SIZE, type MarkerLine, markerLines, namedCommit, sizeWithLabel } from './markers.js'
import type { LandingTools } from './tools.js'

/** A file that was left in conflict for its author, in no merge of git's that could be asked again. */
export interface LeftConflict {
  readonly path: string
  /** How long its markers are. */
  readonly size: number
  /** The commits whose lines it may hold: the author's, and the target's. */
  readonly sides: readonly string[]
}

/** Markers in one file of a commit. */
export interface LeftMarkers {
  readonly path: string
  readonly lines: readonly MarkerLine[]
}

/** Larger files are data; git does not look into them for text either (`core.bigFileThreshold` is higher still). */
const MOST_BYTES = 20_000_000

/** A changed file with lines that look like markers. */
interface Suspect {
  readonly path: string
  readonly oid: string
  readonly lines: readonly MarkerLine[]
  /** What the change is built on had. */
  readonly before: readonly MarkerLine[]
}

/**
 * The conflict markers that a change brings to the target.
 * @param onto the target's commit
 * @param given files that were left in conflict for the author
 */
export async function leftMarkers(
  tools: LandingTools,
  { commit, onto, given = [] }: { commit: string; onto: string; given?: readonly LeftConflict[] },
): Promise<LeftMarkers[]> {
  const suspects = await suspectsOf(tools, commit, onto)
  // Nearly always: then no git is started.
  if (suspects.length === 0) return []
  const merges = await mergesOf(tools, commit, onto)
  const found = new Map<string, readonly MarkerLine[]>()
  const add = (path: string, lines: readonly MarkerLine[]) => {
    if (lines.length > (found.get(path)?.length ?? 0)) found.set(path, lines)
  }
  for (const merge of merges)
    for (const one of await leftOfMerge(tools, merge, commit, suspects)) add(one.path, one.lines)
  // What was concluded as a merge has been judged as one.
  const open = given.filter(({ sides }) => !merges.some(({ parents }) => sides.every((one) => parents.includes(one))))
  for (const { path, size, sides } of open) {
    const suspect = suspects.find((one) => one.path === path)
    if (suspect)
      add(
        path,
        beyond(atLeast(suspect.lines, size), [suspect.before, ...(await had(tools, sides, { commit, path, suspect }))]),
      )
  }
  for (const suspect of suspects) {
    const size = await sizeOfNamed(tools.objects, suspect)
    if (size !== undefined) add(suspect.path, beyond(atLeast(suspect.lines, size), [suspect.before]))
  }
  return [...found].map(([path, lines]) => ({ path, lines })).sort((a, b) => (a.path < b.path ? -1 : 1))
}

const atLeast = (lines: readonly MarkerLine[], size: number) =>
  lines.filter(({ text }) => (/^(<+|>+|\|+|=+)/.exec(text)?.[0].length ?? 0) >= size)

async function suspectsOf({ root, objects }: LandingTools, commit: string, onto: string): Promise<Suspect[]> {
  const base = await mergeBase(root, commit, onto)
  if (base === undefined) return []
  const changes = await treeChanges(root, base, commit)
  const suspects = await Promise.all(
    changes.filter(isFile).map(async ({ path, oldOid, newOid }): Promise<Suspect[]> => {
      const lines = await markersIn(objects, newOid)
      if (!lines.some(({ text }) => !text.startsWith('='))) return []
      return [{ path, oid: newOid, lines, before: await markersIn(objects, oldOid) }]
    }),
  )
  return suspects.flat()
}

const isFile = ({ newMode }: RawChange) => newMode.startsWith('100')

async function markersIn(objects: Objects, oid: string | undefined): Promise<MarkerLine[]> {
  const text = await textOf(objects, oid)
  return text === undefined ? [] : markerLines(text)
}

/** The text of a file, one character for each byte; undefined for none, and for what git takes for binary. */
async function textOf(objects: Objects, oid: string | undefined): Promise<string | undefined> {
  if (oid === undefined || /^0+$/.test(oid)) return undefined
  const facts = await objects.info(oid)
  if (facts?.type !== 'blob' || facts.size > MOST_BYTES) return undefined
  const text = (await objects.contents(oid))?.toString('latin1')
  return text === undefined || isBinary(text) ? undefined : text
}

interface Merge {
  readonly commit: string
  readonly parents: readonly string[]
}

/** Merges of two that the change brings along. */
async function mergesOf({ root }: LandingTools, commit: string, onto: string): Promise<Merge[]> {
  const list = await gitText(root, ['rev-list', '--parents', '--merges', commit, `^${onto}`, '--'])
  const lines = list.split('\n').filter(Boolean)
  return lines.flatMap((line) => {
    const [merge = '', ...parents] = line.split(' ')
    return parents.length === 2 ? [{ commit: merge, parents }] : []
  })
}

/** Where git, asked again, finds a conflict, and what was committed and is there still has markers of it. */
async function leftOfMerge(
  tools: LandingTools,
  { commit: merge, parents }: Merge,
  commit: string,
  suspects: readonly Suspect[],
): Promise<LeftMarkers[]> {
  const { root, objects } = tools
  const [ours = '', theirs = ''] = parents
  const answer = await again(tools, ours, theirs)
  if (!answer) return []
  const [wrote, concluded] = await Promise.all([treeChanges(root, ours, answer.tree), treeChanges(root, ours, merge)])
  const left: LeftMarkers[] = []
  for (const path of answer.paths) {
    const size = sizeWithLabel((await textOf(objects, oidAt(wrote, path))) ?? '', ours)
    const there = oidAt(concluded, path)
    if (size === undefined || there === undefined) continue
    // A file that was given another name since has its content still.
    const suspect = suspects.find((one) => one.path === path) ?? suspects.find((one) => one.oid === there)
    if (!suspect) continue
    const sides = [suspect.before, ...(await had(tools, parents, { commit, path, suspect }))]
    const then = new Set(beyond(await markersIn(objects, there), sides).map(({ text }) => text))
    // What came with a later commit was written by somebody, and not by git.
    const lines = beyond(atLeast(suspect.lines, size), sides).filter(({ text }) => then.has(text))
    if (lines.length > 0) left.push({ path: suspect.path, lines })
  }
  return left
}

async function again({ merger }: LandingTools, ours: string, theirs: string) {
  try {
    const { clean, tree, paths } = await merger.merge(ours, theirs)
    return clean ? undefined : { tree, paths }
  } catch (error) {
    // Histories without a common commit, merged by somebody who wanted to.
    if (error instanceof OompaError && error.code === 'merge-failed') return undefined
    throw error
  }
}

const oidAt = (changes: readonly RawChange[], path: string) => changes.find((one) => one.path === path)?.newOid

/** The markers that a file had in other commits, asked by their differences: those know names of any bytes. */
async function had(
  { root, objects }: LandingTools,
  sides: readonly string[],
  { commit, path, suspect }: { commit: string; path: string; suspect: Suspect },
): Promise<MarkerLine[][]> {
  return Promise.all(
    sides.map(async (side) => {
      const change = (await treeChanges(root, side, commit)).find((one) => one.path === path)
      // No difference: it is there as it is here.
      return markersIn(objects, change ? change.oldOid : path === suspect.path ? suspect.oid : undefined)
    }),
  )
}

async function sizeOfNamed(objects: Objects, { lines, before }: Suspect): Promise<number | undefined> {
  for (const line of beyond(lines, [before])) {
    const named = namedCommit(line)
    if (named && named.size >= MARKER_SIZE && (await objects.info(`${named.commit}^{commit}`))) return named.size
  }
  return undefined
}
