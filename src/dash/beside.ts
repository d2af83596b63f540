// The page beside a swarm (`oompa run --dash`): `oompa dash` in a process of its own, so that neither can bring the
// other down by a mistake. It ends when the channel to its swarm does, by whatever end the swarm comes to.

import { fork } from 'node:child_process'
import path from 'node:path'
import type { Settings } from '../config/contract.js'
import { OompaError, STATUS } from '../errors.js'
import { packageFolder } from '../files/package.js'

/**
 * Starts the page of a repository and says its link, once and not on standard output, which may be JSON.
 * @throws OompaError `no-page` with what `oompa dash` said
 */
export async function openPageBeside(root: string, { port, open }: NonNullable<Settings['dash']>): Promise<void> {
  const words = ['dash', ...(port === undefined ? [] : [`--port=${port}`]), ...(open ? ['--open'] : [])]
  const child = fork(path.join(packageFolder, 'bin', 'oompa'), words, {
    cwd: root,
    // Ctrl-C is for the swarm, which may land something yet that a person wants to see.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let said = ''
  child.stderr?.on('data', (part) => {
    said = (said + part).slice(-2000)
  })
  const link = await new Promise<unknown>((resolve, reject) => {
    child.once('message', resolve)
    child.once('error', reject)
    child.once('close', (status) => reject(noPage(said, status)))
  })
  console.error(`oompa: the page is at ${link}`)
  if (said) console.error(said.trimEnd())
  child.removeAllListeners()
  child.stderr?.destroy()
  child.unref()
  child.channel?.unref()
}

function noPage(said: string, status: number | null): OompaError {
  const [first = '', ...rest] = said
    .trim()
    .replace(/^oompa: /, '')
    .split('\n')
  return new OompaError({
    code: 'no-page',
    message: `The page did not start: ${first}`,
    mend: rest.join(' ').replace(/^\s*→ /, '') || 'oompa dash',
    status: status === STATUS.usage || status === STATUS.refused ? status : STATUS.failed,
  })
}
