// Copies `hooks/` when a swarm starts: the copies run, so that an agent cannot change its judge while it works.
// Why a copy beside links to the rest of the repository: docs/decisions/0020-hooks-run-from-a-copy.md.

import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { messageOf, OompaError } from '../errors.js'
import { fromBytes, onDisk } from '../files/bytes.js'
import { runFolder } from '../files/paths.js'
import { isWorktreeName } from '../git/registrations.js'
import { removeOurs } from '../git/remove.js'
import { type FoundHooks, hooksFolder } from './find.js'

export interface HooksCopy {
  /** `.oompa/runs/<swarm>/start/hooks`, absolute. */
  readonly folder: string
  /**
   * Puts every copied file back as it was when the swarm started; gives the names of those that had been changed.
   * Called before each run of an executable, which is read from the disk each time.
   */
  restore(): string[]
}

/** `.oompa/runs/<swarm>/start`: the repository as its hooks see it. */
export function startFolder(root: string, swarm: string): string {
  return path.join(runFolder(root, swarm), 'start')
}

interface Copied {
  readonly bytes: Buffer
  readonly mode: number
}

/**
 * Copies `hooks/` of the main checkout, and links the rest of the root beside the copy, so that `../scripts/x.js` and
 * the repository's packages are found from there as they are from `hooks/`.
 * @throws OompaError `hooks-not-copied`
 */
export function copyHooks(root: string, swarm: string, found: FoundHooks): HooksCopy {
  const start = startFolder(root, swarm)
  const folder = path.join(start, 'hooks')
  const copied = new Map<string, Copied>()
  try {
    removeOurs(start) // a resumed swarm starts with what the person has now
    mkdirSync(folder, { recursive: true })
    const executables = new Set(found.files.filter((file) => file.kind === 'executable').map((file) => file.path))
    copyFolder(hooksFolder(root), folder, executables, copied, realpathSync(hooksFolder(root)))
    linkTheRest(root, start)
  } catch (cause) {
    throw new OompaError({
      code: 'hooks-not-copied',
      message: `Cannot copy hooks/ to ${start}: ${messageOf(cause)}.`,
      mend: 'oompa check',
      cause,
    })
  }
  return { folder, restore: () => [...copied].filter(([file, was]) => putBack(file, was)).map(([file]) => file) }
}

function copyFolder(
  from: string,
  to: string,
  executables: ReadonlySet<string>,
  copied: Map<string, Copied>,
  top: string,
): void {
  for (const name of namesIn(from)) {
    const source = path.join(from, name)
    const target = path.join(to, name)
    const facts = lstatSync(onDisk(source))
    if (facts.isSymbolicLink() && !executables.has(source)) {
      symlinkSync(onDisk(linkTarget(source, target, top, to)), onDisk(target))
    } else if (facts.isDirectory()) {
      if (name === 'node_modules') symlinkSync(source, target)
      else {
        mkdirSync(onDisk(target))
        copyFolder(source, target, executables, copied, top)
      }
    } else if (facts.isFile() || facts.isSymbolicLink()) {
      // Read-only, which says to a person that this is not the file to edit.
      const was = {
        bytes: readFileSync(onDisk(source)),
        mode: (statSync(onDisk(source)).mode & 0o777 & ~0o222) | 0o400,
      }
      putBack(target, was)
      copied.set(target, was)
    }
  }
}

/** Within `hooks/` a link leads to the copy of its target; otherwise to where it leads now. */
function linkTarget(source: string, target: string, top: string, to: string): string {
  const plain = fromBytes(readlinkSync(onDisk(source), 'buffer'))
  const inside = path.relative(top, path.resolve(path.dirname(source), plain))
  if (!path.isAbsolute(plain) && !inside.startsWith('..')) return plain
  try {
    return fromBytes(realpathSync.native(onDisk(source), 'buffer'))
  } catch {
    return path.resolve(to, path.dirname(target), plain) // broken already: it stays so
  }
}

/** Everything of the root but what is copied, and what only git and we use. */
function linkTheRest(root: string, start: string): void {
  for (const name of namesIn(root)) {
    if (name === 'hooks' || name === '.git' || name === '.oompa' || isWorktreeName(name)) continue
    symlinkSync(onDisk(root, name), onDisk(start, name))
  }
}

function namesIn(folder: string): string[] {
  return readdirSync(onDisk(folder), 'buffer').map(fromBytes)
}

/** Writes a file unless it has these bytes and this mode; gives whether it had to. */
function putBack(name: string, was: Copied): boolean {
  const file = onDisk(name)
  try {
    const facts = lstatSync(file)
    if (facts.isFile() && (facts.mode & 0o777) === was.mode && readFileSync(file).equals(was.bytes)) return false
  } catch {
    // Not there, or not readable: written below.
  }
  removeOurs(name)
  mkdirSync(onDisk(path.dirname(name)), { recursive: true })
  writeFileSync(file, was.bytes)
  chmodSync(file, was.mode)
  return true
}
