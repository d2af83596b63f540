// The folders of tasks have to be folders: whoever works here can put a link in their place, and what is moved through
// it would be moved out of the repository.

import { lstatSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { OompaError, STATUS } from '../../errors.js'
import { wrongAtFolder } from '../../files/own.js'
import type { TaskProblem } from '../contract.js'
import { type Folder, place, type State } from './names.js'

/** What is wrong with the place of a state's files; undefined for a folder, or where nothing is yet. */
export function wrongPlace(folder: Folder, state: State): TaskProblem | undefined {
  const top = wrongTop(folder)
  if (top) return { path: folder.path, reason: `${top}: no task is read through it` }
  const wrong = wrongAtFolder(place(folder, state))
  return wrong === undefined
    ? undefined
    : { path: place(folder, state), reason: `${wrong}: no task is read through it` }
}

/** The folder of all tasks may be a link within the repository, as somebody has set it up; never one that leads out. */
function wrongTop({ root, path: top }: Folder): string | undefined {
  // A folder elsewhere was named by a person.
  if (path.relative(root, top).startsWith('..')) return undefined
  const stat = lstatSync(top, { throwIfNoEntry: false })
  if (!stat || stat.isDirectory()) return undefined
  if (!stat.isSymbolicLink()) return 'it is a file'
  try {
    const inside = path.relative(realpathSync(root), realpathSync(top))
    return inside.startsWith('..') || path.isAbsolute(inside) ? 'it is a link that leads out' : undefined
  } catch {
    return 'it is a link that leads nowhere'
  }
}

/**
 * Refuses to move a file through what is no folder.
 * @throws OompaError `not-a-folder` (status 4)
 */
export function checkFolder(folder: string): void {
  const wrong = wrongAtFolder(folder)
  if (wrong !== undefined) throw notAFolder(folder, wrong)
}

/** The same for the folder of all tasks. */
export function checkTop(folder: Folder): void {
  const wrong = wrongTop(folder)
  if (wrong !== undefined) throw notAFolder(folder.path, wrong)
}

function notAFolder(folder: string, wrong: string): OompaError {
  return new OompaError({
    code: 'not-a-folder',
    message: `${folder} is not the folder that it has to be: ${wrong}. No task is moved through it.`,
    mend: `Look at it (ls -ld ${folder}), then: mv ${folder} ${folder}.wrong`,
    status: STATUS.refused,
  })
}
