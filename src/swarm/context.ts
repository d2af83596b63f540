// What hooks may use: the iteration's facts, commands whose processes end with it, and agents to ask.

import type { Agent, AgentSpec } from '../agents/contract.js'
import { billOf } from '../agents/prices.js'
import { runAgent } from '../agents/run-agent.js'
import { formatAgentSpec, parseAgentSpec } from '../agents/spec.js'
import type { Settings } from '../config/contract.js'
import type { Emit } from '../events/contract.js'
import { runFolder } from '../files/paths.js'
import { ceilings } from '../git/ceilings.js'
import type { HookContext } from '../hooks/contract.js'
import { uniqueMarker } from '../processes/marks.js'
import { runCommand } from '../processes/run-command.js'
import { processRecord } from '../processes/watchdog.js'
import { shellIn } from '../processes/zx.js'
import type { Task, Worktree } from '../words.js'
import type { Reservation } from './budget.js'
import type { Reached } from './caps.js'
import type { Harnesses } from './harness.js'
import { environmentOf } from './iteration-environment.js'

/** Facts and services that a context is made of; a swarm has them, and `oompa review` outside one makes its own. */
export interface ContextParts {
  readonly root: string
  readonly swarm: string
  readonly worker: string
  readonly iteration: number
  readonly task?: Task
  readonly tasks: string
  readonly signal: AbortSignal
  /** The `OOMPA_*` variables. */
  readonly variables: Readonly<Record<string, string>>
  readonly settings: Settings
  readonly findAgent: (spec: AgentSpec) => Agent
  readonly emit: Emit
  readonly workers?: number
  readonly protection?: HookContext['protection']
  readonly testCommands?: readonly string[]
  /** As in `HookContext`. */
  readonly history?: HookContext['history']
  /** As in `HookContext`. */
  readonly lane?: HookContext['lane']
  /** Sets up a gate as a worktree is set up. */
  readonly prepare?: (worktree: Worktree) => Promise<void>
  /** What keeps an agent that is asked from moving the target. */
  guard?(): Promise<Readonly<Record<string, string>>>
  /** Around each agent that is asked. */
  watched?<T>(run: () => Promise<T>): Promise<T>
  /** Where agents' output is appended. */
  readonly logFile: string
  readonly harnesses?: Harnesses
  /**
   * Waits until one more run fits under the caps, and counts it.
   * @throws when a cap is reached
   */
  readonly begin?: (spec: AgentSpec, signal: AbortSignal) => Promise<Reservation>
  /** Harnesses that can be told what a run may cost. */
  readonly keepsCap?: ReadonlySet<string>
}

export function hookContext(parts: ContextParts): HookContext {
  const { root, swarm, worker, iteration, task, settings, emit } = parts
  const facts = { worker, iteration, task: task?.id }
  const ask: typeof runAgent = (request) => (parts.watched ? parts.watched(() => runAgent(request)) : runAgent(request))
  const marker = () => uniqueMarker(swarm, worker, iteration)
  return {
    root,
    swarm,
    worker,
    iteration,
    task,
    tasks: parts.tasks,
    signal: parts.signal,
    env: parts.variables,
    emit,
    workers: parts.workers,
    testTimeoutMs: settings.limits.testMs,
    protection: parts.protection,
    testCommands: parts.testCommands,
    remoteTimeoutMs: settings.limits.remoteMs,
    prepare: parts.prepare,
    history: parts.history,
    lane: parts.lane,
    $: shellIn({
      cwd: root,
      env: (cwd) => environmentOf(settings, { ...parts.variables, ...ceilings(root, cwd) }),
      marker,
      recordFolder: runFolder(root, swarm),
      timeoutMs: settings.limits.hookMs,
      signal: parts.signal,
    }),
    run(command, options = {}) {
      const { cwd = root } = options
      return runCommand(command, {
        cwd,
        env: environmentOf(settings, { ...parts.variables, ...ceilings(root, cwd), ...options.env }),
        marker: marker(),
        recordFolder: runFolder(root, swarm),
        timeoutMs: options.timeoutMs ?? settings.limits.hookMs,
        signal: options.signal ?? parts.signal,
        input: options.input,
        onOutput: options.onOutput,
      })
    },
    async ask(text, prompt, options) {
      const spec = parseAgentSpec(text)
      const agent = parts.findAgent(spec)
      const name = formatAgentSpec(spec)
      const signal = options.signal ?? parts.signal
      for (;;) {
        await parts.harnesses?.ready(spec, signal)
        // Before its place is taken: what fails here must not hold that for ever.
        const guard = await parts.guard?.()
        const place = await parts.begin?.(spec, signal)
        const over = new AbortController()
        let passed: Reached | undefined
        emit({ type: 'agent.started', ...facts, agent: name, attempt: 1, role: options.role, session: options.session })
        const run = await ask({
          agent,
          turn: {
            spec,
            form: 'json',
            permissions: settings.permissions,
            ...(options.session ? { session: { id: options.session, resume: true } } : {}),
            ...(parts.keepsCap?.has(spec.harness) ? { maxUsd: place?.maxUsd } : {}),
          },
          prompt,
          cwd: options.cwd,
          env: environmentOf(settings, {
            ...parts.variables,
            ...ceilings(root, options.cwd),
            ...guard,
            ...options.env,
          }),
          marker: marker(),
          logFile: parts.logFile,
          logBytes: settings.logs.mostBytes,
          logHeading: `${options.role}: ${name}`,
          root,
          recordFile: processRecord(runFolder(root, swarm)),
          limits: { ...settings.limits, ...(options.timeoutMs ? { iterationMs: options.timeoutMs } : {}) },
          signal: AbortSignal.any([signal, over.signal]),
          onActivity: (activity) => emit({ type: 'agent.activity', ...facts, text: `${options.role}: ${activity}` }),
          onUsed: (used) => {
            passed ??= place?.streamed(used)
            if (passed) over.abort()
          },
        }).finally(() => place?.release())
        emit({
          type: 'agent.ended',
          ...facts,
          agent: name,
          role: options.role,
          attempt: 1,
          status: run.status,
          durationMs: run.durationMs,
          session: run.session,
          usage: run.usage,
          ...(place ? place.spend(run) : billOf(settings.prices, spec, run)),
          denials: run.denials.length ? run.denials : undefined,
          failure: run.failure && (passed?.why ?? run.failure.message),
        })
        // What it had said before it was ended counts: only what was cut off says nothing.
        if (passed && run.failure) throw new Error(passed.why)
        if (run.failure && parts.harnesses?.limited(spec, run.failure)) continue
        if (!run.failure) parts.harnesses?.working(spec)
        return run
      }
    },
  }
}
