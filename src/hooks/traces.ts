// Sends a swarm's spans to an OpenTelemetry receiver, where the standard variables name one. Written by hand: it is one
// POST, and the SDK needs a newer Node than we do.

import { messageOf } from '../errors.js'
import type { Emit, OompaEvent } from '../events/contract.js'
import { packageVersion } from '../files/package.js'
import { exportBody, type Span, spanFold } from '../views/spans.js'
import type { EventHook } from './contract.js'

/** Where spans go, by `OTEL_*`. */
export interface Receiver {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly resource: Readonly<Record<string, string>>
}

/** Sent together, at the end of an iteration at the latest. */
const MOST_SPANS = 200

/**
 * The receiver that the environment names, as OpenTelemetry's specification of exporters says; undefined without one, where
 * it is turned off, and for gRPC, which we do not speak. Pure.
 */
export function receiverIn(env: NodeJS.ProcessEnv): Receiver | undefined {
  const value = (name: string) => env[`OTEL_EXPORTER_OTLP_TRACES_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`]
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return undefined
  if (value('PROTOCOL') === 'grpc') return undefined
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT
  const url = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || (base && `${base.replace(/\/$/, '')}/v1/traces`)
  if (!url || !URL.canParse(url) || !/^https?:/.test(url)) return undefined
  const timeout = Number(value('TIMEOUT'))
  return {
    url,
    headers: pairsIn(value('HEADERS')),
    timeoutMs: timeout > 0 ? timeout : 10_000,
    resource: { ...pairsIn(env.OTEL_RESOURCE_ATTRIBUTES), 'service.name': env.OTEL_SERVICE_NAME || 'oompa' },
  }
}

/**
 * What sends spans, where the environment names a receiver; nothing otherwise.
 * @param before what the log has already
 */
export function tracesOf(env: NodeJS.ProcessEnv, before: () => readonly OompaEvent[], emit: Emit): EventHook[] {
  const receiver = receiverIn(env)
  return receiver ? [sendTraces(receiver, before(), emit)] : []
}

/** `key=value,other=value`, percent-encoded. */
function pairsIn(text = ''): Record<string, string> {
  const pairs = text.split(',').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at > 0 ? [[decoded(pair.slice(0, at)), decoded(pair.slice(at + 1))]] : []
  })
  return Object.fromEntries(pairs)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.trim())
  } catch {
    return text.trim()
  }
}

/**
 * An event hook that sends spans, one call at a time. A receiver that does not take them is said once, and the swarm goes on.
 * @param before what the log has already; of that nothing is sent
 */
export function sendTraces(receiver: Receiver, before: readonly OompaEvent[], emit: Emit): EventHook {
  const fold = spanFold()
  for (const event of before) fold(event)
  let waiting: Span[] = []
  let isSaid = false
  let sending: Promise<void> | undefined
  const send = async (mayTell: boolean): Promise<void> => {
    const spans = waiting
    waiting = []
    try {
      if (spans.length > 0) await post(receiver, exportBody(spans, receiver.resource, packageVersion()))
    } catch (error) {
      // The address may have a secret in it: only its host is said.
      const text = `Traces could not be sent to ${new URL(receiver.url).host}: ${messageOf(error)}.`
      if (!isSaid && mayTell) emit({ type: 'note', level: 'warning', text })
      isSaid = true
    }
  }
  return async (event: OompaEvent) => {
    waiting.push(...fold(event))
    // Hooks hear of events in turn: none of them waits for a receiver, but for the last spans of all.
    if (event.type === 'swarm.stopped') {
      await sending
      await send(false)
    } else if (event.type === 'iteration.ended' || waiting.length >= MOST_SPANS) {
      sending ??= send(true).finally(() => {
        sending = undefined
      })
    }
  }
}

async function post({ url, headers, timeoutMs }: Receiver, body: object): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  })
  await answer.body?.cancel()
  if (!answer.ok) throw new Error(`it answered ${answer.status}`)
}
