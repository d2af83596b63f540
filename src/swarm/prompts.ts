// Reads the prompts once, from the main checkout, when the swarm starts: no agent can change what the next one is told.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Settings } from '../config/contract.js'
import { isErrno, usageError } from '../errors.js'

/**
 * The bytes of every prompt that a worker, a reviewer or the planner uses, by the path as it stands in the settings.
 * @throws OompaError `no-prompt`, `empty-prompt`, `not-utf8` (status 2)
 */
export function readPrompts(root: string, settings: Settings, level: number): Map<string, Buffer> {
  const files = new Set([
    ...settings.workers.flatMap((worker) => worker.prompts),
    ...(level > 1 ? [...settings.reviewers, ...(settings.planner ? [settings.planner] : [])].flatMap((one) => one.prompts) : []),
  ])
  return new Map([...files].map((file) => [file, readPrompt(root, file, level)]))
}

function readPrompt(root: string, file: string, level: number): Buffer {
  let bytes: Buffer
  try {
    bytes = readFileSync(path.resolve(root, file))
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) throw usageError(`The prompt ${file} is not there.`, 'oompa init', 'no-prompt')
    throw error
  }
  if (bytes.toString('latin1').trim() === '') throw usageError(`The prompt ${file} is empty.`, `Write into ${file} what the agents shall do.`, 'empty-prompt')
  // Level 1 passes bytes on; from level 2 on the prompt becomes part of a text.
  if (level > 1 && !isUtf8(bytes)) throw usageError(`The prompt ${file} is not UTF-8.`, `iconv -f LATIN1 -t UTF-8 ${file}`, 'not-utf8')
  return bytes
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}
