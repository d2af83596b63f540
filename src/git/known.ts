// Remembers what git has answered about commits and trees that are named by their ids: that never changes, and ten workers
// ask about the same few again and again. Each question that is answered from here is a process less.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { gitFolders } from './folders.js'

/** A whole id, or what it leads to. */
const BY_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})(?:\^\{(?:commit|tree)\})?$/
const MOST_KEPT = 2000

/** The latest answers to one question. What is named otherwise, or is missing now, is asked again. */
export function knownById<T>(isSmall: (answer: T) => boolean = () => true) {
  const kept = new Map<string, T>()
  return {
    get: (names: readonly string[]): T | undefined => kept.get(names.join(' ')),
    keep(names: readonly string[], answer: T | undefined): T | undefined {
      if (answer === undefined || !names.every((name) => BY_ID.test(name)) || !isSmall(answer)) return answer
      if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value!)
      kept.set(names.join(' '), answer)
      return answer
    },
  }
}

/** Whether a repository has all of its history: where it has not, a fetch may change how two commits are related. */
export function hasWholeHistory(checkout: string): boolean {
  return !existsSync(path.join(gitFolders(checkout).common, 'shallow'))
}
