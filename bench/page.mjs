// What the page and its log cost: an event written, a log read, the first paint in a real browser, and what a page that
// is open costs while events come. Needs the built files (`npm run build`) and chromium on the PATH.

import { spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { apply, fold } from '../dist/events/fold.js'
import { openLog } from '../dist/events/log.js'
import { findExecutable } from '../dist/processes/find-executable.js'
import { thisOwner } from '../dist/processes/owner.js'
import { iteration } from './support/events.mjs'
import { env, packageRoot, repository } from './support/repository.mjs'
import { printRow, rounds } from './support/rows.mjs'

const ROUNDS = rounds(5)
const SWARM = '0000be4c'
const PER_SECOND = 50
const SECONDS = 20
const parts = process.argv.slice(2)
const isWanted = (part) => parts.length === 0 || parts.includes(part)

/** The beginning of a swarm of this process, which therefore runs, and iterations up to so many events. */
function events(most, workers = 3) {
  const names = Array.from({ length: workers }, (_, index) => `w${index + 1}`)
  const { pid, start, host } = thisOwner()
  const at = Date.now() / 1000 - most
  const all = [
    {
      at: new Date(at * 1000).toISOString(),
      swarm: SWARM,
      type: 'swarm.started',
      pid,
      processStart: start,
      host,
      level: 3,
      workers: names.map((worker) => ({ worker, agent: 'claude:opus', iterations: 5000 })),
      iterations: 5000,
      into: 'main',
      version: '1.0.0',
    },
  ]
  for (let number = 1; all.length < most; number++) {
    const worker = names[number % workers]
    all.push(...iteration(SWARM, worker, Math.ceil(number / workers), Math.floor(at + all.length)))
  }
  all.length = most
  return all
}

if (isWanted('write')) {
  const log = openLog(repository(2), SWARM)
  const [, ...some] = events(10_000)
  const plain = some.map(({ at: _, swarm: __, ...event }) => event)
  const perEvent = () => {
    const began = performance.now()
    for (const event of plain) log.emit(event)
    return ((performance.now() - began) * 1000) / plain.length
  }
  perEvent()
  printRow(
    { row: 'an event is written', unit: 'µs' },
    { atMost: 50 },
    { ours: Array.from({ length: ROUNDS }, perEvent) },
  )
  log.close()
}

if (isWanted('fold')) {
  const many = events(100_000)
  const whole = []
  const next = []
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now()
    const state = fold(many, SWARM)
    whole.push(performance.now() - began)
    const more = performance.now()
    for (const event of many.slice(-1000)) apply(state, event)
    next.push(performance.now() - more)
  }
  printRow({ row: '100000 events are folded', unit: 'ms' }, { atMost: 300 }, { ours: whole })
  printRow({ row: 'the next 1000 after them', unit: 'ms' }, { atMost: 3 }, { ours: next })
}

async function browse() {
  const root = repository(20)
  const folder = path.join(root, '.oompa/runs', SWARM)
  mkdirSync(folder, { recursive: true })
  const log = path.join(folder, 'events.jsonl')
  writeFileSync(log, events(10_000, 20).map(line).join(''))
  const browser = await chromium.launch({
    executablePath: findExecutable('chromium', process.env, root),
    args: ['--no-sandbox', '--disable-gpu'],
  })
  const server = await serve(root)
  try {
    const paints = []
    for (let round = 0; round < ROUNDS; round++) paints.push(await firstPaint(browser, server.link))
    printRow(
      { row: "the page's first paint with its grid, 10000 events, 20 workers", unit: 'ms' },
      { atMost: 1000 },
      { ours: paints },
    )
    const { share, longest } = await live(browser, server, log)
    printRow(
      { row: `the server at ${PER_SECOND} events a second`, unit: '% of a core' },
      { atMost: 10 },
      { ours: [share] },
    )
    printRow({ row: `the longest frame of the page meanwhile`, unit: 'ms' }, { atMost: 100 }, { ours: [longest] })
  } finally {
    await browser.close()
    server.child.kill('SIGINT')
  }
}

const line = (event) => `${JSON.stringify(event)}\n`

/** Milliseconds from the request of the link until the grid is on the screen. */
async function firstPaint(browser, link) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  const began = performance.now()
  await page.goto(link, { waitUntil: 'commit' })
  await page.waitForSelector('.grid')
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
  const ms = performance.now() - began
  await page.close()
  return ms
}

/** With one page open: the server's share of a core, and the longest time between two frames of the page. */
async function live(browser, { link, child }, log) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  await page.goto(link)
  await page.waitForSelector('.grid')
  await page.evaluate(`{
    globalThis.longest = 0
    let last
    const frame = (now) => {
      if (last !== undefined) globalThis.longest = Math.max(globalThis.longest, now - last)
      last = now
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  }`)
  const before = cpuMs(child.pid)
  const began = performance.now()
  for (let number = 0; number < PER_SECOND * SECONDS; number++) {
    const due = began + (number * 1000) / PER_SECOND
    await sleep(Math.max(0, due - performance.now()))
    const where = { worker: `w${(number % 20) + 1}`, iteration: 5000 }
    const at = new Date().toISOString()
    appendFileSync(log, line({ at, swarm: SWARM, type: 'agent.activity', ...where, text: `Edit file-${number}.ts` }))
  }
  const share = ((cpuMs(child.pid) - before) / (performance.now() - began)) * 100
  const longest = await page.evaluate('globalThis.longest')
  await page.close()
  return { share, longest }
}

/** `oompa dash --json`, once it has said its link. */
function serve(root) {
  const child = spawn(process.execPath, [path.join(packageRoot, 'bin/oompa'), 'dash', '--json', '--port', '0'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (status) => reject(new Error(`oompa dash ended with ${status}`)))
    child.stdout.once('data', (text) => resolve({ child, link: JSON.parse(text).link }))
  })
}

/** CPU of one process so far (proc_pid_stat(5): utime and stime, in ticks of 10 ms). */
function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

if (isWanted('browser')) await browse()
