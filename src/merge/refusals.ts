// The words with which a landing is refused: feedback for whoever made the change, and facts for programs.

import type { Conflict, MergedTree } from '../git/merge-trees.js'
import type { CommandResult } from '../processes/contract.js'
import type { Refusal } from '../words.js'

/** How much of a test's output an author gets: its end, where the failure is. */
const FEEDBACK_BYTES = 8000

/**
 * Main and the change changed the same lines.
 * @param gone what the change was built on, if that was taken out of the target
 */
export function conflictRefusal(branch: string, into: string, merge: MergedTree, gone?: string): Refusal {
  const paths = merge.paths.length > 0 ? merge.paths : [...new Set(merge.conflicts.map((one) => one.path))]
  const lines = merge.conflicts.map((one) => `- ${sentence(one)}`)
  return {
    refused: 'conflict',
    feedback: [
      `${branch} does not merge into ${into}: both changed the same places.`,
      '',
      ...(lines.length > 0 ? lines : paths.map((one) => `- ${one}`)),
      '',
      gone === undefined
        ? `To mend it: merge ${into} into this branch (\`git merge ${into}\`), resolve each of these files so that both`
        : `To mend it: ${into} was rewritten. Put your own commits onto it (\`git rebase --onto ${into} ${gone.slice(0, 12)}\`), resolve each of these files so that both`,
      `intentions survive, remove every conflict marker, run the tests, and commit${gone === undefined ? ' the merge' : ''}.`,
    ].join('\n'),
    details: { paths, conflicts: merge.conflicts.map(({ path, kind }) => ({ path, kind })) },
  }
}

function sentence(conflict: Conflict): string {
  return `${conflict.path}: ${conflict.message.replace(/\s+/g, ' ')}`
}

/** The test failed on the merged tree. `target`: it fails on the target without the change, too. */
export function testRefusal(
  facts: { branch: string; into: string; command: string; target: boolean },
  result: CommandResult,
): Refusal {
  const { branch, into, command, target } = facts
  const how = result.timedOut
    ? 'did not end within its time limit'
    : `failed with ${result.status === null ? `signal ${result.signal}` : `status ${result.status}`}`
  const output = tail(result.output)
  return {
    refused: 'test',
    ...(target ? { final: true } : {}),
    feedback: [
      target
        ? `\`${command}\` ${how} on ${branch} merged into ${into}, and it fails on ${into} itself: ${into} has to be mended first.`
        : `\`${command}\` ${how} on ${branch} merged into ${into}. On ${into} without the change it does not fail.`,
      '',
      ...(output.trim() === '' ? ['It printed nothing.'] : ['The end of its output:', '', output]),
    ].join('\n'),
    details: {
      command,
      status: result.status,
      signal: result.signal,
      timedOut: result.timedOut,
      failsOnTarget: target,
      output,
    },
  }
}

/** The person's checkout is in the way, and nobody waits. */
export function waitingRefusal(branch: string, reason: string, paths: readonly string[]): Refusal {
  return {
    refused: 'unavailable',
    final: true,
    feedback: `${branch} cannot land now: ${reason}.`,
    details: { waitsFor: paths, reason },
  }
}

/** The last part of an output, from the beginning of a line. */
export function tail(output: string, most = FEEDBACK_BYTES): string {
  if (output.length <= most) return output.trimEnd()
  const end = output.slice(-most)
  return `…\n${end.slice(end.indexOf('\n') + 1).trimEnd()}`
}
