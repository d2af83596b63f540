// Telling somebody: which events, by which way, and what a failure of it means.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { OompaEvent } from '../../src/events/contract.js'
import { desktopCommand, matches, notify } from '../../src/hooks/notify.js'
import { temporaryFolder } from '../support/repository.js'

const stopped: OompaEvent = {
  type: 'swarm.stopped',
  reason: 'done',
  status: 0,
  at: '2026-01-01T00:00:00Z',
  swarm: '01234567',
}
const note: OompaEvent = { type: 'note', text: 'no', at: '2026-01-01T00:00:00Z', swarm: '01234567' }

test('events are chosen by type, or by its beginning', () => {
  expect(matches('landing.landed', ['landing.*'])).toBe(true)
  expect(matches('landing.landed', ['landing.refused', 'swarm.stopped'])).toBe(false)
  expect(matches('note', ['*'])).toBe(true)
  expect(matches('landing.landed', [])).toBe(false)
})

test('a command gets the event on standard input and a sentence in its environment', async () => {
  const folder = temporaryFolder()
  const hook = notify({ run: 'echo "$OOMPA_MESSAGE" > said; cat > event.json' })
  await hook.prepare(folder)
  await hook(note)
  await hook(stopped)
  expect(JSON.parse(readFileSync(path.join(folder, 'event.json'), 'utf8'))).toEqual(stopped)
  expect(readFileSync(path.join(folder, 'said'), 'utf8')).toMatch(/^oompa 01234567: /)
})

test('a webhook gets a sentence and the event', async () => {
  const bodies: string[] = []
  let answer = 200
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      bodies.push(body)
      response.writeHead(answer).end('ok')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const hook = notify({ on: ['note'], webhook: `http://127.0.0.1:${address.port}/secret-token` })
  await hook(stopped)
  await hook(note)
  expect(JSON.parse(bodies[0] ?? '')).toEqual({ text: expect.stringContaining('no'), event: note })
  expect(bodies).toHaveLength(1)
  answer = 500
  await expect(hook(note)).rejects.toThrow(/^127\.0\.0\.1:\d+ answered 500$/)
})

test('a command that fails is said', async () => {
  const hook = notify({ on: ['note'], run: ['sh', '-c', 'echo broken >&2; exit 4'] })
  await expect(hook(note)).rejects.toThrow(/`sh` ended with status 4: broken/)
})

test('text of an event is never part of a program', () => {
  const evil = '--urgency=critical "$(touch x)"'
  expect(desktopCommand(evil, 'linux').at(-1)).toBe(evil)
  expect(desktopCommand(evil, 'linux')).toContain('--')
  expect(desktopCommand(evil, 'darwin').slice(-2)).toEqual(['--', evil])
})

test.each([{}, { on: ['note'] }, { webhook: 'file:///etc/passwd' }, { webhook: 'nowhere' }] as const)(
  'a notify that cannot tell anybody is an error at the start (%j)',
  (options) => {
    expect(() => notify(options)).toThrow(expect.objectContaining({ status: 2 }))
  },
)
