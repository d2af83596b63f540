// The blocks of code in README.md and docs/, as they are written there.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { packageRoot } from '../support/oompa.js'

/** The text of each block of one of these languages. */
export function blocksOf(file: string, language: string): string[] {
  const text = readFileSync(path.join(packageRoot, file), 'utf8')
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block)
}

/** The lines of the block of shell that begins with these words. */
export function linesOf(file: string, first: string): string[] {
  const block = blocksOf(file, '(?:ba)?sh').find(
    (text) => text.startsWith(`${first} `) || text.startsWith(`${first}\n`),
  )
  if (!block) throw new Error(`${file} has no block of shell that begins with ${first}`)
  return block.trimEnd().split('\n')
}
