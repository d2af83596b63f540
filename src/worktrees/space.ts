// Refuses to make a worktree that the disk has no room for, before git leaves half of one.

import { statfs } from 'node:fs/promises'
import { OompaError } from '../errors.js'
import { git } from '../git/run-git.js'

/** With more than this free, no repository that people run agents on needs counting. */
const PLENTY = 20 * 2 ** 30
/** What has to stay free for logs and git's own objects. */
const RESERVE = 64 * 2 ** 20

const sizes = new Map<string, Promise<number>>()

/**
 * @throws OompaError `disk-full` if a checkout of HEAD would not fit.
 */
export async function checkSpace(root: string): Promise<void> {
  const { bavail, bsize } = await statfs(root)
  const free = bavail * bsize
  if (free > PLENTY) return
  const size = sizes.get(root) ?? checkoutSize(root)
  sizes.set(root, size)
  const needed = (await size) + RESERVE
  if (free >= needed) return
  throw new OompaError({
    code: 'disk-full',
    message: `A worktree needs ${megabytes(needed)} MB, and ${megabytes(free)} MB are free on the disk of ${root}.`,
    mend: 'oompa cleanup',
  })
}

/** Bytes of all files of HEAD. */
export async function checkoutSize(root: string): Promise<number> {
  const { stdout } = await git(root, ['ls-tree', '-r', '-l', '-z', 'HEAD'])
  let sum = 0
  for (const entry of stdout.split('\0')) sum += Number(entry.split('\t', 1)[0]?.split(/ +/)[3]) || 0
  return sum
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20)
}
