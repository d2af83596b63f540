// zx on top of our processes: whatever `$` starts ends with its time limit, its signal and us, and so does all that it
// started in turn. As it comes, zx ends what it still finds below a pid (docs/decisions/0040-zx-on-our-processes.md).

import { setTimeout as sleep } from 'node:timers/promises'
import { $, defaults, kill, type Options, ProcessPromise, type Shell, within } from 'zx/core'
import { OompaError } from '../errors.js'
import { startTree, type TreePlace } from './child.js'
import { uniqueMarker } from './marks.js'
import { processRecord, startWatchdog, type Watchdog } from './watchdog.js'

/** Where the commands of a `$` run, and what ends them. */
export interface ShellPlace {
  readonly cwd: string
  /** The whole environment of what runs in a folder. */
  env(cwd: string): NodeJS.ProcessEnv
  /** The mark of each command's processes. */
  marker(): string
  /** Where its processes are written down, for the watchdog; the swarm's folder. */
  readonly recordFolder?: string
  /** Of each command, unless it is given another: `$({ timeout: '1h' })`. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** How a `$` of ours starts its commands. */
interface Bound {
  readonly options: Partial<Options>
  /** The environment of another folder. */
  readonly envIn?: ShellPlace['env']
}

const bounds = new WeakMap<Shell, Bound>()

/** zx's `$`, bound to a place: a folder, an environment, limits. */
export function shellIn(place: ShellPlace): Shell {
  const { cwd, signal, timeoutMs = 0, recordFolder } = place
  const env = (folder: string) => place.env(folder)
  const options: Partial<Options> = {
    cwd,
    env: env(cwd),
    signal,
    timeout: Number.isFinite(timeoutMs) ? timeoutMs : 0,
    // What commands say belongs to their results: the terminal has the view.
    quiet: true,
    spawn: spawning(() => ({
      marker: place.marker(),
      ...(recordFolder === undefined ? {} : { record: processRecord(recordFolder) }),
    })),
  }
  return shellWith(options, env)
}

/** `$` with these options, and whatever is added to them; in another folder it may have another environment. */
export function shellWith(options: Partial<Options>, envIn?: ShellPlace['env']): Shell {
  const shell = new Proxy($(options), {
    apply: (bound, _this, given: [TemplateStringsArray | Partial<Options>, ...unknown[]]) => {
      const [first, ...values] = given
      if (options.sync) throw noSync()
      if (isTemplate(first)) return staying(bound(first, ...values), options)
      const moved = envIn && first.cwd !== undefined ? { env: envIn(first.cwd) } : {}
      return shellWith({ ...options, ...moved, ...first }, envIn)
    },
  })
  bounds.set(shell, { options, envIn })
  return shell
}

/** The same `$`, which tells each command's line before it starts. */
export function heardBy(shell: Shell, hear: (line: string) => void): Shell {
  const { options, envIn } = bounds.get(shell) ?? { options: {} }
  const spawn = new Proxy(options.spawn ?? defaults.spawn, {
    apply: (start, self, given: [string, ...unknown[]]) => {
      // zx puts what sets its shell up before the line.
      const { prefix = '' } = $
      const [line] = given
      hear(line.startsWith(prefix) ? line.slice(prefix.length) : line)
      return Reflect.apply(start, self, given)
    },
  })
  return shellWith({ ...options, spawn }, envIn)
}

/** Runs `work` with zx's own `$` bound to the place of `shell`: what a hook imports from `zx` is its context's. */
export function inShell<T>(shell: Shell | undefined, work: () => T): T {
  const bound = shell && bounds.get(shell)
  if (!bound) return work()
  return within(() => {
    Object.assign($, bound.options)
    return work()
  })
}

function isTemplate(value: TemplateStringsArray | Partial<Options>): value is TemplateStringsArray {
  return Array.isArray(value)
}

/** zx starts the command that follows `.pipe` as its own `$` would: in another folder, and without our limits. */
function staying(command: ProcessPromise, options: Partial<Options>): ProcessPromise {
  // With `sync` it is a result.
  if (!(command instanceof ProcessPromise)) return command
  const { pipe } = command
  const stay =
    (method: (...given: never[]) => unknown) =>
    (...given: unknown[]) =>
      within(() => {
        Object.assign($, options)
        const next: unknown = Reflect.apply(method, undefined, given)
        return next instanceof ProcessPromise ? staying(next, options) : next
      })
  const kinds = { stdout: stay(pipe.stdout), stderr: stay(pipe.stderr), stdall: stay(pipe.stdall) }
  return Object.defineProperty(command, 'pipe', { value: Object.assign(stay(pipe), kinds) })
}

/** The commands that are running, by the pid that zx knows: each is ended by its function. */
const running = new Map<number, () => Promise<unknown>>()

/** Node's `spawn` as zx uses it. Has its type by being a proxy of it. */
function spawning(placeOf: () => TreePlace): Options['spawn'] {
  return new Proxy(defaults.spawn, {
    apply: (_spawn, _this, given: [string, readonly string[], Parameters<typeof startTree>[1]]) => {
      const { child, ended, end } = startTree(given[0], given[2], placeOf())
      const { pid } = child
      if (pid !== undefined) {
        running.set(pid, () => {
          end()
          return ended
        })
        void ended.then(() => running.delete(pid))
      }
      return child
    },
  })
}

/** For `shellWith`: the options that start a command at `place`. */
export function startingAt(place: TreePlace): Pick<Options, 'spawn'> {
  return { spawn: spawning(() => place) }
}

function noSync(): OompaError {
  return new OompaError({
    code: 'no-sync',
    message: 'A command that is waited for with `sync` would stop every worker, and no time limit would end it.',
    mend: 'Write: await $`…`',
  })
}

/** Signals that mean the end: of the whole tree, and by KILL of what does not hear. */
const ENDING: readonly string[] = ['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP', 'SIGQUIT']

async function endTree(pid: number | `${number}`, signal: NodeJS.Signals | null = 'SIGTERM'): Promise<void> {
  const end = running.get(Number(pid))
  if (end && (signal === null || ENDING.includes(signal))) await end()
  else await kill(pid, signal ?? undefined)
}

/** The mark of a script's own commands. */
const SCRIPT = uniqueMarker().split(':', 1)[0]
/** A script that ends its last command goes on with the next, mostly. */
const LINGER_MS = 1000

let watchdog: Watchdog | undefined
let commands = 0

/** The place of a `$` that belongs to no swarm: a line in the loop file. If we are killed the watchdog ends it. */
function script(): TreePlace {
  commands += 1
  watchdog ??= startWatchdog({ swarm: SCRIPT ?? '', folder: '/dev/null' })
  return {
    marker: uniqueMarker(SCRIPT, 'script'),
    ended: () => void release(),
  }
}

async function release(): Promise<void> {
  commands -= 1
  await sleep(LINGER_MS, undefined, { ref: false })
  if (commands > 0) return
  watchdog?.done()
  watchdog = undefined
}

// By its global options zx is told once for all that use it in this process: the loop file, and hooks that import it.
defaults.spawn = spawning(script)
defaults.kill = endTree

export { $ }
