// What a reviewer is given to read: the task, the whole change, its test result, and what was said in earlier rounds.

import type { ReviewContext } from '../hooks/contract.js'
import { usualProtection } from '../hooks/protected.js'
import { furtherFacts } from '../tasks/task-facts.js'
import type { Change, Task } from '../words.js'
import { blobSize, changedFiles, diffTexts, type FileDiff, looksLikeText } from './diff.js'

/** Bytes of diff that a reviewer is given; more than this it reads for itself, in its worktree. */
const MOST_BYTES = 200_000
/** A single file's diff above this many changed lines is not even computed. */
const MOST_LINES = 20_000
const BATCH = 100

export interface Material {
  readonly text: string
  /** Files whose diff is not in the text. */
  readonly cut: readonly string[]
}

/**
 * Everything that a reviewer needs besides its prompt, as text.
 * @param mostBytes how much diff it holds; files beyond that are left out whole, and listed
 */
export async function materialFor(change: Change, context: ReviewContext, mostBytes = MOST_BYTES): Promise<Material> {
  const { root } = context
  const files = await changedFiles(root, change.base, change.commit)
  const protection = context.protection ?? usualProtection
  const configures = (path: string) => protection.configures(path) || protection.runs(path)
  const settings = files.filter((file) => configures(file.path) || (file.from !== undefined && configures(file.from)))
  const { shown, cut } = await chooseDiffs(root, change, files, new Set(settings), mostBytes)
  const range = `${change.base}..${change.commit}`
  const { gitFor } = await import('../git/simple-git.js')
  const log = await gitFor(root).raw('log', '--no-color', '--format=%h %s%n%w(0,2,2)%b', range, '--')
  const sections = [
    section('Task', change.task ? taskText(change.task) : ''),
    section('The change', headText(change, files)),
    section('What it changes of what configures agents, or judges', settingsText(change, settings)),
    section('Its commits, in its author’s words', fenced(log.trim())),
    section('What its author said at the end', change.message ? fenced(change.message.trim().slice(-5000)) : ''),
    section('What the test runs from', ownTestText(change)),
    section('Test', testText(context)),
    section('Earlier rounds', roundsText(context)),
    section('Diff', shown.length ? fenced(shown.join(''), 'diff') : 'No file is shown.'),
    section('Left out of the diff above', cutText(change, cut)),
  ]
  return { text: sections.filter((text) => text !== '').join('\n\n'), cut: cut.map((file) => file.path) }
}

function section(title: string, body: string): string {
  return body === '' ? '' : `## ${title}\n\n${body}`
}

/** A fence that is longer than any in the text, so that the text cannot end it. */
export function fenced(text: string, language = ''): string {
  const longest = (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 2)
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}`
}

function taskText(task: Task): string {
  const lines = [
    `${task.id}: ${task.summary}`,
    ...(task.description ? ['', task.description] : []),
    ...(task.acceptance.length ? ['', 'It is done when:', ...task.acceptance.map((line) => `- ${line}`)] : []),
    ...(task.files.length ? ['', `Files: ${task.files.join(', ')}`] : []),
    ...furtherFacts(task).flatMap(({ name, values }) => ['', `${name}:`, ...values.map((one) => `- ${one}`)]),
  ]
  return fenced(lines.join('\n'))
}

function headText(change: Change, files: readonly FileDiff[]): string {
  const from = change.author ? `, written by ${change.author}` : ''
  return [
    `${change.branch} at ${change.commit}, over ${change.base}, to land on ${change.into}${from}. ${files.length} file${files.length === 1 ? '' : 's'}:`,
    '',
    fenced(files.map(fileLine).join('\n') || 'no files'),
    ...(files.length === 0
      ? ['', 'Its author says that the task needs no change. Approve only if the task is done already as it stands.']
      : []),
  ].join('\n')
}

const WORDS: Readonly<Record<string, string>> = {
  A: 'new',
  M: 'modified',
  D: 'removed',
  R: 'renamed',
  C: 'copied',
  T: 'changed its type',
}

/** `renamed a.txt → b.txt, mode 100644 → 100755, +3 −1`. */
function fileLine(file: FileDiff): string {
  const word = WORDS[file.status] ?? file.status
  const name = file.from ? `${file.from} → ${file.path}` : file.path
  const size = file.binary ? 'binary' : `+${file.added} −${file.removed}`
  return `${word} ${name}${file.mode ? `, mode ${file.mode}` : ''}, ${size}`
}

function ownTestText({ touchesTheTest = [] }: Change): string {
  if (touchesTheTest.length === 0) return ''
  return [
    'This change touches what the test runs from, and so it is tested by its own version of it. Look whether the test still tests:',
    '',
    fenced(touchesTheTest.join('\n')),
  ].join('\n')
}

function testText({ test }: ReviewContext): string {
  if (!test) return ''
  const result = test.status === 0 ? 'passed' : `failed with status ${test.status ?? 'none: it was ended'}`
  return `\`${test.command}\` ${result} on this commit merged with the target.\n\n${fenced(test.output.trim().slice(-10_000))}`
}

function roundsText({ rounds, round }: ReviewContext): string {
  if (rounds.length === 0) return ''
  const told = rounds.map((one, index) => {
    const answer = one.answer ? `\n\nThe author answered:\n\n${fenced(one.answer.trim().slice(-5000))}` : ''
    return `Round ${index + 1}, of ${one.commit.slice(0, 10)}:\n\n${fenced(one.feedback.trim())}${answer}`
  })
  return [...told, `This is round ${round}. See first whether what was asked for has been done.`].join('\n\n')
}

function settingsText(change: Change, settings: readonly FileDiff[]): string {
  if (settings.length === 0) return ''
  return [
    `These files configure agents, and so they would configure you, or they are programs that judge changes. In your working directory they are as ${change.into} has them; the diff below has what the change makes of them:`,
    '',
    fenced(settings.map(fileLine).join('\n')),
  ].join('\n')
}

function cutText(change: Change, cut: readonly FileDiff[]): string {
  if (cut.length === 0) return ''
  return [
    `${cut.length} file${cut.length === 1 ? ' is' : 's are'} part of the change and not shown, because of their size. Read them in your working directory, or with \`git diff ${change.base} ${change.commit} -- PATH\`:`,
    '',
    fenced(cut.map(fileLine).join('\n')),
  ].join('\n')
}

/**
 * The smallest diffs first, so that one lock file does not crowd out everything else, after those that stand nowhere
 * else (`first`); shown in the order of paths.
 */
async function chooseDiffs(
  root: string,
  change: Change,
  files: readonly FileDiff[],
  first: ReadonlySet<FileDiff>,
  mostBytes: number,
): Promise<{ shown: string[]; cut: FileDiff[] }> {
  const texts = new Map<string, string>()
  const rank = (file: FileDiff) => (first.has(file) ? 0 : 1)
  const bySize = [...files].sort((a, b) => rank(a) - rank(b) || a.added + a.removed - (b.added + b.removed))
  let left = mostBytes
  for (let i = 0; i < bySize.length && left > 0; i += BATCH) {
    const batch = bySize.slice(i, i + BATCH).filter((file) => file.added + file.removed <= MOST_LINES)
    for (const [file, text] of await textsOf(root, change, batch)) {
      const size = Buffer.byteLength(text)
      if (size > left) continue
      left -= size
      texts.set(file.path, text)
    }
  }
  const shown = files.flatMap((file) => texts.get(file.path) ?? [])
  return { shown, cut: files.filter((file) => !texts.has(file.path)) }
}

async function textsOf(root: string, change: Change, files: readonly FileDiff[]): Promise<[FileDiff, string][]> {
  const { base, commit } = change
  const plain = files.filter((file) => !file.binary && file.status !== 'T')
  const found: [FileDiff, string][] = []
  if (plain.length > 0) {
    const texts = await diffTexts(root, base, commit, plain)
    for (const file of plain) {
      const head = `diff --git a/${file.from ?? file.path} b/${file.path}\n`
      const text = texts.find((one) => one.startsWith(head))
      // A name that git quotes is asked for by itself.
      found.push([file, text ?? (await diffTexts(root, base, commit, [file])).join('')])
    }
  }
  for (const file of files) {
    if (file.status === 'T') found.push([file, (await diffTexts(root, base, commit, [file])).join('')])
    else if (file.binary) found.push([file, await binaryText(root, change, file)])
  }
  return found
}

async function binaryText(root: string, change: Change, file: FileDiff): Promise<string> {
  const at = file.status === 'D' ? change.base : change.commit
  if (await looksLikeText(root, at, file.path)) {
    return (await diffTexts(root, change.base, change.commit, [file], ['--text'])).join('')
  }
  const before = await blobSize(root, change.base, file.from ?? file.path)
  const after = await blobSize(root, change.commit, file.path)
  const size = (bytes: number | undefined) => (bytes === undefined ? 'nothing' : `${bytes} bytes`)
  const [head = ''] = await diffTexts(root, change.base, change.commit, [file])
  return `${head.replace(/^Binary files .*\n?/m, '')}Binary file, ${size(before)} → ${size(after)}\n`
}
