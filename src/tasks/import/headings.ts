// Tasks of a markdown text: ticked boxes, and headings with facts below them (`**Priority**: high`). What is prose stays
// prose: a bullet without a box is a task only if it says itself that it is one.

import { canonicalKey } from '../decode.js'
import { type Item, readItems, readTitle } from '../lists/markdown.js'
import type { Entry } from './entries.js'

/** Facts by which a heading is known for a task. */
const TELLING = new Set([
  'id',
  'status',
  'priority',
  'depends_on',
  'blocked_by',
  'acceptance',
  'files',
  'difficulty',
  'complexity',
  'estimate',
  'effort',
  'output',
])
/** Others that may stand beside them. */
const OTHERS = new Set([
  'summary',
  'description',
  'details',
  'design',
  'notes',
  'role',
  'story',
  'steps',
  'test_strategy',
  'path',
])
/** Facts that are lists. */
const LISTS = new Set(['acceptance', 'files', 'depends_on', 'blocked_by', 'steps', 'output'])
const SPELLINGS: Readonly<Record<string, string>> = {
  acceptance_criterion: 'acceptance',
  done_when: 'acceptance',
  definition_of_done: 'acceptance',
  dependency: 'depends_on',
  depends: 'depends_on',
  prerequisites: 'depends_on',
  requires: 'depends_on',
  file: 'files',
  files_to_change: 'files',
  testing: 'test_strategy',
  implementation_details: 'details',
  outputs: 'output',
}

const HEADING = /^ {0,3}(#{1,6})[ \t]+(.*)$/
const FACT = /^[ \t]*(?:[-*+][ \t]+)?(\*\*|__|\*|_)?([A-Za-z][A-Za-z _-]{1,30}?)(?:\1)?:(?:\1)?(?:[ \t]+(.*))?$/
const BULLET = /^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]*)?(.*)$/
const BOX = /^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[[ xX]\]/

/** The entries of a text in the order in which they stand; none if there is no task in it. */
export function entriesOfMarkdown(text: string, name: string): Entry[] {
  const sections = sectionsOf(text).filter((section) => section.isTask)
  const { items } = readItems(text)
  const boxes = items.filter((item) => item.checked !== undefined && !sections.some((section) => within(item, section)))
  const found: { at: number; value: unknown }[] = [
    ...boxes.map((item) => ({ at: item.start, value: itemEntry(item) })),
    ...headingEntries(sections),
  ]
  if (found.length === 0) {
    found.push(...items.filter(saysThatItIsOne).map((item) => ({ at: item.start, value: itemEntry(item) })))
  }
  let line = 1
  let from = 0
  return found
    .sort((a, b) => a.at - b.at)
    .map(({ at, value }) => {
      line += text.slice(from, at).split('\n').length - 1
      from = at
      return { value, where: `${name}, line ${line}` }
    })
}

const within = (item: Item, section: Section) => item.start >= section.start && item.start < section.end

/** By a priority, an id in braces, or facts as sub-items. */
function saysThatItIsOne({ block, task }: Item): boolean {
  const marked = /^[^\n]*(?:\{#[^}\s]+\}|\bP\d+\b[:)\]]|\(depends[ _-]on)/i.test(block)
  return (
    marked || task.priority !== undefined || /\n[ \t]+[-*+][ \t]+(?:id|depends[ _-]on|files|acceptance):/i.test(block)
  )
}

function itemEntry({ checked, task }: Item): unknown {
  const { extra, ...known } = task
  return { ...extra, ...known, done: checked === true }
}

interface Section {
  readonly start: number
  readonly end: number
  readonly level: number
  readonly title: string
  readonly facts: ReadonlyMap<string, string[]>
  readonly prose: string
  readonly isTask: boolean
}

/** Each heading with what stands below it, up to the next that is not a part of it (`### Acceptance` of a task). */
function sectionsOf(text: string): Section[] {
  const sections: (Section & { facts: Map<string, string[]> })[] = []
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  let open: { start: number; level: number; title: string; lines: string[] } | undefined
  let offset = 0
  let fence: string | undefined
  const close = () => {
    if (open) sections.push({ ...open, end: offset, ...readBody(open.lines, open.title) })
    open = undefined
  }
  for (const line of lines) {
    const plain = line.replace(/\r?\n$/, '')
    const mark = /^\s{0,3}(```+|~~~+)/.exec(plain)?.[1]
    if (mark) fence = fence === undefined ? mark[0] : mark[0] === fence ? undefined : fence
    const heading = fence === undefined && !mark ? HEADING.exec(plain) : null
    const level = heading?.[1]?.length ?? 0
    const title = heading ? withoutHashes(heading[2]!) : ''
    const name = title.replace(/:$/, '')
    if (heading && open && level > open.level && factKey(name) !== undefined) open.lines.push(`${name}:`)
    else if (heading) {
      close()
      open = { start: offset, level, title, lines: [] }
    } else open?.lines.push(plain)
    offset += line.length
  }
  close()
  return sections
}

/** `## Title ##` is closed by its hashes. */
function withoutHashes(title: string): string {
  const plain = title.trimEnd()
  let end = plain.length
  while (plain[end - 1] === '#') end--
  return end === 0 || /[ \t]/.test(plain[end - 1]!) ? plain.slice(0, end).trimEnd() : plain
}

/** Facts and prose of the lines below a heading, and whether they make a task of it. */
function readBody(
  lines: readonly string[],
  title: string,
): Pick<Section, 'facts' | 'prose' | 'isTask'> & { facts: Map<string, string[]> } {
  const facts = new Map<string, string[]>()
  const prose: string[] = []
  let loose = false
  let list: string | undefined
  let fenced = false
  let blank = false
  for (const line of lines) {
    const afterBlank = blank
    blank = line.trim() === ''
    const isFence = /^\s{0,3}(?:```+|~~~+)/.test(line)
    if (isFence) fenced = !fenced
    if (isFence || fenced) {
      list = undefined
      prose.push(line)
      continue
    }
    const fact = FACT.exec(line)
    const key = fact ? factKey(fact[2]!) : undefined
    if (fact && key !== undefined) {
      const value = fact[3]?.trim()
      facts.set(key, value ? [value] : (facts.get(key) ?? []))
      // A value on the fact's own line is all of it, but for prose that goes on.
      list = value ? undefined : key
      continue
    }
    const bullet = BULLET.exec(line)?.[1]
    // What follows a list after a blank line, and is no item of it, is prose.
    if (list !== undefined && LISTS.has(list) && afterBlank && !blank && bullet === undefined && !/^\s/.test(line))
      list = undefined
    if (list !== undefined && !blank) {
      facts.get(list)!.push(LISTS.has(list) ? (bullet ?? line).trim() : line.trim())
      continue
    }
    // A blank line ends what is no list; the items of a list may have some between them.
    if (list !== undefined && !LISTS.has(list) && facts.get(list)!.length > 0) list = undefined
    if (BOX.test(line)) loose = true
    prose.push(line)
  }
  const telling = [...facts.keys()].some((one) => TELLING.has(one)) || /^\[[ xX]\]/.test(title)
  return { facts, prose: prose.join('\n').trim(), isTask: telling && !loose }
}

function factKey(written: string): string | undefined {
  const canonical = canonicalKey(written.trim().replace(/ +/g, '_'))
  const key = SPELLINGS[canonical] ?? canonical
  return TELLING.has(key) || OTHERS.has(key) ? key : undefined
}

const NONE = /^(?:none|no|n\/a|nothing|-|–|—)\.?$/i

/** Each with an id, and what it waits for as ids: people write `Task 2`, `2` or its title. */
function headingEntries(sections: readonly Section[]): { at: number; value: unknown }[] {
  const names = new Map<string, string>()
  const read = sections.map((section) => {
    const box = /^\[([ xX])\]\s*/.exec(section.title)?.[1]
    const title = section.title.replace(/^\[[ xX]\]\s*/, '').replace(/^(?:✅|☑️?|✔️?)\s*/u, '')
    const done = (box !== undefined && box !== ' ') || /^(?:✅|☑|✔)/u.test(section.title)
    const numbered =
      /^(?:(task|story|issue|ticket|feature|step|epic)[ \t]+)?#?(\d+(?:\.\d+)*)(?:[.):][ \t]+|[ \t]+[-–—:][ \t]+|[ \t]+)(.+)$/i.exec(
        title,
      )
    const head = readTitle(numbered?.[3] ?? title)
    const one = (key: string) => section.facts.get(key)?.join('\n').trim() || undefined
    const number = numbered?.[2]
    const id =
      one('id')?.replace(/^`(.*)`$/, '$1') ??
      head.id ??
      (number === undefined ? undefined : `${(numbered?.[1] ?? 'task').toLowerCase()}-${number}`)
    if (id !== undefined) {
      for (const name of [
        id,
        head.summary,
        ...(number ? [number, `#${number}`, `${numbered?.[1] ?? 'task'} ${number}`] : []),
      ]) {
        if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), id)
      }
    }
    return { section, head, id, done, one }
  })
  return read.map(({ section, head, id, done, one }) => {
    const waits = [
      ...(section.facts.get('depends_on') ?? []),
      ...(section.facts.get('blocked_by') ?? []),
      head.dependsOn ?? '',
    ]
    const dependsOn = waits
      .flatMap((line) => line.split(/,|;|\band\b/))
      .map((name) =>
        name
          .trim()
          .replace(/^`(.*)`$/, '$1')
          .replace(/\.$/, ''),
      )
      .filter((name) => name !== '' && !NONE.test(name))
      .map((name) => names.get(name.toLowerCase()) ?? names.get(name.toLowerCase().split(/[ \t]*[:(]/, 1)[0]!) ?? name)
    const files = (section.facts.get('files') ?? [])
      .flatMap((line) => line.split(','))
      .map((file) => file.trim().replace(/^`(.*)`$/, '$1'))
    const known = ['acceptance', 'steps', 'output'].flatMap((key) => {
      const values = section.facts.get(key)?.filter(Boolean)
      return values?.length ? [[key, values] as const] : []
    })
    const texts = [
      'priority',
      'difficulty',
      'complexity',
      'details',
      'design',
      'notes',
      'role',
      'story',
      'test_strategy',
      'path',
    ].flatMap((key) => (one(key) === undefined ? [] : [[key, one(key)] as const]))
    const description = [one('description'), section.prose].filter(Boolean).join('\n\n')
    // `✅ Done`, `**done**`: the words are the status.
    const status = one('status')
      ?.replace(/[^\p{L}\s_-]/gu, '')
      .trim()
    const value = {
      ...Object.fromEntries([...texts, ...known]),
      summary: one('summary') ?? head.summary,
      ...(id === undefined ? {} : { id }),
      ...(head.priority === undefined || one('priority') ? {} : { priority: head.priority }),
      ...(description === '' ? {} : { description }),
      ...(files.some(Boolean) ? { files: files.filter(Boolean) } : {}),
      depends_on: dependsOn,
      ...(done ? { done } : status ? { status } : {}),
    }
    return { at: section.start, value }
  })
}
