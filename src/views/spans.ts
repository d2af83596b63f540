// A swarm's events as spans of a trace, in the JSON form of OpenTelemetry's protocol (OTLP 1.x): the swarm, its iterations,
// the runs of agents and the landings. Pure.

import { createHash } from 'node:crypto'
import type { OompaEvent } from '../events/contract.js'

type Value = string | number | boolean | undefined

/** A span as the protocol has it: ids in hexadecimal, times and whole numbers as text. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  /** 1: internal. */
  readonly kind: 1
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly Attribute[]
  /** 2: an error; left out otherwise. */
  readonly status?: { readonly code: 2; readonly message: string }
}

export interface Attribute {
  readonly key: string
  readonly value: {
    readonly [Kind in 'stringValue' | 'intValue' | 'doubleValue' | 'boolValue']?: string | number | boolean
  }
}

interface Open {
  readonly id: string
  readonly parent?: string
  readonly name: string
  readonly at: string
  readonly facts: Readonly<Record<string, Value>>
}

/** Takes the events of one swarm in turn; gives the spans that each ends. */
export function spanFold(): (event: OompaEvent) => Span[] {
  const open = new Map<string, Open>()
  let swarm: Open | undefined

  const begin = (key: string, event: OompaEvent, name: string, facts: Open['facts'], parent?: string) => {
    const one = { id: hex(`${event.swarm} ${key} ${event.at}`, 16), parent, name, at: event.at, facts }
    open.set(key, one)
    return one
  }
  const end = (key: string, event: OompaEvent, facts: Open['facts'], failure?: string): Span[] => {
    const one = open.get(key)
    if (!one) return []
    open.delete(key)
    const { worker, iteration, task } = event
    const all = { 'oompa.worker': worker, 'oompa.iteration': iteration, 'oompa.task': task, ...one.facts, ...facts }
    return [
      {
        traceId: hex(event.swarm, 32),
        spanId: one.id,
        ...(one.parent === undefined ? {} : { parentSpanId: one.parent }),
        name: one.name,
        kind: 1,
        startTimeUnixNano: nanos(one.at),
        endTimeUnixNano: nanos(event.at),
        attributes: attributes({ 'oompa.swarm': event.swarm, ...all }),
        ...(failure === undefined ? {} : { status: { code: 2 as const, message: failure } }),
      },
    ]
  }

  return (event) => {
    const lane = `${event.worker} ${event.iteration}`
    const within = open.get(`iteration ${lane}`)?.id ?? swarm?.id
    switch (event.type) {
      case 'swarm.started':
        swarm = begin('swarm', event, 'swarm', { 'oompa.level': event.level, 'oompa.target': event.into })
        return []
      case 'iteration.started':
        begin(`iteration ${lane}`, event, 'iteration', { 'oompa.branch': event.branch }, swarm?.id)
        return []
      case 'agent.started': {
        const facts = {
          'gen_ai.operation.name': 'invoke_agent',
          'gen_ai.agent.name': event.agent,
          'oompa.role': event.role,
        }
        begin(`agent ${lane} ${event.role}`, event, `${event.role} ${event.agent}`, facts, within)
        return []
      }
      case 'agent.ended': {
        const { usage, costUsd, estimated, attempt, failure, role } = event
        const facts = {
          'oompa.attempt': attempt,
          'oompa.cost_usd': costUsd,
          'oompa.cost_estimated': estimated,
          'gen_ai.usage.input_tokens': usage?.input,
          'gen_ai.usage.output_tokens': usage?.output,
        }
        return end(`agent ${lane} ${role}`, event, facts, failure)
      }
      case 'landing.queued':
        begin(`landing ${lane}`, event, 'landing', { 'oompa.branch': event.branch }, within)
        return []
      case 'landing.landed':
        return end(`landing ${lane}`, event, { 'oompa.commit': event.commit, 'oompa.target': event.into })
      case 'landing.refused':
        return end(`landing ${lane}`, event, { 'oompa.refused': event.reason }, event.reason)
      case 'iteration.ended': {
        const { outcome, reason = outcome } = event
        const failed = outcome === 'failed' || outcome === 'refused'
        return end(`iteration ${lane}`, event, { 'oompa.outcome': outcome }, failed ? reason : undefined)
      }
      case 'swarm.stopped':
        return end('swarm', event, { 'oompa.status': event.status }, event.status === 1 ? event.reason : undefined)
      default:
        return []
    }
  }
}

/** The body of one call to a receiver. */
export function exportBody(
  spans: readonly Span[],
  resource: Readonly<Record<string, string>>,
  version: string,
): object {
  const scope = { name: 'oompa-loompas', version }
  return { resourceSpans: [{ resource: { attributes: attributes(resource) }, scopeSpans: [{ scope, spans }] }] }
}

function attributes(facts: Readonly<Record<string, Value>>): Attribute[] {
  return Object.entries(facts).flatMap(([key, value]) => (value === undefined ? [] : { key, value: valueAs(value) }))
}

function valueAs(value: NonNullable<Value>): Attribute['value'] {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  // Whole numbers of 64 bits are text in the protocol's JSON.
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}

function nanos(at: string): string {
  return `${Date.parse(at)}000000`
}

function hex(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length)
}
