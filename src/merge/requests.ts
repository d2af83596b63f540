// Branches that other `oompa merge` processes ask this one to land with its own: they were started while it was, and
// have not started Node (bin/oompa says how they ask). Only for processes that have the same options.

import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '../errors.js'
import { gitFolders, ourFolder } from '../git/folders.js'
import { processStart } from '../processes/identity.js'
import type { Landing, Refusal } from '../words.js'

/** What a shell prints, and its exit status. */
export interface Answer {
  readonly status: number
  /** For standard output. */
  readonly commit?: string
  /** For standard error, with its line ends. */
  readonly text: string
}

export interface BranchRequest {
  readonly branch: string
  /** Answers it: how it ended, or nothing, and then the asker lands the branch itself. */
  answer(end?: Landing | Refusal | Error): void
}

export interface Requests {
  /** Those that have come in since; from now on they are ours to answer. */
  take(): BranchRequest[]
  /** Nobody is to ask us any more; who has no answer yet lands by itself. */
  close(): void
}

/**
 * The requests of this repository, if this process is the one that is asked.
 * @param words what `oompa merge` prints for such an end
 */
export function openRequests(
  root: string,
  words: (branch: string, end: Landing | Refusal | Error) => Answer,
): Requests | undefined {
  const folder = path.join(ourFolder(gitFolders(root).common), 'requests')
  const holder = path.join(folder, 'holder')
  const chosen = holderOf(holder)
  if (!chosen) return undefined
  if (chosen.pid !== process.pid) {
    // Killed: nobody would be chosen in its place.
    if (!processStart(chosen.pid)?.endsWith(chosen.ticks)) rmSync(holder, { force: true })
    return undefined
  }
  const { line } = chosen
  const open = new Set<BranchRequest>()

  function take(): BranchRequest[] {
    return readdirSync(folder).flatMap((name) => {
      const [, asker, kind] = /^(\d+)\.(ask|own|taken|new|answer)$/.exec(name) ?? []
      if (!asker) return []
      const file = path.join(folder, name)
      if (!isRunning(Number(asker))) rmSync(file, { force: true })
      else if (kind === 'ask') return claim(file, path.join(folder, asker)) ?? []
      return []
    })
  }

  function claim(ask: string, asker: string): BranchRequest | undefined {
    try {
      const [branch, asked, rest] = readFileSync(ask, 'utf8').split('\n')
      // Not written to its end yet, or for somebody before us, who may have had other options.
      if (!branch || asked !== line || rest !== '') return undefined
      renameSync(ask, `${asker}.taken`)
      const request: BranchRequest = {
        branch,
        answer(end) {
          if (!open.delete(request)) return
          const { status, commit = '', text } = end ? words(branch, end) : { status: 'again', text: '' }
          writeFileSync(`${asker}.new`, `${status}\n${commit}\n${text}`)
          rmSync(`${asker}.taken`, { force: true })
          renameSync(`${asker}.new`, `${asker}.answer`)
        },
      }
      open.add(request)
      return request
    } catch (error) {
      // Taken back.
      if (isErrno(error, 'ENOENT')) return undefined
      throw error
    }
  }

  return {
    take,
    close() {
      if (holderOf(holder)?.pid === process.pid) rmSync(holder, { force: true })
      for (const request of [...open]) request.answer()
    },
  }
}

/** Without a look at the process table, for this is asked of each of them at each turn. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return !isErrno(error, 'ESRCH')
  }
}

/** Its first line is `pid ticks`: when it started, as `/proc` says it, or nothing. */
function holderOf(file: string): { line: string; pid: number; ticks: string } | undefined {
  try {
    const [line] = readFileSync(file, 'utf8').split('\n', 1)
    const [, pid, ticks] = /^(\d+) (\d*)$/.exec(line!) ?? []
    return pid === undefined ? undefined : { line: line!, pid: Number(pid), ticks: ticks ? `.${ticks}` : '' }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}
