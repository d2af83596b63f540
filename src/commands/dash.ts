// `oompa dash`: the page of this repository's swarms, until Ctrl-C. It reads their logs, and keeps nothing.

import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { type Command, flag, number, text } from '../cli/contract.js'
import { STATUS } from '../errors.js'
import { createFile } from '../files/create.js'
import { makeFolder } from '../files/make-folder.js'
import { proofFolder } from '../files/paths.js'
import { findRepository } from '../git/repository.js'
import { refuseAgents } from '../review/decide.js'

export const command: Command = {
  summary: 'Show the swarms of this repository on a page in the browser, and what needs you.',
  options: {
    port: { type: 'number', describe: 'The port; 0 for any that is free (default: 4664, or the next that is free)' },
    open: { type: 'boolean', describe: 'Open the page in the browser' },
    host: {
      type: 'string',
      describe: 'Another address than 127.0.0.1 and [::1]: whoever can reach it and knows the link can approve',
    },
    json: { type: 'boolean', describe: 'Print JSON: the link, the port, the process' },
  },
  examples: [
    ['oompa dash', 'prints the link; the page lives until Ctrl-C'],
    ['oompa dash --open --port 8080', 'opens it in the browser'],
  ],
  epilogue: 'The link holds the key of the page: whoever has it can read everything, approve and reject.',
  async run(args) {
    refuseAgents('dash')
    const port = number(args, 'port')
    const host = text(args, 'host')
    const { root } = await findRepository()
    const { serveDash } = await import('../dash/serve.js')
    const dash = await serveDash(root, { port, host })
    const ended = interrupted()
    if (flag(args, 'json')) console.log(JSON.stringify({ link: dash.link, port: dash.port, pid: process.pid }))
    else console.log(`The page is at ${dash.link}\nIt reads the swarms' logs; end it with Ctrl-C, the swarms go on.`)
    if (host !== undefined) {
      console.error(
        `oompa: it listens on ${host}, without encryption: whoever reads along on the way there has the key.`,
      )
    }
    if (flag(args, 'open')) await openBrowser(root, dash.link)
    process.send?.(dash.link)
    await ended
    await dash.close()
    return STATUS.done
  },
}

/** Ctrl-C; or the end of the swarm that has started us beside it, and holds a channel to us (dash/beside.ts). */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('disconnect', resolve)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
  })
}

/**
 * By a file that leads there: what a program is started with, every process of the machine can read. A browser that does
 * not start is no failure: the link is on the screen.
 */
function openBrowser(root: string, link: string): Promise<void> {
  const file = path.join(proofFolder(root), 'page', 'open.html')
  makeFolder(path.dirname(file), 0o700)
  rmSync(file, { force: true })
  createFile(file, `<!doctype html><meta http-equiv="refresh" content="0;url=${link}">`, 0o600)
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open'
  const child = spawn(program, [file], { stdio: 'ignore', detached: true })
  child.unref()
  return new Promise((resolve) => {
    child.once('spawn', resolve)
    child.once('error', () => {
      console.error(`oompa: ${program} is not there; open the link yourself.`)
      resolve()
    })
  })
}
