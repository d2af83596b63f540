// The page as a person has it: in a real browser, beside a repository with a swarm.

import { appendFileSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { beforeEach, expect, vi } from 'vitest'
import { readLog } from '../../src/events/log.js'
import { outputFile } from '../../src/files/paths.js'
import { itWith } from '../support/optional.js'
import { type TestRepository, testRepository } from '../support/repository.js'
import { browser, CHROMIUM, complaints, overflowing } from './browser.js'
import { HOSTILE, type Scene, SWARM, scene } from './scene.js'
import { type Served, serve } from './support.js'

const it = itWith(CHROMIUM)
const TABS = ['changes', 'tasks', 'queue', 'cost', 'log', 'history']
const LONG = { timeout: 180_000 }
/** Beside other jobs a browser takes its time. */
const PATIENT = 60_000

let repository: TestRepository

beforeEach(() => {
  const task = (id: string, ...before: string[]) =>
    JSON.stringify({ id, summary: `${id} ${HOSTILE}`, depends_on: before })
  repository = testRepository({
    'a.txt': 'a\n',
    'tasks/pending/a.json': task('a'),
    'tasks/pending/b.json': task('b', 'a'),
    'tasks/pending/c.json': task('c', 'b'),
    'tasks/pending/d.json': task('d', 'a'),
  })
  vi.stubEnv('OOMPA_STATE', repository.env.OOMPA_STATE)
  return () => vi.unstubAllEnvs()
})

interface Opened {
  readonly page: Page
  readonly served: Served
  readonly told: Scene
  readonly found: string[]
}

/** The page of a scene, opened by its link. */
async function open(size?: Parameters<typeof scene>[1], ...args: string[]): Promise<Opened> {
  const told = await scene(repository, size)
  const served = await serve(repository, ...args)
  const page = await (await browser()).newPage({ viewport: { width: 1280, height: 900 } })
  page.setDefaultTimeout(PATIENT)
  const found = complaints(page)
  await page.goto(served.link)
  await page.waitForSelector('.grid')
  return { page, served, told, found }
}

it(
  'it shows problems first, then the grid, the pipeline and the tabs; what agents wrote stays text',
  LONG,
  async () => {
    const { page, served, found } = await open()
    expect(new URL(page.url()).hash).not.toContain(served.token)
    expect(await page.locator('h2').allTextContents()).toEqual(['Needs you', 'Workers × iterations', 'Pipeline'])
    expect(await page.locator('.problem').first().textContent()).toContain(HOSTILE)
    expect(await page.locator('.grid .cell.is-landed').count()).toBeGreaterThan(1)
    expect(await page.locator('.facts').first().textContent()).toContain('$2.05 of $20.00')
    for (const tab of TABS) {
      await page.click(`#tab-${tab}`)
      await page.waitForSelector(`#panel[aria-labelledby=tab-${tab}]`)
      if (tab === 'tasks') await page.waitForSelector('.graph path.lit', { state: 'attached' })
      if (tab === 'log') await page.getByText('line 59').waitFor()
      if (tab === 'cost') await page.waitForSelector('.chart canvas')
      if (tab === 'changes') await page.click('.list button:has-text("w2 #1")')
      if (tab === 'changes') await page.getByText('The empty list.').first().waitFor()
    }
    await page.click('.grid .cell.is-waiting')
    await page.waitForSelector('.diff .plus')
    expect(await page.locator('.diff').allTextContents()).toContainEqual(expect.stringContaining(HOSTILE))
    expect(await page.locator('img, #page script').count()).toBe(0)
    expect(await page.title()).not.toContain('owned')
    expect(found).toEqual([])
  },
)

it('what happens is on the page without a reload, and a log grows', LONG, async () => {
  const { page, told, found } = await open()
  const cells = await page.locator('.cell.is-landed').count()
  told.emit({ type: 'iteration.ended', worker: 'w3', iteration: 7, outcome: 'landed' })
  await expect.poll(() => page.locator('.cell.is-landed').count(), { timeout: PATIENT }).toBe(cells + 1)
  told.emit({ type: 'limit.waiting', agent: 'claude', until: '2099-01-01T00:00:00.000Z', reason: 'weekly limit' })
  await page.getByText('claude is at its limit').waitFor()
  await page.click('.grid th button:has-text("w2")')
  await page.getByText('line 59').waitFor()
  appendFileSync(outputFile(repository.root, SWARM, 'w2', 1), 'and \u001b[31mmore\u001b[0m\n')
  await page.locator('.output .c1', { hasText: 'more' }).waitFor()
  await page.fill('input[type=search]', 'line 5')
  await expect.poll(() => page.locator('.output div').count(), { timeout: PATIENT }).toBe(11)
  expect(found).toEqual([])
})

it('an approval given by the keyboard lands the change', LONG, async () => {
  const { page, told, found } = await open()
  const approve = page.getByRole('button', { name: 'Approve and land' }).first()
  for (let presses = 0; !(await approve.evaluate((one) => one.matches(':focus'))); presses++) {
    expect(presses).toBeLessThan(20)
    await page.keyboard.press('Tab')
  }
  await page.keyboard.press('Enter')
  await expect.poll(() => page.locator('.problem.is-approval').count(), { timeout: PATIENT }).toBe(0)
  expect(repository.git(['show', 'main:package.json'])).toBe('{ "name": "x" }')
  const approved = readLog(repository.root, SWARM).find(({ type }) => type === 'approval.approved')
  expect(approved).toMatchObject({ id: told.approval })
  expect(found).toEqual([])
})

it('a rejection asks for the reason, and a refusal of the command is shown in its words', LONG, async () => {
  const { page, told, found } = await open()
  await page.getByRole('button', { name: 'Reject …' }).first().click()
  await page.getByLabel('What should its author mend?').fill(`--json ${HOSTILE}\nTwice.`)
  await page.getByRole('button', { name: 'Send it back' }).click()
  await expect.poll(() => page.locator('.problem.is-approval').count(), { timeout: PATIENT }).toBe(0)
  const rejected = readLog(repository.root, SWARM).find(({ type }) => type === 'approval.rejected')
  expect(rejected).toMatchObject({ id: told.approval, reason: `--json ${HOSTILE}\nTwice.` })
  expect(repository.git(['log', '--format=%s', 'main'])).toBe('Start')
  // It is gone; whoever still sees it is told so.
  told.emit({
    type: 'approval.waiting',
    worker: 'w1',
    iteration: 1,
    id: told.approval,
    reasons: ['again'],
    branch: 'b',
  })
  await page.getByRole('button', { name: 'Approve and land' }).first().click()
  await page.getByRole('alert').getByText('No change waits under the id').waitFor()
  expect(found.filter((one) => !one.includes('409'))).toEqual([])
})

it('on a telephone and in the dark nothing is wider than the screen, and axe finds nothing', LONG, async () => {
  const { page, found } = await open()
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  await page.evaluate(axe)
  for (const [width, colorScheme] of [
    [1280, 'light'],
    [390, 'dark'],
    [390, 'light'],
  ] as const) {
    await page.setViewportSize({ width, height: 844 })
    await page.emulateMedia({ colorScheme })
    for (const tab of TABS) {
      await page.click(`#tab-${tab}`)
      if (tab === 'tasks') await page.waitForSelector('.graph')
      if (tab === 'cost') await page.waitForSelector('.chart canvas')
      if (tab === 'log') await page.getByText('line 59').waitFor()
      if (tab === 'changes') await page.click('.list button:has-text("w2 #1")')
      expect([width, tab, await overflowing(page)]).toEqual([width, tab, 0])
      const violations = await page.evaluate(
        'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))]))',
      )
      expect([width, colorScheme, tab, violations]).toEqual([width, colorScheme, tab, []])
    }
  }
  expect(found).toEqual([])
})

it('the server may be ended and started anew beside the page, which goes on', LONG, async () => {
  const { page, served, told } = await open()
  await served.stop()
  await page.getByText('server does not answer').waitFor()
  told.emit({ type: 'note', text: 'while nobody looked', level: 'warning' })
  await serve(repository, '--port', String(served.port))
  await page.getByText('while nobody looked').waitFor()
  await expect.poll(() => page.getByText('server does not answer').count(), { timeout: PATIENT }).toBe(0)
})

it('a hundred workers with ten thousand events are there at once', LONG, async () => {
  const { page, found } = await open({ workers: 98, iterations: 25 })
  expect(readLog(repository.root, SWARM).length).toBeGreaterThan(9_000)
  expect(await page.locator('.grid tbody tr').count()).toBe(100)
  expect(await overflowing(page)).toBe(0)
  const painted: number = await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
  expect(painted).toBeLessThan(5_000)
  expect(found).toEqual([])
})

it('without its link the page tells nothing, and says where the link is', LONG, async () => {
  await scene(repository)
  const served = await serve(repository)
  const page = await (await browser()).newPage()
  await page.goto(served.origin)
  await page.getByText('Open the page by the link that').waitFor()
  expect(await page.content()).not.toContain(SWARM)
})
