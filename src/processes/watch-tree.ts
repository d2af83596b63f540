// Looks at the process table about once a second while anything of ours runs, so that a descendant is still known
// when its parent has gone. One look serves all trees.

import path from 'node:path'
import { messageOf } from '../errors.js'
import { appendOwn } from '../files/own.js'
import type { ProcessFacts } from './identity.js'
import { membersOf, readTable, type Tree } from './tree.js'

const LOOK_MS = 1000

interface Watched {
  readonly tree: Tree
  /** Where members are written down for the watchdog and the next start. */
  readonly record: string | undefined
  /** Members seen once; at the second sight they are written down, so that a night of short commands is not. */
  readonly fresh: Set<string>
  readonly recorded: Set<string>
}

const watched = new Set<Watched>()
let timer: NodeJS.Timeout | undefined

/** Watches a tree until the function that it gives is called. */
export function watchTree(tree: Tree, record?: string): () => void {
  const entry: Watched = { tree, record, fresh: new Set(), recorded: new Set() }
  watched.add(entry)
  schedule(LOOK_MS)
  return () => {
    watched.delete(entry)
    if (watched.size > 0 || !timer) return
    clearTimeout(timer)
    timer = undefined
  }
}

function schedule(ms: number): void {
  if (timer || watched.size === 0) return
  timer = setTimeout(() => {
    timer = undefined
    const began = performance.now()
    look()
    // On a machine with very many processes, still at most one part in fifty of a core.
    schedule(Math.max(LOOK_MS, (performance.now() - began) * 50))
  }, ms).unref()
}

function look(): void {
  const table = readTable()
  for (const { tree, record, fresh, recorded } of watched) {
    const members = membersOf(tree, table, false)
    if (record === undefined) continue
    const names = members.map((member) => `${member.pid} ${member.start}`)
    const second = members.filter((_, index) => fresh.has(names[index]!) && !recorded.has(names[index]!))
    fresh.clear()
    for (const name of names) fresh.add(name)
    for (const member of second) recorded.add(`${member.pid} ${member.start}`)
    recordProcesses(record, second)
  }
}

/** Appends pids with their start times. A full disk must not end the swarm: the marks are still there. */
export function recordProcesses(file: string, processes: readonly ProcessFacts[]): void {
  if (processes.length === 0) return
  const lines = processes.map(({ pid, start }) => `${pid} ${start}\n`).join('')
  try {
    appendOwn(path.dirname(file), file, lines)
  } catch (error) {
    process.emitWarning(`Cannot write down processes in ${file}: ${messageOf(error)}`, { code: 'oompa-record' })
  }
}
