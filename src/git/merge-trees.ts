// Merges two commits into a tree, in no checkout, with the result that `git merge` would have.
//
// Traps of git 2.39, tried: merge-tree reads `.gitattributes` and runs merge drivers in the current work tree, which
// is the person's, with edits that they have not committed. So it is given a work tree of ours. Attributes matter only
// to files whose contents are merged, and git names those: most merges have none, need no attributes, and are
// answered by a merge-tree that stays (5 ms for a started one, 1 ms for an answer). Drivers of the person's own are run
// at the top of their checkout, as `git merge` runs them.

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { OompaError } from '../errors.js'
import { fromBytes, onDisk } from '../files/bytes.js'
import { converse } from './batch.js'
import { gitFolders, ourFolder } from './folders.js'
import type { Objects } from './objects.js'
import { remembered } from './remembered.js'
import { removeOurs } from './remove.js'
import { git, gitBytes } from './run-git.js'

export interface Conflict {
  readonly path: string
  /** Git's word for it, `CONFLICT (contents)`, and its sentence. */
  readonly kind: string
  readonly message: string
}

export interface MergedTree {
  readonly clean: boolean
  /** The merged tree; with conflict markers if it is not clean. */
  readonly tree: string
  /** Paths with unmerged stages. */
  readonly paths: readonly string[]
  readonly conflicts: readonly Conflict[]
  /** Files whose contents were merged. */
  readonly merged: readonly string[]
}

export interface Merger {
  /**
   * Merges `theirs` into `ours`, both commit ids.
   * @throws OompaError `merge-failed` if git cannot merge them at all, such as unrelated histories (status 4)
   */
  merge(ours: string, theirs: string): Promise<MergedTree>
  /** Starts git before the first merge. */
  start(): void
  close(): void
}

/** Opens a merger for the repository of a checkout. */
export function openMerger(root: string, objects: Objects): Merger {
  const common = gitFolders(root).common
  const bare = path.join(ourFolder(common), 'empty')
  mkdirSync(bare, { recursive: true })
  // Attributes of this person or machine (`* merge=union`) would merge for them alone.
  const args = ['-c', 'core.attributesFile=/dev/null', 'merge-tree', '--write-tree', '--messages']
  const alone = { GIT_DIR: common, GIT_ATTR_NOSYSTEM: '1' }
  const talk = converse(bare, [...args, '--stdin'], { ...alone, GIT_WORK_TREE: bare })

  /** A last NUL is not flushed with its answer, so a second, trivial merge is sent along to push it out. */
  async function quick(ours: string, theirs: string): Promise<MergedTree | undefined> {
    try {
      return await talk.ask(`${ours} ${theirs}\n${ours} ${ours}\n`, (bytes) => {
        // What the trivial merge before left over.
        const start = bytes[0] === 0 ? 1 : 0
        const found = parseMerge(bytes, start)
        const second = found && trivial(bytes, found.end)
        return second === undefined ? undefined : { answer: found!.merge, taken: second }
      })
    } catch (error) {
      if (error instanceof OompaError && error.code === 'git-ended') return undefined
      throw error
    }
  }

  async function slow(
    ours: string,
    theirs: string,
    attributes: readonly Attributes[] = [],
    drivers: readonly Driver[] = [],
  ): Promise<MergedTree> {
    const tree = mkdtempSync(path.join(ourFolder(common), 'merge-'))
    try {
      for (const { folder, content } of attributes) {
        mkdirSync(onDisk(tree, folder), { recursive: true })
        writeFileSync(onDisk(tree, `${folder}/.gitattributes`), content)
      }
      const env = { ...alone, GIT_WORK_TREE: tree }
      const config = drivers.flatMap((driver) => ['-c', atTop(driver, root, tree)])
      const { status, stdout, stderr } = await gitBytes(tree, [...config, ...args, '-z', ours, theirs], { env })
      const clean = Buffer.from(`${status === 0 ? 1 : 0}\0`)
      const found = status > 1 ? undefined : parseMerge(Buffer.concat([clean, stdout, Buffer.of(0)]), 0)
      if (found) return found.merge
      throw new OompaError({
        code: 'merge-failed',
        message: `Git cannot merge ${theirs.slice(0, 12)} into ${ours.slice(0, 12)}: ${(stderr || fromBytes(stdout)).trim()}`,
        status: 4,
      })
    } finally {
      removeOurs(tree)
    }
  }

  return {
    async merge(ours, theirs) {
      const first = await quick(ours, theirs)
      if (!first) return slow(ours, theirs)
      const touched = [...first.merged, ...first.paths, ...first.conflicts.map((one) => one.path)]
      if (touched.length === 0) return first
      const [attributes, drivers] = await Promise.all([attributesFor(objects, ours, touched), driversOf(root)])
      return attributes.length + drivers.length === 0 ? first : slow(ours, theirs, attributes, drivers)
    },
    start: talk.start,
    close: talk.close,
  }
}

/** A merge driver that the person has configured: its key and its command. */
type Driver = readonly [key: string, command: string]

const driversOf = remembered(async (root: string): Promise<readonly Driver[]> => {
  const { stdout } = await git(root, ['config', '--null', '--get-regexp', '^merge\\..*\\.driver$'])
  return stdout.split('\0').flatMap((entry) => {
    const end = entry.indexOf('\n')
    return end > 0 ? [[entry.slice(0, end), entry.slice(end + 1)] as const] : []
  })
})

/** The driver's command, run in the person's checkout on the files that git has put into our work tree. */
function atTop([key, command]: Driver, root: string, tree: string): string {
  const below = path.relative(root, tree)
  // Git puts names of files into the command as they are.
  const folder = /^[\w./-]+$/.test(below) ? below : undefined
  if (folder === undefined) return `${key}=${command}`
  const named = command.replace(/%(.)/g, (all, letter: string) => ('OAB'.includes(letter) ? `${folder}/${all}` : all))
  return `${key}=unset GIT_DIR GIT_WORK_TREE; cd '${root.replaceAll("'", "'\\''").replaceAll('%', '%%')}' || exit 129; ${named}`
}

interface Attributes {
  /** Below the root, '' for the root. */
  readonly folder: string
  readonly content: Buffer
}

/** The `.gitattributes` of a commit that speak about any of `paths`. */
async function attributesFor(objects: Objects, commit: string, paths: readonly string[]): Promise<Attributes[]> {
  const folders = new Set<string>([''])
  for (const file of paths) {
    for (let at = file.lastIndexOf('/'); at > 0; at = file.lastIndexOf('/', at - 1)) folders.add(file.slice(0, at))
  }
  const found = await Promise.all(
    [...folders].map(async (folder) => {
      const content = await objects.contents(`${commit}:${folder ? `${folder}/` : ''}.gitattributes`)
      return content ? [{ folder, content }] : []
    }),
  )
  return found.flat()
}

/** Reads one answer of `merge-tree -z --messages`; undefined while it is not whole. */
function parseMerge(bytes: Buffer, start: number): { merge: MergedTree; end: number } | undefined {
  let at = start
  const next = (): string | undefined => {
    const zero = bytes.indexOf(0, at)
    if (zero < 0) return undefined
    const token = fromBytes(bytes.subarray(at, zero))
    at = zero + 1
    return token
  }
  const clean = next()
  const tree = next()
  if (clean === undefined || tree === undefined) return undefined
  const paths = new Set<string>()
  for (let info = next(); info !== ''; info = next()) {
    if (info === undefined) return undefined
    paths.add(info.slice(info.indexOf('\t') + 1))
  }
  const conflicts: Conflict[] = []
  const merged: string[] = []
  for (let count = next(); count !== ''; count = next()) {
    if (count === undefined) return undefined
    const about: string[] = []
    for (let i = 0; i < Number(count); i++) {
      const file = next()
      if (file === undefined) return undefined
      about.push(file)
    }
    const kind = next()
    const message = next()
    if (kind === undefined || message === undefined) return undefined
    if (kind.startsWith('CONFLICT')) conflicts.push({ path: about[0] ?? '', kind, message: message.trim() })
    else if (kind === 'Auto-merging') merged.push(...about)
  }
  return { merge: { clean: clean === '1', tree, paths: [...paths], conflicts, merged }, end: at }
}

/** Where the answer of the trivial merge ends: `1 NUL tree NUL NUL`, its last NUL still to come. */
function trivial(bytes: Buffer, start: number): number | undefined {
  let at = start
  for (let i = 0; i < 3; i++) {
    at = bytes.indexOf(0, at) + 1
    if (at === 0) return undefined
  }
  return at
}
