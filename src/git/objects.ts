// Reads objects through one `git cat-file` that stays: names to commits, trees to entries, commits to their text.

import { fromBytes } from '../files/bytes.js'
import { converse } from './batch.js'
import { knownById } from './known.js'

export interface GitObject {
  readonly oid: string
  readonly type: 'commit' | 'tree' | 'blob' | 'tag'
  readonly size: number
}

export interface Objects {
  /** What a name such as `main^{tree}` means now, or undefined. Names with white space mean nothing. */
  info(name: string): Promise<GitObject | undefined>
  /** The content of an object, or undefined. */
  contents(name: string): Promise<Buffer | undefined>
}

/** Opens the objects of a checkout's repository; git starts with the first question. */
function openObjects(checkout: string): Objects {
  const talk = converse(checkout, ['cat-file', '--batch-command'])
  // What is named by its id never changes; ten workers ask for the same few commits again and again.
  const infos = knownById<GitObject>()
  const texts = knownById<Buffer>((text) => text.length <= MOST_BYTES)
  return {
    async info(name) {
      if (!isPlain(name)) return undefined
      return infos.get([name]) ?? infos.keep([name], await askInfo(name))
    },
    async contents(name) {
      if (!isPlain(name)) return undefined
      return texts.get([name]) ?? texts.keep([name], await askContents(name))
    },
  }

  function askInfo(name: string): Promise<GitObject | undefined> {
    return talk.ask(`info ${name}\n`, (bytes) => {
      const line = firstLine(bytes)
      return line && { answer: parseHeader(line.text), taken: line.taken }
    })
  }

  function askContents(name: string): Promise<Buffer | undefined> {
    return talk.ask(`contents ${name}\n`, (bytes) => {
      const line = firstLine(bytes)
      const header = line && parseHeader(line.text)
      if (!line) return undefined
      if (!header) return { answer: undefined, taken: line.taken }
      const end = line.taken + header.size
      if (bytes.length < end + 1) return undefined
      return { answer: Buffer.from(bytes.subarray(line.taken, end)), taken: end + 1 }
    })
  }
}

/** Commits, and small trees. */
const MOST_BYTES = 4096

const shared = new Map<string, Objects>()

/** The objects of a repository, through one git for all of this process that asks: for a main checkout that stays. */
export function sharedObjects(root: string): Objects {
  const known = shared.get(root) ?? openObjects(root)
  shared.set(root, known)
  return known
}

/** A name that is one word of one line: anything else would be read as two requests. */
function isPlain(name: string): boolean {
  return name !== '' && !/[\n\0]/.test(name)
}

function firstLine(bytes: Buffer): { text: string; taken: number } | undefined {
  const end = bytes.indexOf(10)
  return end < 0 ? undefined : { text: bytes.toString('utf8', 0, end), taken: end + 1 }
}

function parseHeader(line: string): GitObject | undefined {
  const match = /^([0-9a-f]{40,64}) (commit|tree|blob|tag) (\d+)$/.exec(line)
  if (!match) return undefined
  return { oid: match[1]!, type: match[2] as GitObject['type'], size: Number(match[3]) }
}

/** One entry of a tree. */
export interface TreeEntry {
  readonly mode: string
  readonly name: string
  readonly oid: string
}

/** Reads the bytes of a tree object. */
export function parseTree(bytes: Buffer, oidBytes: number): TreeEntry[] {
  const entries: TreeEntry[] = []
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(32, at)
    const zero = bytes.indexOf(0, space)
    const mode = bytes.toString('latin1', at, space).padStart(6, '0')
    const name = fromBytes(bytes.subarray(space + 1, zero))
    at = zero + 1 + oidBytes
    entries.push({ mode, name, oid: bytes.toString('hex', zero + 1, at) })
  }
  return entries
}
