// The ready-made approve hook, and the rules that say which changes a person should see first.

import { usageError } from '../errors.js'
import type { ApproveHook, HookContext, ProtectionRules } from '../hooks/contract.js'
import { pathsOf, patternToRegExp, someOf } from '../hooks/patterns.js'
import type { Change } from '../words.js'
import { LOCK_FILES } from '../worktrees/dependencies.js'
import { changedFiles } from './diff.js'
import { INTEGRATION } from './test-tools.js'

/** What a rule says: nothing, or why a person has to look. `true` is a reason without words. */
type RuleAnswer = string | boolean | undefined | readonly string[]

/** A reason for a person to look at a change first. */
export type ApprovalRule = (change: Change, context: HookContext) => RuleAnswer | Promise<RuleAnswer>

export interface ApprovalOptions {
  /** Each is asked; one reason is enough. */
  readonly when?: ApprovalRule | readonly ApprovalRule[]
  /** Paths that configure agents here, besides the usual ones: such a change waits, and reviewers have the target's. */
  readonly protect?: string | readonly string[]
  /** Paths that are usual, and configure nobody here. `hooks/`, `prompts/` and `oompa.json` stay protected. */
  readonly unprotect?: string | readonly string[]
}

/** Files that say which code of others is fetched and run. */
const MANIFESTS = [
  ...LOCK_FILES.map((file) => `**/${file}`),
  '**/package.json',
  '**/.yarnrc.yml',
  '**/pnpm-workspace.yaml',
  '**/.npmrc',
  '**/deno.json',
  '**/deno.lock',
  '**/requirements*.txt',
  '**/pyproject.toml',
  '**/setup.py',
  '**/setup.cfg',
  '**/Pipfile',
  '**/Pipfile.lock',
  '**/Cargo.toml',
  '**/build.rs',
  '**/go.mod',
  '**/Gemfile',
  '**/*.gemspec',
  '**/composer.json',
  '**/pom.xml',
  '**/build.gradle',
  '**/build.gradle.kts',
  '**/*.csproj',
  '**/packages.lock.json',
  '**/mix.exs',
  '**/Package.swift',
  '**/Package.resolved',
  '**/deps.edn',
  '**/project.clj',
  '.gitmodules',
]

/**
 * A rule about paths, before and after a rename.
 * @param patterns `**` any folders, `*` anything within a name; letters' case is ignored
 * @param what what the paths are, for the reason
 */
export function touches(
  patterns: string | readonly string[],
  what = 'paths that a person looks at first',
): ApprovalRule {
  const list = typeof patterns === 'string' ? [patterns] : patterns
  const expressions = list.map(patternToRegExp)
  return ({ files }) => {
    const hit = pathsOf(files).filter((path) => expressions.some((expression) => expression.test(path)))
    if (hit.length === 0) return undefined
    return `It touches ${what}: ${someOf(hit)}.`
  }
}

/** A rule about size; what is above either figure waits. */
export function largerThan({ files = 30, lines = 800 }: { files?: number; lines?: number } = {}): ApprovalRule {
  return async (change, { root }) => {
    if (change.files.length > files) return `It changes ${change.files.length} files (more than ${files}).`
    const sizes = await changedFiles(root, change.base, change.commit)
    const total = sizes.reduce((sum, file) => sum + file.added + file.removed, 0)
    return total > lines ? `It changes ${total} lines (more than ${lines}).` : undefined
  }
}

export const continuousIntegration: ApprovalRule = touches(INTEGRATION, 'continuous integration')
export const packageManifests: ApprovalRule = touches(MANIFESTS, 'what is fetched and run of others')

/** A rule about what the gate's test runs from (`change.touchesTheTest`): such a change decides how it is tested. */
export const touchesTheTest: ApprovalRule = ({ touchesTheTest: files = [] }) =>
  files.length > 0 ? `It touches what the test runs from: ${someOf(files)}.` : undefined

/** Continuous integration, package manifests, and more than 30 files or 800 lines. */
export const highRisk: readonly ApprovalRule[] = [continuousIntegration, packageManifests, largerThan()]

/**
 * An approve hook: the change waits for a person when a rule says so.
 * @throws OompaError with status 2 if `when` is no rule, or `protect` and `unprotect` no patterns
 */
export function approval(options: ApprovalOptions): ApproveHook & ProtectionRules {
  const protect = patternsOf('protect', options.protect)
  const unprotect = patternsOf('unprotect', options.unprotect)
  const { when = protect.length + unprotect.length > 0 ? [] : undefined } = options
  const rules = typeof when === 'function' ? [when] : when
  const isEmpty = rules?.length === 0 && options.when !== undefined
  if (!Array.isArray(rules) || isEmpty || rules.some((rule) => typeof rule !== 'function')) {
    throw usageError('approval() needs rules.', 'Write approval({ when: highRisk })')
  }
  const hook: ApproveHook = async (change, context) => {
    const answers = await Promise.all(rules.map((rule) => rule(change, context)))
    const reasons = answers.flatMap(reasonsOf)
    return reasons.length === 0 ? { approved: true } : { wait: reasons.join('\n') }
  }
  return Object.assign(hook, { protect, unprotect })
}

function patternsOf(name: string, given: string | readonly string[] | undefined): readonly string[] {
  const patterns = given === undefined ? [] : typeof given === 'string' ? [given] : given
  if (patterns.every((one) => typeof one === 'string' && one !== '')) return patterns
  throw usageError(`${name} of approval() takes patterns of paths.`, `Write ${name}: ['**/AGENTS.md']`)
}

function reasonsOf(answer: RuleAnswer): readonly string[] {
  if (answer === true) return ['A rule of hooks/approve asks for a person.']
  if (typeof answer === 'string') return answer.trim() === '' ? [] : [answer]
  return answer || []
}
