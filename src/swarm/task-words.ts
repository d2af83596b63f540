// What is said of tasks that were put back: one line for all of a kind, and never more ids than a line can hold. Pure.

import type { Damage } from './task-damage.js'

/** More ids than these at once, and the first ones say enough. */
const MOST = 10

export interface Line {
  readonly text: string
  /** The task, where it is of one. */
  readonly task?: string
}

/** @param who workers whose agents were at work: one of them has done it */
export function damageWords(who: readonly string[], done: readonly (readonly [Damage, string?])[]): Line[] {
  const groups = new Map<string, (readonly [Damage, string?])[]>()
  for (const one of done) {
    const [{ kind, to, now, holder }] = one
    const key = [kind, to.state, now?.state, holder].join('/')
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()].map((group) => {
    const [[first]] = group as [readonly [Damage, string?]]
    const kept = group.flatMap(([, file]) => file ?? [])
    const text = `${whoWords(who)} ${deedWords(first, named(group.map(([{ to }]) => to.id)))}`
    const where = kept.length > 0 ? `; what stood there is kept: ${kept.slice(0, MOST).join(', ')}` : ''
    return { text: `${text}${where}.`, ...(group.length === 1 ? { task: first.to.id } : {}) }
  })
}

function deedWords({ kind, to, now, holder }: Damage, tasks: string): string {
  const held = holder === undefined ? '' : `, which ${holder} holds`
  if (kind === 'lost') return `removed ${tasks}, added meanwhile: it cannot be put back`
  if (kind === 'spoiled') return `wrote over ${tasks} in ${to.state}, where no task is now`
  if (kind === 'removed') return `removed ${tasks} from ${to.state}${held}: put back`
  const why = holder === undefined && to.state === 'pending' ? ' without having claimed it' : held
  return `moved ${tasks} to ${now?.state ?? kind}${why}: put back to ${to.state}`
}

export interface FolderDeed {
  /** What stood in the place of the folder. */
  readonly thing: string
  /** Where that is now. */
  readonly aside: string
  /** How many tasks were put back into it. */
  readonly tasks: number
}

export function folderWords(who: readonly string[], folder: string, { thing, aside, tasks }: FolderDeed): string {
  const many = tasks === 0 ? '' : ` with its ${tasks} task${tasks === 1 ? '' : 's'}`
  return `${whoWords(who)} put ${thing} in the place of ${folder}: it is moved to ${aside}, and the folder is there again${many}.`
}

function whoWords(who: readonly string[]): string {
  return who.length === 0 ? 'Somebody' : who.join(' or ')
}

function named(ids: readonly string[]): string {
  const shown = ids.slice(0, MOST).map((id) => `\`${id}\``)
  const more = ids.length > MOST ? ` and ${ids.length - MOST} more` : ''
  return `${shown.join(', ')}${more}`
}
