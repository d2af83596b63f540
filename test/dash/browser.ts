// Debian's chromium, and a page in it that fails its test for whatever a person would call broken.

import path from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { findExecutable } from '../../src/processes/find-executable.js'

export const CHROMIUM = 'chromium'

/** A browser that ends with the test. */
export async function browser(): Promise<Browser> {
  const executablePath = findExecutable(CHROMIUM, process.env, process.cwd())
  const opened = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  onTestFinished(() => opened.close())
  return opened
}

/** What the page complained of: errors, refused resources, breaches of its policy. */
export function complaints(page: Page): string[] {
  const found: string[] = []
  page.on('pageerror', (error) => found.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') found.push(message.text())
  })
  return found
}

/** Elements that are wider than the window. */
export function overflowing(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
}

/** Keeps a picture for docs/ where `npm run screenshots` asks for them. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.OOMPA_SCREENSHOTS
  if (folder) await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true })
}
