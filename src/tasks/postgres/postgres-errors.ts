// What PostgreSQL and the way to it say when something is wrong, as errors that name the command that mends it.

import { messageOf, OompaError, STATUS } from '../../errors.js'

/** The server as an error may show it: never with a password. */
export function shownServer(url: string): string {
  try {
    // A socket's URL has no host, which `URL` does not take.
    const { host, pathname, searchParams } = new URL(url.replace(/^(\w+:\/\/(?:[^/@]*@)?)\//, '$1localhost/'))
    return `${searchParams.get('host') ?? host}${pathname}`
  } catch {
    return 'the database'
  }
}

const LOST = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN'],
  // The server goes, is going, or is not there yet; a disk that is full; a server with too many connections.
  ...['57P01', '57P02', '57P03', '53100', '53200', '53300', '57014'],
])

/** Whether the server could not be reached, or went away: nothing is wrong with what was asked. */
export function isAway(error: unknown): boolean {
  const code = codeOf(error)
  if (code !== undefined) return LOST.has(code) || code.startsWith('08')
  // What `pg` says of a connection has no code.
  return /terminated|timeout|not queryable|connection/i.test(messageOf(error))
}

/** Whether the same call may be made again: it was lost, or two that met were told apart by one failing. */
export function isRepeatable(error: unknown): boolean {
  return isAway(error) || ['40001', '40P01', '23505'].includes(codeOf(error) ?? '')
}

/** Whether the schema, a table or a function of ours is not there. */
export function isMissing(error: unknown): boolean {
  return ['3F000', '42P01', '42883'].includes(codeOf(error) ?? '')
}

/** The error that a person reads. */
export function databaseError(cause: unknown, place: { readonly url: string; readonly schema: string }): OompaError {
  if (cause instanceof OompaError) return cause
  const server = shownServer(place.url)
  const code = codeOf(cause) ?? ''
  if (isMissing(cause)) {
    return new OompaError({
      code: 'engine-not-ready',
      message: `The schema "${place.schema}" of ${server} is not what this oompa works with: ${messageOf(cause)}.`,
      mend: 'oompa engine migrate',
      cause,
    })
  }
  if (code === '42501') {
    return new OompaError({
      code: 'engine-refused',
      message: `The role that the URL of ${server} names may not do this: ${messageOf(cause)}.`,
      mend: 'oompa engine migrate --url URL-OF-THE-OWNER --grant ROLE',
      status: STATUS.refused,
      cause,
    })
  }
  if (code.startsWith('28') || code === '3D000') {
    return new OompaError({
      code: 'engine-refused',
      message: `${server} does not let us in: ${messageOf(cause)}.`,
      mend: 'Look at the URL in hooks/tasks.ts: postgres://user:password@host/database',
      status: STATUS.usage,
      cause,
    })
  }
  const isGone = isAway(cause)
  return new OompaError({
    code: isGone ? 'store-away' : 'engine-failed',
    message: isGone
      ? `The tasks in ${server} cannot be reached: ${messageOf(cause)}.`
      : `${server} failed: ${messageOf(cause)}.`,
    mend: 'oompa engine status',
    cause,
  })
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
