// Whether what a person has written fits together: configuration, hooks, prompts, tasks.

import path from 'node:path'
import type { Args } from '../../cli/contract.js'
import type { Settings } from '../../config/contract.js'
import { idleSettings, type Level, levelOf } from '../../config/level.js'
import { settingsOf } from '../../config/load.js'
import { type FoundHooks, findHooks } from '../../hooks/find.js'
import type { LoadedHooks } from '../../hooks/load.js'
import type { ProgramSources } from '../../hooks/programs.js'
import { readPrompts } from '../../prompts/index.js'
import { type Finding, failed } from './contract.js'

export interface CheckedSettings {
  readonly findings: readonly Finding[]
  readonly settings?: Settings
  readonly hooks?: LoadedHooks
  readonly level: Level
}

/** Loads everything as a run would, and goes on where something is wrong. */
export async function settingsFindings(root: string, args: Args): Promise<CheckedSettings> {
  const [settings, configFinding] = await attempt('configuration', () => settingsOf(root, args, { env: process.env }))
  const [found, foundFinding] = await attempt('hooks', async () => findHooks(root))
  const [hooks, hooksFinding] = found
    ? await attempt('hooks', async () => (await import('../../hooks/load.js')).loadHooks(root, { found }))
    : [undefined, foundFinding]
  const level = settings && found ? levelOf({ hooks: found.files.map((file) => file.hook), settings }) : 1
  return {
    settings,
    hooks,
    level,
    findings: [
      configFinding ?? configuration(root, settings, level),
      ...(hooksFinding ? [hooksFinding] : hookFindings(found)),
      ...(settings && found && hooks && level > 1 ? await judgeFindings(root, { settings, found, hooks }) : []),
      ...(settings ? await promptFindings(root, settings, level) : []),
      ...(await taskFindings(root, settings, hooks, level)),
    ],
  }
}

async function attempt<T>(check: string, act: () => Promise<T>): Promise<[T, undefined] | [undefined, Finding]> {
  try {
    return [await act(), undefined]
  } catch (error) {
    return [undefined, failed(check, error)]
  }
}

function configuration(root: string, settings: Settings | undefined, level: Level): Finding {
  const remarks = settings ? [...settings.remarks, ...idleSettings(level, settings)] : []
  const name = settings?.file ? path.relative(root, settings.file) : 'no oompa.json: defaults'
  const workers = settings?.workers.length ?? 0
  const text = `${name}; level ${level}, ${workers} ${workers === 1 ? 'worker' : 'workers'}`
  return { check: 'configuration', ok: true, text: [text, ...remarks].join('. ') }
}

function hookFindings(found: FoundHooks | undefined): Finding[] {
  const files = found?.files ?? []
  const text = files.length === 0 ? 'none' : files.map((file) => file.name).join(', ')
  return [
    { check: 'hooks', ok: true, text, ...(files.length === 0 ? { mend: 'oompa add merge' } : {}) },
    ...(found?.remarks ?? []).map((remark) => ({ check: 'hooks', ok: true, text: remark })),
  ]
}

/** What judges besides hooks, and what of it all is not committed. */
async function judgeFindings(
  root: string,
  sources: ProgramSources & { readonly settings: Settings },
): Promise<Finding[]> {
  const { programsOf } = await import('../../hooks/programs.js')
  const { uncommittedJudges, uncommittedWords } = await import('../../hooks/uncommitted.js')
  const programs = programsOf(root, sources)
  const list = programs.map((one) => `${one.path} (run by ${one.by})`).join(', ')
  const words = uncommittedWords(await uncommittedJudges(root, sources.settings, programs))
  return [
    ...(list ? [{ check: 'judges', ok: true, text: `${list}: a change of what judges waits for a person` }] : []),
    ...(words ? [{ check: 'judges', ok: true, ...words }] : []),
  ]
}

async function promptFindings(root: string, settings: Settings, level: Level): Promise<Finding[]> {
  const readers = level > 1 ? [...settings.reviewers, ...(settings.planner ? [settings.planner] : [])] : []
  const lists = [...settings.workers, ...readers].map((one) => one.prompts).filter((prompts) => prompts.length > 0)
  const distinct = [...new Map(lists.map((prompts) => [prompts.join('\n'), prompts])).values()]
  return Promise.all(
    distinct.map(async (prompts) => {
      const [, finding] = await attempt('prompt', async () => readPrompts(root, prompts, { expand: level > 1 }))
      return finding ?? { check: 'prompt', ok: true, text: prompts.join(' + ') }
    }),
  )
}

async function taskFindings(
  root: string,
  settings: Settings | undefined,
  hooks: LoadedHooks | undefined,
  level: Level,
): Promise<Finding[]> {
  const [listing, finding] = await attempt('tasks', async () => {
    const { existingTasks } = await import('../../tasks/existing.js')
    return (await existingTasks(root, { tasksStore: settings?.tasksStore }, hooks ?? {}))?.list()
  })
  // At level 1 nobody but the agents looks at tasks.
  if (finding) return [{ ...finding, ok: level === 1 }]
  if (!listing) return []
  const { pending, current, complete, problems } = listing
  const text = `${pending.length} pending, ${current.length} current, ${complete.length} complete`
  return [
    problems.length === 0
      ? { check: 'tasks', ok: true, text }
      : { check: 'tasks', ok: true, text: `${text}; ${problems.length} problems`, mend: 'oompa tasks lint' },
  ]
}
