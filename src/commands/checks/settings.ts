// Whether what a person has written fits together: configuration, hooks, prompts, tasks.

import path from 'node:path'
import type { Args } from '../../cli/contract.js'
import type { Settings } from '../../config/contract.js'
import { idleSettings, type Level, levelOf } from '../../config/level.js'
import { settingsOf } from '../../config/load.js'
import { askedHooks, type FoundHooks, findHooks, misspeltWords } from '../../hooks/find.js'
import type { LoadedHooks } from '../../hooks/load-hooks.js'
import type { ProgramSources } from '../../hooks/programs.js'
import { usualProtection } from '../../hooks/protected.js'
import { readPrompts } from '../../prompts/index.js'
import { count } from '../../views/format.js'
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
  const { hooks, findings: broken } = found
    ? await loadable(root, found)
    : { hooks: undefined, findings: [foundFinding] }
  // What the files ask for, so that a mistake in one of them does not look like a choice.
  const level = settings ? levelOf({ hooks: asked(root), settings }) : 1
  return {
    settings,
    hooks,
    level,
    findings: [
      configFinding ?? configuration(root, settings, level),
      ...(broken.length > 0 ? broken.flatMap((finding) => finding ?? []) : hookFindings(found)),
      ...(settings ? misspeltFindings(found, settings, level) : []),
      ...(settings && found && hooks && level > 1 ? await judgeFindings(root, { settings, found, hooks }) : []),
      ...(settings && level > 1 && settings.merge.enabled ? [await targetFinding(root, settings, hooks)] : []),
      ...(settings ? await promptFindings(root, settings, level) : []),
      ...(settings && !settings.here ? await unseenFindings(root, settings, level) : []),
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
  const runs = settings?.workers.reduce((sum, lane) => sum + lane.iterations, 0) ?? 0
  const isCapped = Object.values(settings?.budget ?? {}).some((cap) => cap !== undefined)
  const text = `${name}; level ${level}, ${count(workers, 'worker')}, ${count(runs, 'run')}${isCapped ? '' : ' without a cap (--budget-usd, --max-minutes)'}`
  const worthALook = remarks.length > 0 ? { warning: true as const } : {}
  return { check: 'configuration', ok: true, ...worthALook, text: [text, ...remarks].join('. ') }
}

function hookFindings(found: FoundHooks | undefined): Finding[] {
  const files = found?.files ?? []
  const text = files.length === 0 ? 'none' : files.map((file) => file.name).join(', ')
  return [
    { check: 'hooks', ok: true, text, ...(files.length === 0 ? { mend: 'oompa add merge' } : {}) },
    ...(found?.remarks ?? [])
      .filter((remark) => !found?.misspelt?.some((one) => misspeltWords(one) === remark))
      .map((remark) => ({ check: 'hooks', ok: true, warning: true as const, text: remark })),
  ]
}

/** Every hook that can be loaded, and why the others cannot: one mistake must not hide the next, nor what they need. */
async function loadable(
  root: string,
  found: FoundHooks,
): Promise<{ hooks: LoadedHooks; findings: readonly Finding[] }> {
  const { loadHooks } = await import('../../hooks/load-hooks.js')
  const [all] = await attempt('hooks', () => loadHooks(root, { found }))
  if (all) return { hooks: all, findings: [] }
  const each = await Promise.all(
    found.files.map((file) => attempt('hooks', () => loadHooks(root, { found: { files: [file], remarks: [] } }))),
  )
  const loaded = each.flatMap(([hooks]) => hooks ?? [])
  return {
    hooks: {
      ...Object.assign({}, ...loaded),
      review: loaded.flatMap((one) => one.review),
      approve: loaded.flatMap((one) => one.approve),
      worktree: loaded.flatMap((one) => one.worktree),
      event: loaded.flatMap((one) => one.event),
      agents: loaded.flatMap((one) => one.agents),
      files: loaded.flatMap((one) => one.files),
      remarks: found.remarks,
    },
    findings: each.flatMap(([, finding]) => finding ?? []),
  }
}

function asked(root: string): readonly string[] {
  try {
    return askedHooks(root)
  } catch {
    // A folder that cannot be read has been said.
    return []
  }
}

/** A run would work without them, at a lower level perhaps: nobody wants that who has written one. */
function misspeltFindings(found: FoundHooks | undefined, settings: Settings, level: Level): Finding[] {
  const { misspelt = [], files = [] } = found ?? {}
  return misspelt.map((one) => {
    const meant = levelOf({ hooks: [...files.map((file) => file.hook), one.hook], settings })
    const falls = meant > level ? ` A run here is of level ${level} without it, and not of level ${meant}.` : ''
    return {
      check: 'hooks',
      ok: false,
      warning: true,
      text: `${misspeltWords(one)}${falls}`,
      mend: `mv hooks/${one.name} hooks/${one.meant}`,
    }
  })
}

/** What judges besides hooks, and what of it all is not committed. */
async function judgeFindings(
  root: string,
  sources: ProgramSources & { readonly settings: Settings },
): Promise<Finding[]> {
  const { programsOf } = await import('../../hooks/programs.js')
  const { uncommittedJudges, uncommittedWords } = await import('../../hooks/uncommitted.js')
  // What waits for a person in every repository is no news.
  const programs = programsOf(root, sources).filter((one) => !usualProtection.judges(one.path))
  const list = programs.map((one) => `${one.path} (run by ${one.by})`).join(', ')
  const words = uncommittedWords(await uncommittedJudges(root, sources.settings, programs))
  return [
    ...(list ? [{ check: 'judges', ok: true, text: `${list}: a change of what judges waits for a person` }] : []),
    ...(words ? [{ check: 'judges', ok: true, warning: true as const, ...words }] : []),
  ]
}

/** Where changes land. */
async function targetFinding(root: string, settings: Settings, hooks: LoadedHooks | undefined): Promise<Finding> {
  const options: unknown = hooks?.merge && 'options' in hooks.merge ? hooks.merge.options : undefined
  const ofHook: unknown = typeof options === 'object' && options !== null ? Reflect.get(options, 'into') : undefined
  const named = settings.merge.into ?? (typeof ofHook === 'string' ? ofHook : undefined)
  const [target, finding] = await attempt('target', async () => {
    const { existingTarget } = await import('../../merge/target.js')
    return existingTarget(root, named)
  })
  return finding ?? { check: 'target', ok: true, text: `work lands on ${target}` }
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

/** What agents shall work from, and do not see. */
async function unseenFindings(root: string, settings: Settings, level: Level): Promise<Finding[]> {
  const { unseenByAgents, unseenWords } = await import('../../swarm/unseen.js')
  const read = await Promise.all(
    settings.workers.map((lane) =>
      attempt('prompt', async () => readPrompts(root, lane.prompts, { expand: level > 1 }).bytes),
    ),
  )
  const texts = read.flatMap(([bytes]) => (bytes ? Buffer.from(bytes).toString('utf8') : []))
  const unseen = await unseenByAgents(root, [...new Set(texts)], level)
  return unseenWords(unseen).map((words) => ({ check: 'committed', ok: true, warning: true, ...words }))
}

async function taskFindings(
  root: string,
  settings: Settings | undefined,
  hooks: LoadedHooks | undefined,
  level: Level,
): Promise<Finding[]> {
  const [listing, finding] = await attempt('tasks', async () => {
    const { existingTasks } = await import('../../tasks/existing.js')
    return (await existingTasks(root, settings ?? {}, hooks ?? {}))?.list()
  })
  // At level 1 nobody but the agents looks at tasks.
  if (finding) return [{ ...finding, ok: level === 1 }]
  if (!listing) return []
  const { pending, current, complete, problems } = listing
  const text = `${pending.length} pending, ${current.length} current, ${complete.length} complete`
  return [
    problems.length === 0
      ? { check: 'tasks', ok: true, text }
      : {
          check: 'tasks',
          ok: true,
          warning: true,
          text: `${text}; ${count(problems.length, 'problem')}`,
          mend: 'oompa tasks lint',
        },
  ]
}
