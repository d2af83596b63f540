// Notes of a task: what earlier attempts left, where their work is, the last feedback.

/** Notes longer than this lose their beginning: they go into a prompt. */
const MAX_NOTES = 16_000

/** `notes` with one more, on lines of its own; undefined if there is nothing to add. */
export function withNote(
  notes: string | undefined,
  note: string,
  by: string,
  at = new Date().toISOString(),
): string | undefined {
  const text = note.trim()
  if (text === '') return undefined
  const all = [...(notes?.trim() ? [notes.trimEnd()] : []), `${at} ${by}: ${text}`].join('\n')
  return all.length <= MAX_NOTES ? all : `…${all.slice(all.length - MAX_NOTES)}`
}
