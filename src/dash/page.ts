// The files of the page: our own as they stand in `page/`, and two libraries from where npm has put them. Nothing is
// built, and nothing comes from elsewhere.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { packageFolder } from '../files/package.js'

const require = createRequire(import.meta.url)
const own = (name: string) => () => path.join(packageFolder, 'page', name)
const script = 'text/javascript; charset=utf-8'
const style = 'text/css; charset=utf-8'

/** Every file there is, by its address: no part of an address becomes a part of a path. */
const FILES: Readonly<Record<string, { readonly type: string; file(): string }>> = {
  '/': { type: 'text/html; charset=utf-8', file: own('index.html') },
  '/favicon.svg': { type: 'image/svg+xml', file: own('favicon.svg') },
  '/page.css': { type: style, file: own('page.css') },
  ...Object.fromEntries(
    ['main', 'api', 'parts', 'overview', 'tabs', 'log', 'graph'].map((name) => [
      `/${name}.js`,
      { type: script, file: own(`${name}.js`) },
    ]),
  ),
  '/lib/preact.js': { type: script, file: () => beside('htm', 'preact/standalone.module.js') },
  '/lib/uplot.js': { type: script, file: () => beside('uplot', 'dist/uPlot.iife.min.js') },
  '/lib/uplot.css': { type: style, file: () => beside('uplot', 'dist/uPlot.min.css') },
}

/** A file of the page by its address; undefined if there is none. */
export async function pageFile(address: string): Promise<{ type: string; bytes: Buffer } | undefined> {
  const known = Object.hasOwn(FILES, address) ? FILES[address] : undefined
  return known && { type: known.type, bytes: await readFile(known.file()) }
}

/** A file of a package that its `exports` do not name. */
function beside(name: string, file: string): string {
  const main = require.resolve(name)
  const part = `${path.sep}${name}${path.sep}`
  return path.join(main.slice(0, main.lastIndexOf(part)), name, file)
}
