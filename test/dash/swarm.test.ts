// A real swarm at level 3, watched from before its start to after its end.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { level2 } from '../support/loop.js'
import { itWith } from '../support/optional.js'
import { browser, CHROMIUM, complaints, picture } from './browser.js'
import { serve } from './support.js'

const it = itWith(CHROMIUM)
/** Beside other jobs a swarm and a browser take their time. */
const PATIENT = 240_000

/** What each task asks for; one of them touches what a person has to look at. */
const AUTHOR = `[ -n "$OOMPA_TASK" ] || exit 0
sleep 1
printf '\\033[32mworking\\033[0m on %s\\n' "$OOMPA_TASK"
if [ "$OOMPA_TASK" = advice ]; then echo 'Be kind.' > CLAUDE.md; fi
echo "export const done = '$OOMPA_TASK'" > "$OOMPA_TASK.ts"`

const task = (id: string, summary: string, ...before: string[]) => JSON.stringify({ id, summary, depends_on: before })

it('a swarm at level 3 is watched from start to end, and an approval given on the page lands', {
  timeout: 600_000,
}, async () => {
  const loop = level2(AUTHOR, {
    workers: 3,
    iterations: 3,
    config: { merge: { test: 'ls *.ts' } },
    files: {
      'tasks/pending/parser.json': task('parser', 'Write the parser'),
      'tasks/pending/printer.json': task('printer', 'Write the printer', 'parser'),
      'tasks/pending/command.json': task('command', 'Write the command line', 'printer'),
      'tasks/pending/advice.json': task('advice', 'Tell agents how to behave'),
      'hooks/tasks.ts': "import { taskFolder } from 'oompa-loompas'\nexport default taskFolder('tasks')\n",
    },
  })
  const { repository } = loop
  repository.write('hooks/review.sh', '#!/bin/sh\ncat > /dev/null\nsleep 1\n', 0o755)
  repository.commit('Review')
  const served = await serve(repository)
  const page = await (await browser()).newPage({ viewport: { width: 1280, height: 900 } })
  page.setDefaultTimeout(PATIENT)
  const found = complaints(page)
  await page.goto(served.link)
  await page.getByText('No swarm has been run').waitFor()
  const running = loop.start()
  // Each stage is seen as it comes.
  await page.locator('.facts .is-running').waitFor()
  await page.locator('.grid .is-working').first().waitFor()
  await page.locator('.problem.is-approval').waitFor()
  await expect.poll(() => page.locator('.pipeline .end b').textContent(), { timeout: PATIENT }).toBe('3')
  await page.click('#tab-tasks')
  await page.waitForSelector('.graph')
  await picture(page, 'dash-tasks')
  expect((await running.ended).status).toBe(0)
  await page.locator('.facts .is-stopped').waitFor()
  await page.getByRole('button', { name: 'Look at it' }).click()
  await page.locator('.diff .plus', { hasText: 'Be kind.' }).waitFor()
  await picture(page, 'dash')
  expect(existsSync(path.join(repository.root, 'CLAUDE.md'))).toBe(false)
  await page.getByRole('button', { name: 'Approve and land' }).first().click()
  await expect.poll(() => page.locator('.problem.is-approval').count(), { timeout: PATIENT }).toBe(0)
  await expect.poll(() => page.locator('.pipeline .end b').textContent(), { timeout: PATIENT }).toBe('4')
  expect(repository.git(['show', 'main:CLAUDE.md'])).toBe('Be kind.')
  await expect.poll(() => page.locator('.cell.is-waiting[title]').count(), { timeout: PATIENT }).toBe(0)
  expect(repository.git(['status', '--porcelain'])).toBe('')
  await page.setViewportSize({ width: 390, height: 844 })
  await page.emulateMedia({ colorScheme: 'dark' })
  await picture(page, 'dash-phone')
  expect(found).toEqual([])
})
