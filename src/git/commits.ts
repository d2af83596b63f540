// Makes commits out of trees, with the person's identity and signature, and reads what commits say.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { OompaError } from '../errors.js'
import { gitFolders } from './folders.js'
import { remembered } from './remembered.js'
import { git } from './run-git.js'

/** A name, an address and a moment, as a commit holds them. */
export interface Signature {
  readonly name: string
  readonly email: string
  /** Seconds since 1970, and the zone: `1700000000 +0100`. */
  readonly date: string
}

export interface NewCommit {
  readonly tree: string
  readonly parents: readonly string[]
  readonly message: string
  /** The person's own identity and now, unless given. */
  readonly author?: Signature
  /** It only helps to compute a merge, and no ref will ever lead to it: not signed. */
  readonly isHelper?: boolean
}

export interface CommitFacts {
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: Signature
  readonly message: string
}

/**
 * Writes a commit object; no ref moves. Signed if `commit.gpgSign` says so.
 * @throws OompaError `no-identity`, `signing-failed`, `git-failed`
 */
export async function commitTree(root: string, commit: NewCommit): Promise<string> {
  const sign = !commit.isHelper && (await signs(root))
  const args = ['commit-tree', ...(sign ? ['-S'] : []), commit.tree, ...commit.parents.flatMap((one) => ['-p', one])]
  const env = commit.author && {
    GIT_AUTHOR_NAME: commit.author.name,
    GIT_AUTHOR_EMAIL: commit.author.email,
    GIT_AUTHOR_DATE: `@${commit.author.date}`,
  }
  // Git ends the message with a line end anyway.
  const input = commit.message.replace(/\n?$/, '\n')
  const { status, stdout, stderr } = await git(root, [...args, '-F', '-'], { input, env })
  if (status === 0) return stdout.trim()
  throw explain(root, stderr || stdout, sign)
}

function explain(root: string, output: string, sign: boolean): OompaError {
  const said = output.trim()
  if (/tell me who you are|empty ident|no email was given|auto-detection is disabled/i.test(said)) {
    return new OompaError({
      code: 'no-identity',
      message: `Git does not know who commits in ${root}: ${said.split('\n').at(-1)}`,
      mend: 'git config user.name "Your Name" && git config user.email you@example.com',
    })
  }
  if (sign) {
    return new OompaError({
      code: 'signing-failed',
      message: `The landing's commit could not be signed, as commit.gpgSign asks for: ${said}`,
      mend: 'Unlock the signing key (for gpg: `echo | gpg --sign >/dev/null`), or: git config commit.gpgSign false',
    })
  }
  return new OompaError({ code: 'git-failed', message: `Git could not write a commit in ${root}: ${said}` })
}

/** Whether commits are signed. */
const signs = remembered(async (root) => {
  if (!maySign(root)) return false
  const { stdout } = await git(root, ['config', '--type=bool', '--get', 'commit.gpgSign'])
  return stdout.trim() === 'true'
})

/** Where git keeps the machine's configuration, by how it was installed. */
const SYSTEM_FILES = [
  '/etc/gitconfig',
  '/usr/local/etc/gitconfig',
  '/opt/homebrew/etc/gitconfig',
  '/opt/local/etc/gitconfig',
]

/** Whether any configuration has the word at all: reading files costs less than a git that reads them. */
function maySign(root: string): boolean {
  if (Object.keys(process.env).some((name) => name.startsWith('GIT_CONFIG_') && name !== 'GIT_CONFIG_NOSYSTEM')) {
    return true
  }
  const { own, common } = gitFolders(root)
  const home = process.env.HOME ?? ''
  const files = [
    path.join(common, 'config'),
    path.join(own, 'config.worktree'),
    path.join(home, '.gitconfig'),
    path.join(process.env.XDG_CONFIG_HOME || path.join(home, '.config'), 'git/config'),
    ...SYSTEM_FILES,
  ]
  return files.some((file) => existsSync(file) && /gpgsign|\[include/i.test(readFileSync(file, 'utf8')))
}

/** Reads the bytes of a commit object, in the encoding that it names. */
export function readCommit(bytes: Buffer): CommitFacts {
  const utf8 = bytes.toString('utf8')
  const end = utf8.indexOf('\n\n')
  const named = /^encoding (\S+)$/m.exec(end < 0 ? utf8 : utf8.slice(0, end))?.[1]
  if (named === undefined) return parseCommit(utf8)
  try {
    return parseCommit(new TextDecoder(named).decode(bytes))
  } catch {
    // A name that only git knows: bytes that are no UTF-8 become question marks.
    return parseCommit(utf8)
  }
}

/** Reads the text of a commit object. */
export function parseCommit(text: string): CommitFacts {
  const end = text.indexOf('\n\n')
  const header = end < 0 ? text : text.slice(0, end)
  const parents: string[] = []
  let tree = ''
  let author: Signature = { name: 'unknown', email: '', date: '0 +0000' }
  for (const line of header.split('\n')) {
    if (line.startsWith('tree ')) tree = line.slice(5)
    else if (line.startsWith('parent ')) parents.push(line.slice(7))
    else if (line.startsWith('author ')) author = parseSignature(line.slice(7)) ?? author
  }
  return { tree, parents, author, message: end < 0 ? '' : text.slice(end + 2) }
}

function parseSignature(text: string): Signature | undefined {
  const match = /^(.*?) ?<([^>]*)> (\d+ [+-]\d{4})$/.exec(text)
  return match ? { name: match[1]!, email: match[2]!, date: match[3]! } : undefined
}
