// Spans for an OpenTelemetry receiver: their form is the protocol's, and a real swarm sends them.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { OompaEvent } from '../../src/events/contract.js'
import { receiverIn, sendTraces } from '../../src/hooks/traces.js'
import { loopFile, start } from '../support/oompa.js'
import { testRepository } from '../support/repository.js'

/** The JSON of OTLP 1.x for traces, as a receiver reads it; nothing besides. */
const digits = z.string().regex(/^\d+$/)
const attributes = z.array(
  z.strictObject({
    key: z.string().min(1),
    value: z.union([
      z.strictObject({ stringValue: z.string() }),
      z.strictObject({ intValue: digits }),
      z.strictObject({ doubleValue: z.number() }),
      z.strictObject({ boolValue: z.boolean() }),
    ]),
  }),
)
const span = z.strictObject({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  name: z.string().min(1),
  kind: z.literal(1),
  startTimeUnixNano: digits,
  endTimeUnixNano: digits,
  attributes,
  status: z.strictObject({ code: z.literal(2), message: z.string() }).optional(),
})
const call = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes }),
      scopeSpans: z.array(
        z.strictObject({ scope: z.strictObject({ name: z.string(), version: z.string() }), spans: z.array(span) }),
      ),
    }),
  ),
})

test.each([
  [{}, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://host:4318/' }, 'http://host:4318/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://host:4318/base' }, 'http://host:4318/base/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://b/x' }, 'http://b/x'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_SDK_DISABLED: 'true' }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_TRACES_EXPORTER: 'none' }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'no address' }, undefined],
])('the receiver of %j', (env, url) => expect(receiverIn(env)?.url).toBe(url))

test('headers and attributes of the receiver are read as they are written', () => {
  const receiver = receiverIn({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20key, x=1,broken,=2,y=%zz',
    OTEL_RESOURCE_ATTRIBUTES: 'team=blue,service.name=other',
    OTEL_SERVICE_NAME: 'night',
    OTEL_EXPORTER_OTLP_TIMEOUT: 'soon',
  })
  expect(receiver).toMatchObject({
    headers: { authorization: 'Bearer key', x: '1', y: '%zz' },
    resource: { team: 'blue', 'service.name': 'night' },
    timeoutMs: 10_000,
  })
})

test('a swarm sends a span for itself, and within it for each iteration and each run of an agent', async () => {
  const bodies: { authorization: string | undefined; body: unknown }[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (part) => {
      text += part
    })
    request.on('end', () => {
      bodies.push({ authorization: request.headers.authorization, body: JSON.parse(text) })
      response.end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { root, env, write, commit } = testRepository({ 'prompts/worker.md': 'Work.\n' })
  write('agent', '#!/bin/sh\ncat > /dev/null; echo hello > file; exit 0\n', 0o755)
  commit('Agent')
  const ended = await start(loopFile, ['--workers', '1', '--iterations', '1', '--agent', 'command:./agent'], {
    cwd: root,
    env: {
      ...env,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=secret',
    },
  }).ended
  expect(ended).toMatchObject({ status: 0 })
  expect(new Set(bodies.map(({ authorization }) => authorization))).toEqual(new Set(['secret']))
  const spans = bodies.flatMap(({ body }) =>
    call.parse(body).resourceSpans.flatMap((one) => one.scopeSpans.flatMap((scope) => scope.spans)),
  )
  const [swarm, iteration, agent] = ['swarm', 'iteration', 'author command:./agent'].map((name) =>
    spans.find((one) => one.name === name),
  )
  expect(spans).toHaveLength(3)
  expect(swarm).toBeDefined()
  expect(swarm?.parentSpanId).toBeUndefined()
  expect([iteration?.parentSpanId, agent?.parentSpanId]).toEqual([swarm?.spanId, iteration?.spanId])
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
  expect(BigInt(agent!.startTimeUnixNano)).toBeLessThanOrEqual(BigInt(agent!.endTimeUnixNano))
})

test('no hook waits for a receiver that hangs; the end does, once', async () => {
  let calls = 0
  const server = createServer(() => {
    calls++
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const notes: string[] = []
  const receiver = { url, headers: {}, timeoutMs: 1000, resource: {} }
  const hook = sendTraces(receiver, [], (event) => notes.push('text' in event ? event.text : event.type))
  const at = '2026-01-01T00:00:00.000Z'
  const say = (event: object) => hook({ at, swarm: 'aaaaaaaa', ...event } as OompaEvent)
  await say({
    type: 'swarm.started',
    pid: 1,
    processStart: '',
    host: '',
    level: 1,
    workers: [],
    iterations: 40,
    version: '',
  })
  for (let iteration = 1; iteration <= 40; iteration++) {
    await say({ type: 'iteration.started', worker: 'w1', iteration })
    await say({ type: 'iteration.ended', worker: 'w1', iteration, outcome: 'landed' })
  }
  await say({ type: 'swarm.stopped', reason: '', status: 0 })
  // One that was going on, and one for all that waited for it: not forty in turn.
  expect(calls).toBe(2)
  expect(notes).toEqual([expect.stringMatching(/^Traces could not be sent to 127\.0\.0\.1:\d+: /)])
})
