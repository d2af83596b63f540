import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import path from 'node:path'
import { expect, test } from 'vitest'
import { logFile } from '../../src/events/log.js'
import { outputFile, runFolder } from '../../src/files/paths.js'
import { startedHere, stopped, writeEvents } from '../events/folder.js'
import { at, sampleEvents } from '../events/sample.js'
import { until } from '../support/loop.js'
import { oompa } from '../support/oompa.js'
import { type TestRepository, testRepository } from '../support/repository.js'
import { parsePrometheus } from '../views/prometheus.js'
import { type Served, serve } from './support.js'

const A = 'aaaa0001'

/** A repository with one swarm that this process seems to run. */
function withSwarm(): TestRepository {
  const repository = testRepository()
  const rest = sampleEvents()
    .slice(1)
    .map((event) => ({ ...event, swarm: A }))
  writeEvents(repository.root, A, [startedHere(0, A), ...rest])
  return repository
}

/** A request as `fetch` does not send it: any host, any method, any header. */
function raw(
  served: Served,
  options: { method?: string; path?: string; headers?: Record<string, string>; body?: string },
) {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port: served.port,
        method: options.method ?? 'GET',
        path: options.path ?? '/api',
        headers: { host: `127.0.0.1:${served.port}`, ...options.headers },
        setHost: false,
      },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }))
      },
    )
    asked.on('error', reject)
    asked.end(options.body)
  })
}

test('the API says what the log says: swarms, one swarm, events, changes, metrics', async () => {
  const repository = withSwarm()
  const served = await serve(repository)
  const json = served.json
  expect(await json('/api')).toMatchObject({ repository: path.basename(repository.root) })
  expect(await json('/api/swarms')).toMatchObject([{ swarm: A, state: 'running', landed: 1, successRate: 0.5 }])
  const swarm = await json(`/api/swarms/${A}`)
  expect(swarm).toMatchObject({
    swarm: A,
    state: 'running',
    counts: { landed: 1 },
    figures: { timeToMerge: { median: 11 } },
    workers: [{ worker: 'w1', ended: [[1, 'landed', 't-1']] }, { worker: 'w2' }],
    position: statSync(logFile(repository.root, A)).size,
  })
  const { events, end } = await json(`/api/swarms/${A}/events?limit=3`)
  expect(events.map(({ event }: { event: { type: string } }) => event.type)).toEqual([
    'swarm.started',
    'iteration.started',
    'iteration.started',
  ])
  expect(end).toBe(events[2].id)
  const next = await json(`/api/swarms/${A}/events?after=${end}&limit=1`)
  expect(next.events[0].event.type).toBe('task.claimed')
  const { changes } = await json(`/api/swarms/${A}/changes`)
  expect(changes).toMatchObject([{ id: 'w1-1' }, { id: 'w2-1' }])
  const change = await json(`/api/swarms/${A}/changes/w1-1`)
  expect(change.steps.map(({ what }: { what: string }) => what)).toEqual(['rejected', 'approved', 'testing', 'landed'])
  expect(change).toMatchObject({ outcome: 'landed', task: 't-1', diff: null, message: 'Done with a.' })
  const ask = async () => parsePrometheus(await (await served.get('/metrics')).text())
  // Where the tasks cannot be asked in time, everything else is said.
  const metrics = await until(async () => {
    const all = await ask()
    return all.get('oompa_workers_wanted')?.samples.length ? all : undefined
  }, 'how many workers are wanted')
  expect(metrics.get('oompa_landings_total')?.samples[0]?.value).toBe(1)
  expect(metrics.get('oompa_workers_wanted')?.samples[0]?.value).toBe(0)
  expect(await json('/api/approvals')).toEqual({ waiting: [], problems: [] })
  expect(await json('/api/tasks')).toMatchObject({ counts: { pending: 0 } })
  expect(await served.stop()).toBe(0)
})

test('what is added to a log is in the next answer, and a log in its place is read anew', async () => {
  const repository = withSwarm()
  const served = await serve(repository)
  const landed = async () => (await served.json(`/api/swarms/${A}`)).counts.landed
  expect(await landed()).toBe(1)
  const more = at(30, { type: 'landing.landed', worker: 'w2', branch: 'b', into: 'main' }, A)
  const line = `${JSON.stringify(more)}\n`
  // A line that is half written counts when it is whole.
  appendFileSync(logFile(repository.root, A), line.slice(0, 40))
  expect(await landed()).toBe(1)
  appendFileSync(logFile(repository.root, A), line.slice(40))
  expect(await landed()).toBe(2)
})

test('the stream gives what came after an event, by address or by Last-Event-ID, and what comes', async () => {
  const repository = withSwarm()
  const served = await serve(repository)
  const { events } = await served.json(`/api/swarms/${A}/events`)
  const after = events.at(-3).id
  const answer = await served.get(`/api/swarms/${A}/stream?after=0`, { 'last-event-id': String(after) })
  expect(answer.headers.get('content-type')).toContain('text/event-stream')
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const until = async (pattern: RegExp) => {
    while (!pattern.test(text)) text += (await reader.read()).value ?? ''
  }
  await until(/iteration\.ended/)
  expect(text.match(/^event: event$/gm)).toHaveLength(2)
  writeEvents(repository.root, A, [stopped(40, A)])
  await until(/swarm\.stopped/)
  expect(text).toContain(`id: ${statSync(logFile(repository.root, A)).size}\n`)
  await reader.cancel()
})

test('a log is given by ranges of bytes, and as lines from any place', async () => {
  const repository = withSwarm()
  const served = await serve(repository)
  const file = outputFile(repository.root, A, 'w1', 1)
  const text = Array.from({ length: 1000 }, (_, number) => `line ${number} äöü\n`).join('')
  writeFileSync(file, text)
  const base = `/api/swarms/${A}/logs`
  expect(await served.json(base)).toEqual([{ worker: 'w1', iteration: 1 }])
  expect(await (await served.get(`${base}/w1/1`)).text()).toBe(text)
  const part = await served.get(`${base}/w1/1`, { range: 'bytes=5-9' })
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
    206,
    `bytes 5-9/${Buffer.byteLength(text)}`,
    Buffer.from(text).subarray(5, 10).toString(),
  ])
  expect(await (await served.get(`${base}/w1/1`, { range: 'bytes=-5' })).text()).toBe(
    Buffer.from(text).subarray(-5).toString(),
  )
  expect((await served.get(`${base}/w1/1`, { range: 'bytes=99999999-' })).status).toBe(416)
  const lines = async (from: number) => served.json(`${base}/w1/1/lines?from=${from}`)
  const first = await lines(0)
  expect(first).toMatchObject({ next: first.size, size: Buffer.byteLength(text) })
  expect(first.lines).toHaveLength(1000)
  appendFileSync(file, 'one more\nand half of')
  expect(await lines(first.next)).toMatchObject({ lines: ['one more'], next: first.next + 9 })
  expect((await lines(3)).lines[0]).toBe('line 1 äöü')
  expect((await lines(-30)).lines.at(-1)).toBe('one more')
  for (const wrong of ['w1/2', 'w1/x', '..%2F..%2Fw1/1', 'w1/-1', '%00/1']) {
    expect((await served.get(`${base}/${wrong}`)).status).toBe(404)
  }
})

test('a log of 100 MB is not loaded as a whole', async () => {
  const repository = withSwarm()
  const served = await serve(repository)
  const file = outputFile(repository.root, A, 'w1', 1)
  writeFileSync(file, '')
  const block = Buffer.alloc(10_000_000, `${'x'.repeat(99)}\n`)
  for (let number = 0; number < 10; number++) appendFileSync(file, block)
  const whole = await served.get(`/api/swarms/${A}/logs/w1/1`)
  expect(whole.status).toBe(206)
  expect((await whole.arrayBuffer()).byteLength).toBe(1 << 20)
  const { lines, next, size } = await served.json(`/api/swarms/${A}/logs/w1/1/lines?from=-1000`)
  expect([lines.length, next, size]).toEqual([9, size, 100_000_000])
})

test('without the token nothing is told; with the cookie one may look, and not act', async () => {
  const served = await serve(withSwarm())
  const bare = async (address: string, headers: Record<string, string> = {}) => raw(served, { path: address, headers })
  for (const address of [
    '/api',
    '/api/swarms',
    `/api/swarms/${A}`,
    `/api/swarms/${A}/stream`,
    '/metrics',
    '/api/tasks',
  ]) {
    expect([address, (await bare(address)).status]).toEqual([address, 401])
  }
  // The page itself has nothing to hide, and no inline script.
  const page = await bare('/')
  expect(page.status).toBe(200)
  expect(page.headers['content-security-policy']).toContain("script-src 'self'")
  expect(page.headers['content-security-policy']).not.toMatch(/unsafe|https?:/)
  const host = `127.0.0.1:${served.port}`
  const json = { 'content-type': 'application/json', origin: `http://${host}` }
  const post = (address: string, body: unknown, headers: Record<string, string>) =>
    raw(served, { method: 'POST', path: address, headers, body: JSON.stringify(body) })
  expect((await post('/api/session', { token: 'x'.repeat(43) }, json)).status).toBe(403)
  expect((await post('/api/session', { token: served.token }, { ...json, origin: 'http://evil.example' })).status).toBe(
    403,
  )
  const session = await post('/api/session', { token: served.token }, json)
  const cookie = String(session.headers['set-cookie'])
  expect(cookie).toMatch(/; HttpOnly; SameSite=Strict/)
  expect(cookie).not.toContain(served.token)
  const said = { cookie: cookie.split(';')[0]! }
  expect((await bare('/api/swarms', said)).status).toBe(200)
  expect((await bare('/api/swarms', { ...said, 'sec-fetch-site': 'cross-site' })).status).toBe(401)
  expect((await bare('/api/swarms', { ...said, 'sec-fetch-site': 'same-site' })).status).toBe(401)
  const approve = '/api/approvals/w1-1-1a2b3c4/approve'
  expect((await post(approve, {}, { ...json, ...said })).status).toBe(403)
  const { act } = JSON.parse(session.text)
  const acting = { ...json, ...said, 'x-oompa-act': act }
  expect((await post(approve, {}, { ...acting, origin: 'http://localhost:1' })).status).toBe(403)
  expect((await post(approve, {}, { ...acting, 'content-type': 'text/plain' })).status).toBe(415)
  // There is no such approval: it has been asked.
  const asked = await post(approve, {}, acting)
  expect([asked.status, JSON.parse(asked.text).error.message]).toEqual([
    409,
    expect.stringContaining('No change waits'),
  ])
})

test('no other host, origin, method, id or range is answered, and none of them breaks the server', async () => {
  const repository = withSwarm()
  writeFileSync(path.join(runFolder(repository.root, A), 'w1-1.log'), 'x\n')
  const served = await serve(repository)
  const authorization = `Bearer ${served.token}`
  const { port } = served
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1',
    `127.0.0.1.evil.example:${port}`,
    `127.0.0.1:${port + 1}`,
    `[::2]:${port}`,
    `user@127.0.0.1:${port}`,
    '',
    `10.0.0.1:${port}`,
  ]) {
    const { status } = await raw(served, { headers: { host, authorization } })
    expect([host, [400, 421].includes(status)]).toEqual([host, true])
  }
  for (const host of [`localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`, `127.0.0.1:${port}`]) {
    expect([host, (await raw(served, { headers: { host, authorization } })).status]).toEqual([host, 200])
  }
  for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'TRACE']) {
    expect([method, (await raw(served, { method, headers: { authorization } })).status]).toEqual([method, 405])
  }
  const ids = [
    '',
    '.',
    '..',
    '%2e%2e',
    '..%2f..',
    A.slice(0, 4),
    A.toUpperCase(),
    `${A}0`,
    '%00',
    '*',
    '%',
    '%ff',
    'constructor',
    '__proto__',
    'ä',
    '-1',
    `${A}%2f..%2f${A}`,
  ]
  for (const id of ids) {
    for (const address of [
      `/api/swarms/${id}x`,
      `/api/swarms/${id}/changes/w1-1x`,
      `/api/swarms/${A}/changes/${id}`,
      `/api/swarms/${A}/logs/${id}/1`,
      `/${id}/etc/passwd`,
      `/lib/x${id}`,
    ]) {
      const { status } = await raw(served, { path: address, headers: { authorization } })
      expect([address, status]).toEqual([address, expect.toSatisfy((one: number) => one >= 400 && one < 500)])
    }
    const { status } = await raw(served, {
      method: 'POST',
      path: `/api/approvals/${id}/approve`,
      headers: { authorization, 'content-type': 'application/json' },
      body: '{}',
    })
    expect([id, status]).toEqual([id, expect.toSatisfy((one: number) => one >= 400 && one < 500)])
  }
  for (const after of ['-1', '1e9', 'NaN', '99999999999', '999999999999999999999', '%00', '1.5', '']) {
    expect([after, (await served.get(`/api/swarms/${A}/events?after=${after}&limit=${after}`)).status]).toEqual([
      after,
      200,
    ])
  }
  for (const range of [
    'bytes=-',
    'bytes=5-1',
    'bytes=0-0,5-6',
    'lines=1-2',
    'bytes=a-b',
    'bytes=-99999',
    `bytes=${'9'.repeat(30)}-`,
  ]) {
    const { status } = await served.get(`/api/swarms/${A}/logs/w1/1`, { range })
    expect([range, [200, 206, 416].includes(status)]).toEqual([range, true])
  }
  for (const body of ['', '{', 'null', '[]', '"x"', '{"token":{}}', `{"token":"${'x'.repeat(70_000)}"}`]) {
    const headers = { 'content-type': 'application/json', authorization }
    const { status } = await raw(served, { method: 'POST', path: '/api/session', headers, body })
    expect([body.slice(0, 20), status >= 400 && status < 500]).toEqual([body.slice(0, 20), true])
  }
  expect((await served.get('/api/swarms')).status).toBe(200)
})

test('the key is for this user alone, is in no file of the repository, and stays between two starts', async () => {
  const repository = withSwarm()
  const first = await serve(repository)
  const file = path.join(repository.home, '.state/oompa')
  const found = repository.git(['-C', file, 'grep', '--no-index', '-l', first.token, '.'], '/').split('\n')
  expect(found).toHaveLength(1)
  expect(statSync(path.join(file, found[0]!)).mode & 0o777).toBe(0o600)
  expect(() => repository.git(['grep', '--no-index', '-l', first.token, '.'])).toThrow()
  expect(readFileSync(`/proc/self/environ`, 'utf8')).not.toContain(first.token)
  await first.stop()
  const second = await serve(repository)
  expect(second.token).toBe(first.token)
})

test('an agent is refused the page, a port that is taken is said, and help names the key', async () => {
  const repository = withSwarm()
  const { root, env } = repository
  const agent = await oompa(['dash'], { cwd: root, env: { ...env, OOMPA_WORKER: 'w1', OOMPA_SWARM: A } })
  expect([agent.status, agent.stderr]).toEqual([4, expect.stringContaining('for a person')])
  const served = await serve(repository)
  const taken = await oompa(['dash', '--port', String(served.port)], { cwd: root, env })
  expect([taken.status, taken.stderr]).toEqual([4, expect.stringContaining(`Port ${served.port} is taken`)])
  for (const wrong of ['-1', '1.5', '70000']) {
    expect((await oompa(['dash', '--port', wrong], { cwd: root, env })).status).toBe(2)
  }
  expect((await oompa(['dash', '--help'], { cwd: root, env })).stdout).toContain('holds the key')
})
