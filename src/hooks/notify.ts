// The ready-made event hook: tells somebody, by a command, a webhook or the desktop.

import { messageOf, OompaError, usageError } from '../errors.js'
import type { EventType, OompaEvent } from '../events/contract.js'
import type { EventHook } from './contract.js'

export interface NotifyOptions {
  /** Types of events, or beginnings of them such as `landing.*`. Unless given: what a person would want to know. */
  readonly on?: readonly (EventType | `${string}.*`)[]
  /** A shell line, or argv: the event is JSON on its standard input, the sentence is `OOMPA_MESSAGE`. */
  readonly run?: string | readonly [string, ...string[]]
  /** An address that is sent `{ text, event }` as JSON (Slack and Mattermost show `text`). */
  readonly webhook?: string
  /** A notification of the desktop (`notify-send`, or `osascript` on a Mac). */
  readonly desktop?: boolean
}

const USUAL: readonly EventType[] = [
  'swarm.stopped',
  'approval.waiting',
  'budget.nearing',
  'budget.reached',
  'limit.waiting',
  'landing.bypassed',
  'worktree.failed',
]
const WEBHOOK_MS = 10_000
const COMMAND_MS = 60_000

/**
 * An event hook that tells somebody.
 * @throws OompaError with status 2 if there is no way of telling, or the address is none
 */
export function notify(options: NotifyOptions): EventHook & { prepare(root: string): Promise<void> } {
  const { run, webhook, desktop } = options
  if (run === undefined && webhook === undefined && !desktop) {
    throw usageError(
      'notify() has no way to tell anybody.',
      "Write notify({ desktop: true }), run: '…' or webhook: '…'",
    )
  }
  if (webhook !== undefined && !isWebAddress(webhook)) {
    throw usageError(
      `webhook of notify() is \`${webhook}\`: it must be an address that begins with https:// or http://.`,
    )
  }
  let cwd = process.cwd()
  const hook: EventHook = async (event) => {
    if (!matches(event.type, options.on ?? USUAL)) return
    const text = await sentence(event)
    const ways = [
      ...(run === undefined ? [] : [runFor(run, event, text, cwd)]),
      ...(webhook === undefined ? [] : [post(webhook, event, text)]),
      ...(desktop ? [tellDesktop(text, cwd)] : []),
    ]
    const failed = (await Promise.allSettled(ways)).flatMap((way) =>
      way.status === 'rejected' ? [messageOf(way.reason)] : [],
    )
    if (failed.length) throw new OompaError({ code: 'notify-failed', message: failed.join('; ') })
  }
  return Object.assign(hook, {
    async prepare(root: string) {
      cwd = root
    },
  })
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && ['https:', 'http:'].includes(new URL(text).protocol)
}

/** Whether a type is one of these, or begins as one that ends with `*`. Pure. */
export function matches(type: string, on: readonly string[]): boolean {
  return on.some((one) => (one.endsWith('*') ? type.startsWith(one.slice(0, -1)) : type === one))
}

/** The event in words, in one line, with nothing in it that could steer a terminal. */
async function sentence(event: OompaEvent): Promise<string> {
  const { say } = await import('../views/say.js')
  const words = say(event)?.lines.join(' ') ?? event.type
  return `oompa ${event.swarm}${event.worker ? ` ${event.worker}` : ''}: ${words}`.slice(0, 500)
}

async function runFor(
  command: string | readonly [string, ...string[]],
  event: OompaEvent,
  text: string,
  cwd: string,
): Promise<void> {
  const { runCommand } = await import('../processes/run-command.js')
  const { uniqueMarker } = await import('../processes/marks.js')
  const { plainEnvironment } = await import('./hook-environment.js')
  const result = await runCommand(command, {
    cwd,
    env: plainEnvironment({ OOMPA_ROOT: cwd, OOMPA_EVENT: event.type, OOMPA_SWARM: event.swarm, OOMPA_MESSAGE: text }),
    marker: uniqueMarker(event.swarm, 'notify', 0),
    input: `${JSON.stringify(event)}\n`,
    timeoutMs: COMMAND_MS,
  })
  if (result.status === 0) return
  const line = typeof command === 'string' ? command : command[0]
  throw new Error(
    `\`${line}\` ended with ${result.signal ?? `status ${result.status}`}: ${result.output.trim().slice(-300)}`,
  )
}

async function tellDesktop(text: string, cwd: string): Promise<void> {
  const { askProgram } = await import('../processes/question.js')
  const { plainEnvironment } = await import('./hook-environment.js')
  const [program, ...args] = desktopCommand(text)
  const { status, output } = await askProgram([program, ...args], {
    cwd,
    env: plainEnvironment({}),
    timeoutMs: COMMAND_MS,
  })
  if (status !== 0) throw new Error(`\`${program}\` ended with status ${status}: ${output.trim().slice(-300)}`)
}

async function post(address: string, event: OompaEvent, text: string): Promise<void> {
  const answer = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text, event }),
    signal: AbortSignal.timeout(WEBHOOK_MS),
  })
  await answer.body?.cancel()
  // The address itself is often a secret: only its host is said.
  if (!answer.ok) throw new Error(`${new URL(address).host} answered ${answer.status}`)
}

/** The text is an argument and never part of a program. Pure. */
export function desktopCommand(
  text: string,
  platform: NodeJS.Platform = process.platform,
): readonly [string, ...string[]] {
  if (platform === 'darwin') {
    const script = 'on run argv\ndisplay notification (item 1 of argv) with title "oompa"\nend run'
    return ['osascript', '-e', script, '--', text]
  }
  return ['notify-send', '--app-name=oompa', '--', 'oompa', text]
}
