// `oompa logs`: what agents printed, of one worker or all, to the end of the swarm if asked.

import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, flag, number, text } from '../cli/contract.js'
import { isErrno, OompaError, STATUS, type Status, usageError } from '../errors.js'
import { findRun, loopIn, type Run, readRun } from '../events/runs.js'
import { readState } from '../events/swarm-now.js'
import { lineSplitter, openTail } from '../events/tail.js'
import { nearest } from '../files/nearest.js'
import { olderOutput, runFolder } from '../files/paths.js'
import { findRepository } from '../git/repository.js'
import { escapeText } from '../views/escape.js'
import { openPipe, type Pipe } from '../views/pipe.js'
import { readable } from '../views/readable.js'
import { namedLoop } from '../worktrees/named.js'

/** A look is one listing of a folder and an `fstat` for each worker; nobody sees a shorter delay. */
const POLL_MS = 200

export const command: Command = {
  summary:
    "Print what a worker's agents printed in its latest iteration; all workers, each line with its name, if none is named.",
  positionals: [{ name: 'worker', describe: 'The worker, such as w1', names: 'worker' }],
  options: {
    follow: { type: 'boolean', short: 'f', describe: 'Stay, and print what comes until the swarm ends' },
    swarm: {
      type: 'string',
      describe: 'The swarm, or the beginning of its id; else the loop of this worktree, the running or the latest one',
      names: 'swarm',
    },
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
    const { root, here } = await findRepository()
    const run = await meant(root, here, text(args, 'swarm'))
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

/** In a named worktree its own loop; elsewhere the swarm that runs, or the latest. */
async function meant(root: string, here: string, swarm: string | undefined): Promise<Run> {
  const named = swarm === undefined && here !== root ? await namedLoop(root, here) : undefined
  return (named && loopIn(root, named.name)) ?? findRun(root, swarm)
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

/** Makes of pieces of one worker's log what is printed of them; each log has its own. */
type Printer = (worker: string) => { take(bytes: Buffer): string | Buffer; end(): string }

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

async function printOnce(run: Run, want: Wanted, print: Printer): Promise<Status> {
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
  const pipe = openPipe()
  for (const file of files) {
    const reader = openReader(file, print, pipe)
    const taken = (await reader.drain()) && (await reader.end())
    if (!taken) break
  }
  return STATUS.done
}

async function follow(root: string, run: Run, want: Wanted, print: Printer): Promise<Status> {
  const open = new Map<string, Reader & { readonly file: LogFile }>()
  const pipe = openPipe()
  for (;;) {
    // Asked before reading, so that what was written before the end is not missed.
    const running = readRun(root, run.swarm)?.state === 'running'
    for (const file of logFiles(want)) {
      const known = open.get(file.worker)
      if (known?.file.iteration === file.iteration) continue
      if (known && !((await known.drain()) && (await known.end()))) return STATUS.done
      open.set(file.worker, { file, ...openReader(file, print, pipe) })
    }
    for (const reader of open.values()) if (!(await reader.drain())) return STATUS.done
    if (!running) break
    await sleep(POLL_MS)
  }
  for (const reader of open.values()) if (!(await reader.end())) break
  return STATUS.done
}

/** Both give false once nobody reads any more. */
interface Reader {
  drain(): Promise<boolean>
  end(): Promise<boolean>
}

/** Prints a log from its beginning: what was put aside when it became too long comes first. */
function openReader({ worker, file }: LogFile, print: Printer, pipe: Pipe): Reader {
  const out = print(worker)
  const older = olderOutput(file)
  let tail = openTail(existsSync(older) ? older : file)
  let reading = existsSync(older) ? older : file
  let inode: number | undefined
  const readAll = async (): Promise<boolean> => {
    for (let bytes = tail.read(); bytes.length > 0; bytes = tail.read()) {
      if (!(await pipe.write(out.take(bytes)))) return false
    }
    return true
  }
  return {
    async drain() {
      for (;;) {
        const now = inodeOf(file)
        if (reading === file) inode ??= now
        if (!(await readAll())) return false
        // The file of this name is another one by now: what we have open was put aside.
        const moved = reading === older || (now !== undefined && now !== inode)
        if (!moved) return true
        tail.close()
        tail = openTail(file)
        reading = file
        inode = now
      }
    },
    async end() {
      tail.close()
      return pipe.write(out.end())
    },
  }
}

function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino
}

function rawPrinter(): Printer {
  return () => ({ take: (bytes) => bytes, end: () => '' })
}

/** A line of megabytes is looked through in parts: each of its characters may become four. */
const PART = 64 * 1024

function harmless(line: string): string {
  if (line.length <= PART) return escapeText(line)
  const parts: string[] = []
  for (let at = 0; at < line.length; at += PART) parts.push(escapeText(line.slice(at, at + PART)))
  return parts.join('')
}

function linePrinter(named: boolean): Printer {
  return (worker) => {
    const splitter = lineSplitter()
    const reader = readable()
    const shown = (lines: readonly string[]) =>
      lines.map((line) => `${named ? `[${worker}] ` : ''}${harmless(line)}\n`).join('')
    return {
      take: (bytes) =>
        splitter
          .take(bytes)
          .map((line) => shown(reader.take(line.replace(/\r$/, ''))))
          .join(''),
      end() {
        const rest = splitter.rest()
        return shown([...(rest ? reader.take(rest) : []), ...reader.flush()])
      },
    }
  }
}
