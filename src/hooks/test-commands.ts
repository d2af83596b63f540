// Which command lines the gate's test consists of: a ready-made queue says it, of a merge hook of a person's own they are
// those that it has run, and of a script its own lines.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { heardBy } from '../processes/zx.js'
import type { MergeHook } from './contract.js'
import { findHooks, hooksFolder } from './find.js'

/** Longer scripts, and programs that are none, are not read. */
const MOST_BYTES = 100_000

/** What is known of the test before anything was merged. */
export function testCommandsOf(
  root: string,
  merge: MergeHook | undefined,
  settings: { readonly test?: string } = {},
): string[] {
  if (!merge) return settings.test ? [settings.test] : []
  if (!('options' in merge)) return scriptLines(root)
  const { options } = merge
  const test = typeof options === 'object' && options !== null ? Reflect.get(options, 'test') : undefined
  return typeof test === 'string' ? [test] : []
}

/** The merge hook, and the lines of its test as far as they are known by the time of asking. */
export function withTest(
  root: string,
  merge: MergeHook | undefined,
): { readonly merge: MergeHook | undefined; testCommands(): readonly string[] } {
  const known = new Set(testCommandsOf(root, merge))
  const testCommands = () => [...known]
  if (!merge || 'options' in merge) return { merge, testCommands }
  const hook: MergeHook = (change, context) =>
    merge(change, {
      ...context,
      $: heardBy(context.$, (line) => known.add(line)),
      run(command, options) {
        known.add(typeof command === 'string' ? command : command.join(' '))
        return context.run(command, options)
      },
    })
  return { merge: hook, testCommands }
}

/** The lines of `hooks/merge.sh`, as it is when the swarm starts. */
function scriptLines(root: string): string[] {
  const file = findHooks(root).files.find((one) => one.hook === 'merge' && one.kind === 'executable')
  if (!file) return []
  const bytes = readFileSync(path.join(hooksFolder(root), file.name))
  if (bytes.length > MOST_BYTES || bytes.includes(0)) return []
  const lines = bytes.toString('utf8').split('\n')
  return lines.filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'))
}
