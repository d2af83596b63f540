// Short lines of what an agent is doing now, for the view and the log.

import { object, string } from './json-stream.js'

const LONGEST = 160

/** One line of at most 160 characters, or none if there is nothing in it. */
export function activity(text: string): string[] {
  const line = text
    .slice(0, LONGEST * 4)
    .replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .trim()
  if (line === '') return []
  return [line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line]
}

/** The first words of an error as one line of at most 500 characters. */
export function messageLine(text: string): string {
  return text
    .slice(0, 2000)
    .replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .trim()
    .slice(0, 500)
}

/** A use of a tool: its name and what tells most about it. */
export function toolActivity(name: string, input: unknown): string[] {
  return activity(`${name}: ${toolDetail(input)}`.replace(/: $/, ''))
}

/** The command, file or pattern that a tool was given. */
export function toolDetail(input: unknown): string {
  const fields = object(input) ?? {}
  const keys = ['command', 'file_path', 'filePath', 'path', 'pattern', 'url', 'query', 'description', 'prompt']
  for (const key of keys) {
    const value = string(fields[key])
    if (value) return value
  }
  return ''
}

/** The most of a final message that is kept: its end, since signals and verdicts stand there. */
const LONGEST_TEXT = 256 * 1024

/** The end of a text that may have no end. */
export function lastPart(text: string): string {
  return text.length > LONGEST_TEXT ? text.slice(-LONGEST_TEXT) : text
}
