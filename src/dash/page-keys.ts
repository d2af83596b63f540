// Who may look, and who may act. The key is random, lies in the user's own state folder (for this user alone), and
// is in no environment, so that no agent is handed it. It is the page's between two starts: an open page goes on.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { readProof, writeProof } from '../files/proofs.js'

export interface Keys {
  /** In the link's fragment, which no browser sends; also `Authorization: Bearer …` for programs. */
  readonly token: string
  /** In the cookie: whoever has it may read. Browsers send cookies to every port of this machine, so it is no more. */
  readonly look: string
  /** Kept by the page itself, which sends it along with what it wants done. */
  readonly act: string
}

const NAME = 'key'

/** The keys of the page of this repository; new ones if there are none that only this user could have written. */
export function keysOf(root: string): Keys {
  const known = readProof(root, 'page', NAME)
  const kept = isKept(known) ? known.token : undefined
  const token = kept ?? randomBytes(32).toString('base64url')
  // Where it cannot be written, the keys are good until the server ends.
  if (!kept) writeProof(root, 'page', NAME, { token })
  return { token, look: derived(token, 'look'), act: derived(token, 'act') }
}

/** Whether somebody has said the right key; takes the same time for every wrong one. */
export function isKey(said: string | undefined, key: string): boolean {
  if (said === undefined) return false
  const [a, b] = [said, key].map((one) => createHmac('sha256', 'compared').update(one).digest())
  return timingSafeEqual(a!, b!)
}

function derived(token: string, what: string): string {
  return createHmac('sha256', token).update(`oompa page: ${what}`).digest('base64url')
}

function isKept(value: unknown): value is { token: string } {
  const token = typeof value === 'object' && value !== null && 'token' in value ? value.token : undefined
  return typeof token === 'string' && /^[\w-]{43}$/.test(token)
}
