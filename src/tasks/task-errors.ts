// The errors of all task stores, made in one place.

import { OompaError, STATUS } from '../errors.js'

/** The claim is not the holder's any more. */
export function notYours(id: string, why: string): OompaError {
  return new OompaError({
    code: 'not-yours',
    message: `Task \`${id}\` is not yours: ${why}.`,
    mend: `oompa tasks show ${id}`,
    status: STATUS.refused,
  })
}

export function duplicateTask(id: string, where: string): OompaError {
  return new OompaError({
    code: 'duplicate-task',
    message: `There is a task \`${id}\` already: ${where}.`,
    mend: `oompa tasks show ${id}`,
    status: STATUS.refused,
  })
}

export function alreadyComplete(id: string, where: string): OompaError {
  return new OompaError({
    code: 'already-complete',
    message: `Task \`${id}\` is complete already: ${where}.`,
    mend: `oompa tasks show ${id}`,
    status: STATUS.refused,
  })
}

export function unknownTask(id: string): OompaError {
  return new OompaError({
    code: 'unknown-task',
    message: `There is no task \`${id}\`.`,
    mend: 'oompa tasks',
    status: STATUS.usage,
  })
}
