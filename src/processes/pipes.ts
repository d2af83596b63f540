// Standard input, output and error that a process can open by name. Node gives its children sockets, and on Linux
// `/dev/stdin`, `/dev/stdout` and `/dev/stderr` of a socket cannot be opened (ENXIO): a script with
// `echo … > /dev/stderr` works in a shell's loop, so it has to work in ours.

import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, constants, openSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createFile } from '../files/create.js'

export interface Pipes {
  /** For the child: its standard input (Node's own pipe where what is read comes later), output and error. */
  readonly child: readonly [number | 'pipe', number, number]
  readonly stdout: net.Socket
  readonly stderr: net.Socket
  /** Closes our copies of the child's ends, once it has its own; else the end of its output would never come. */
  started(): void
}

/** A named pipe without its name any more: both ends, open. */
interface Fifo {
  readonly reader: number
  readonly writer: number
}

/** So many are made by one `mkfifo`, which takes 2 ms: enough for twelve runs, and while they run for the next. */
const AT_ONCE = 24

const spare: Fifo[] = []
let making: Promise<boolean> | undefined

/**
 * Input from a file (a named pipe whose writer has gone cannot be opened a second time: it waits for another), output
 * by named pipes, and nothing of it left in the file system.
 * @param input undefined for one that is written while the process runs: then it is Node's own pipe.
 * @returns undefined where that cannot be had (no `mkfifo`, a full disk), and Node's own pipes will do.
 */
export async function openPipes(input: string | Uint8Array | undefined): Promise<Pipes | undefined> {
  if (process.platform !== 'linux') return undefined
  while (spare.length < 2) if (!(await more())) return undefined
  return taken(input)
}

/** The same before it returns, for zx, which has to have its process at once. */
export function openPipesNow(input: string | Uint8Array | undefined): Pipes | undefined {
  if (process.platform !== 'linux') return undefined
  if (spare.length < 2 && !makeNow()) return undefined
  return taken(input)
}

function taken(input: string | Uint8Array | undefined): Pipes | undefined {
  const stdin = input === undefined ? 'pipe' : inputFile(input)
  if (stdin === undefined) return undefined
  const [out, err] = [spare.pop()!, spare.pop()!]
  if (spare.length < 2) void more()
  return {
    child: [stdin, out.writer, err.writer],
    stdout: new net.Socket({ fd: out.reader, readable: true, writable: false }),
    stderr: new net.Socket({ fd: err.reader, readable: true, writable: false }),
    started: () => {
      for (const fd of [stdin, out.writer, err.writer]) if (typeof fd === 'number') closeSync(fd)
    },
  }
}

/** A descriptor from which exactly this can be read. */
function inputFile(input: string | Uint8Array): number | undefined {
  const file = newName()
  try {
    // Never a file that is there, such as somebody's link to another.
    createFile(file, input, 0o600)
    return openSync(file, constants.O_RDONLY)
  } catch {
    return undefined
  } finally {
    rmSync(file, { force: true })
  }
}

/** A name that nobody has. A folder of our own (`mkdtemp`) takes 1 ms more. */
function newName(): string {
  return path.join(tmpdir(), `oompa-io-${randomBytes(12).toString('hex')}`)
}

/** Makes further pipes; one call at a time. */
function more(): Promise<boolean> {
  making ??= makeLater().finally(() => {
    making = undefined
  })
  return making
}

async function makeLater(): Promise<boolean> {
  const files = newNames()
  return openFifos(files, await mkfifo(files))
}

function makeNow(): boolean {
  const files = newNames()
  return openFifos(files, spawnSync('mkfifo', mkfifoArgs(files), { stdio: 'ignore' }).status === 0)
}

function newNames(): string[] {
  return Array.from({ length: AT_ONCE }, newName)
}

/** Opens pipes that have been made, and takes their names away. */
function openFifos(files: readonly string[], made: boolean): boolean {
  const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants
  try {
    if (!made) return false
    // The reader first: a writer's opening waits for one.
    for (const file of files) {
      spare.push({ reader: openSync(file, O_RDONLY | O_NONBLOCK), writer: openSync(file, O_WRONLY) })
    }
    return true
  } catch {
    return false
  } finally {
    for (const file of files) rmSync(file, { force: true })
  }
}

const mkfifoArgs = (files: readonly string[]) => ['-m', '600', '--', ...files]

function mkfifo(files: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('mkfifo', mkfifoArgs(files), { stdio: 'ignore' })
    child.on('error', () => resolve(false))
    child.on('exit', (status) => resolve(status === 0))
  })
}
