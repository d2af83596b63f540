// Says where and why a hook could not be loaded, or threw: file, line and reason, with paths as the person knows them.

import { readFileSync } from 'node:fs'
import { messageOf } from '../errors.js'

/** What went wrong in a hook: `hooks/review.ts:12: Unexpected token`. */
export interface Fault {
  /** Below the root where it is one of the repository's. */
  readonly file: string
  readonly line?: number
  readonly reason: string
}

/**
 * Reads a fault out of what a hook threw.
 * @param error what was thrown
 * @param file the hook, as the person knows it: `hooks/review.ts`
 * @param folders where its code was read from, each with what the person calls it (`…/start/hooks` → `hooks`)
 */
export function faultOf(error: unknown, file: string, folders: readonly (readonly [string, string])[]): Fault {
  const named = (text: string) => folders.reduce((all, [folder, name]) => all.replaceAll(folder, name), text)
  const message = named(messageOf(error))
  const parse = /^(?:\w+: )?([\s\S]*?)\s*\n\s*(\S.*?):(\d+):\d+\s*$/.exec(message)
  if (parse && message.startsWith('ParseError')) {
    return { file: parse[2] ?? file, line: Number(parse[3]), reason: `it is not valid: ${parse[1]?.trim()}` }
  }
  const missing = /Cannot find (?:module|package) '([^']+)'/.exec(message)
  if (missing) {
    const importer = /Require stack:\n- (.+)/.exec(message)?.[1] ?? file
    const source = folders.reduce(
      (all, [folder, name]) => (all.startsWith(name) ? all.replace(name, folder) : all),
      importer,
    )
    return {
      file: importer,
      line: lineWith(source, missing[1] ?? ''),
      reason: `it imports '${missing[1]}', which is not there`,
    }
  }
  const stack = error instanceof Error ? named(error.stack ?? '') : ''
  for (const [, name] of folders) {
    const at = new RegExp(`(?:file://)?(${escapeRegExp(name)}/[^\\s():]+):(\\d+)`).exec(stack)
    if (at) return { file: at[1] ?? file, line: Number(at[2]), reason: firstLine(message) }
  }
  return { file, reason: firstLine(message) }
}

/** `hooks/review.ts:12: reason`. */
export function sayFault(fault: Fault): string {
  return `${fault.file}${fault.line ? `:${fault.line}` : ''}: ${fault.reason}`
}

function lineWith(file: string, specifier: string): number | undefined {
  try {
    const at = readFileSync(file, 'utf8')
      .split('\n')
      .findIndex((line) => line.includes(specifier))
    return at < 0 ? undefined : at + 1
  } catch {
    return undefined
  }
}

function firstLine(text: string): string {
  return text.split('\n')[0]?.trim() || 'it threw nothing that says why'
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
