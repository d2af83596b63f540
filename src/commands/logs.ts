// `oompa logs`: what agents printed, of one worker or all, to the end of the swarm if asked.

import { readdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isErrno, OompaError, STATUS, type Status, usageError } from '../errors.js'
import { findRun, type Run, readRun } from '../events/runs.js'
import { readState } from '../events/snapshot.js'
import { lineSplitter, openTail } from '../events/tail.js'
import { nearest } from '../files/nearest.js'
import { runFolder } from '../files/paths.js'
import { findRepository } from '../git/repository.js'
import { escapeText } from '../views/escape.js'
import { readable } from '../views/readable.js'
import type { Command } from './contract.js'
import { flag, number, text } from './parse.js'

/** A look is one listing of a folder and an `fstat` for each worker; nobody sees a shorter delay. */
const POLL_MS = 200

export const command: Command = {
  name: 'logs',
  summary:
    "Print what a worker's agents printed in its latest iteration; all workers, each line with its name, if none is named.",
  positionals: [{ name: 'worker', describe: 'The worker, such as w1' }],
  options: {
    follow: { type: 'boolean', short: 'f', describe: 'Stay, and print what comes until the swarm ends' },
    swarm: { type: 'string', describe: 'The swarm, or the beginning of its id; else the running or the latest one' },
    iteration: { type: 'number', short: 'i', describe: 'Another iteration than the latest' },
    raw: { type: 'boolean', describe: 'The bytes as the agents wrote them: neither made readable nor escaped' },
    json: { type: 'boolean', describe: 'Print JSON: the files, with their workers and iterations' },
  },
  examples: [
    ['oompa logs -f', 'follow all workers'],
    ['oompa logs w1', 'the latest iteration of w1'],
    ['oompa logs w1 --iteration 2 --raw', 'the JSON stream of an earlier one'],
  ],
  async run(args) {
    const { root } = await findRepository()
    const run = findRun(root, text(args, 'swarm'))
    const worker = args.positionals[0]
    if (worker !== undefined) checkWorker(root, run, worker)
    const want = { folder: runFolder(root, run.swarm), worker, iteration: number(args, 'iteration') }
    if (flag(args, 'json')) {
      console.log(JSON.stringify(logFiles(want), null, 2))
      return STATUS.done
    }
    const print = flag(args, 'raw') ? rawPrinter() : linePrinter(worker === undefined)
    return flag(args, 'follow') ? follow(root, run, want, print) : printOnce(run, want, print)
  },
}

interface Wanted {
  readonly folder: string
  readonly worker?: string
  readonly iteration?: number
}

interface LogFile {
  readonly worker: string
  readonly iteration: number
  readonly file: string
}

/** Prints one log; each has its own. */
interface Printer {
  open(file: LogFile): { write(bytes: Buffer): void; end(): void }
}

function checkWorker(root: string, run: Run, worker: string): void {
  const { workers } = readState(root, run)
  if (workers.has(worker)) return
  const near = nearest(worker, workers.keys()) ?? [...workers.keys()][0]
  throw usageError(
    `Swarm ${run.swarm} has no worker \`${escapeText(worker)}\`: it has ${[...workers.keys()].join(', ') || 'none'}.`,
    near && `oompa logs ${near} --swarm ${run.swarm}`,
    'unknown-worker',
  )
}

/** The log of the wanted iteration of each wanted worker, the latest unless one is named; in the order of workers. */
function logFiles({ folder, worker, iteration }: Wanted): LogFile[] {
  const latest = new Map<string, LogFile>()
  for (const name of filesOf(folder)) {
    const [, who = '', which] = /^(.+)-(\d+)\.log$/.exec(name) ?? []
    const file: LogFile = { worker: who, iteration: Number(which), file: path.join(folder, name) }
    if (!who || (worker !== undefined && who !== worker)) continue
    if (iteration !== undefined && file.iteration !== iteration) continue
    if (file.iteration > (latest.get(who)?.iteration ?? 0)) latest.set(who, file)
  }
  return [...latest.values()].sort((a, b) => a.worker.localeCompare(b.worker, 'en', { numeric: true }))
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}

function printOnce(run: Run, want: Wanted, print: Printer): Status {
  const files = logFiles(want)
  if (!files.length) {
    const of = want.iteration === undefined ? '' : `iteration ${want.iteration} of `
    throw new OompaError({
      code: 'no-output',
      message: `There is no output of ${of}${want.worker ?? 'any worker'} in swarm ${run.swarm}.`,
      mend: run.state === 'running' ? `oompa logs -f --swarm ${run.swarm}` : `oompa view ${run.swarm}`,
      status: STATUS.nothing,
    })
  }
  for (const file of files) {
    const reader = openReader(file, print)
    reader.drain()
    reader.end()
  }
  return STATUS.done
}

async function follow(root: string, run: Run, want: Wanted, print: Printer): Promise<Status> {
  const open = new Map<string, { file: LogFile; drain(): void; end(): void }>()
  for (;;) {
    // Asked before reading, so that what was written before the end is not missed.
    const running = readRun(root, run.swarm)?.state === 'running'
    for (const file of logFiles(want)) {
      const known = open.get(file.worker)
      if (known?.file.iteration === file.iteration) continue
      known?.drain()
      known?.end()
      open.set(file.worker, { file, ...openReader(file, print) })
    }
    for (const reader of open.values()) reader.drain()
    if (!running) break
    await sleep(POLL_MS)
  }
  for (const reader of open.values()) reader.end()
  return STATUS.done
}

function openReader(file: LogFile, print: Printer): { drain(): void; end(): void } {
  const tail = openTail(file.file)
  const out = print.open(file)
  return {
    drain() {
      for (let bytes = tail.read(); bytes.length > 0; bytes = tail.read()) out.write(bytes)
    },
    end() {
      tail.close()
      out.end()
    },
  }
}

function rawPrinter(): Printer {
  return { open: () => ({ write: (bytes) => void process.stdout.write(bytes), end() {} }) }
}

function linePrinter(named: boolean): Printer {
  return {
    open({ worker }) {
      const splitter = lineSplitter()
      const reader = readable()
      const print = (lines: readonly string[]) => {
        for (const line of lines) console.log(named ? `[${worker}] ${escapeText(line)}` : escapeText(line))
      }
      return {
        write(bytes) {
          for (const line of splitter.take(bytes)) print(reader.take(line.replace(/\r$/, '')))
        },
        end() {
          const rest = splitter.rest()
          if (rest) print(reader.take(rest))
          print(reader.flush())
        },
      }
    },
  }
}
