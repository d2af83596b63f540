// What an author may leave that is no change yet: told to it at once, with the way out, and landed by nobody.

import { nestedFeedback } from '../git/gitlinks.js'
import type { Operation } from '../git/operations.js'
import type { Refusal } from '../words.js'
import type { LeftMarkers } from './left-markers.js'

/** So many places an author is told of at once. */
const MOST_SHOWN = 30

/**
 * A rebase, a merge, a cherry-pick that was not brought to its end: what is committed so far is not the whole.
 * @param unmerged files that conflict still
 */
export function operationRefusal({ name, finish, abort }: Operation, unmerged: readonly string[]): Refusal {
  const lines = [
    `${name[0]!.toUpperCase()}${name.slice(1)} is in progress in your worktree: what is committed so far is not the whole of it, and nothing of it lands.`,
    ...(unmerged.length > 0 ? ['', 'These files conflict:', ...unmerged.map((file) => `- ${file}`)] : []),
    '',
    `Finish it: ${unmerged.length > 0 ? 'mend the conflicts, ' : ''}\`git add\` what belongs to it, and \`${finish}\`. Or take it back: \`${abort}\`. End your turn when \`git status\` says that nothing is in progress.`,
  ]
  return {
    refused: unmerged.length > 0 ? 'conflict' : 'agent',
    feedback: lines.join('\n'),
    details: { operation: name },
  }
}

/** Files about which nobody has decided: `git commit` would take their conflict markers, or one of two versions. */
export function markersRefusal(files: readonly string[]): Refusal {
  return {
    refused: 'conflict',
    feedback: `These files still conflict (they hold conflict markers, or are as one side has them): ${files.join(', ')}. Resolve them, \`git add\` or \`git rm\` them, and commit.`,
    details: { files },
  }
}

/** Lines of git's that were committed with the rest: nobody wrote them, and nobody wants them. */
export function leftMarkersRefusal(branch: string, left: readonly LeftMarkers[]): Refusal {
  const places = left.flatMap(({ path, lines }) =>
    lines.map(({ line, text }) => ({ path, line, marker: text.split(' ')[0] })),
  )
  const shown = places.slice(0, MOST_SHOWN).map(({ path, line, marker }) => `- ${path}:${line}: ${marker}`)
  return {
    refused: 'conflict',
    feedback: [
      `${branch} still holds conflict markers, which git wrote there when it could not merge:`,
      '',
      ...shown,
      ...(places.length > shown.length ? [`- and ${places.length - shown.length} more`] : []),
      '',
      'At each of these places keep what both sides mean to do, take out every line of the markers (<<<<<<<, |||||||, =======, >>>>>>>), run the tests, and commit.',
    ].join('\n'),
    details: { markers: places.map(({ path, line }) => ({ path, line })) },
  }
}

/** Repositories inside the worktree: of their files nothing would land. */
export function nestedRefusal(paths: readonly string[]): Refusal {
  return { refused: 'policy', feedback: nestedFeedback(paths), details: { paths } }
}
