// Standard input, output and error that a process can open by name. Node gives its children sockets, and on Linux
// `/dev/stdin`, `/dev/stdout` and `/dev/stderr` of a socket cannot be opened (ENXIO): a script with
// `echo … > /dev/stderr` works in a shell's loop, so it has to work in ours.

import { spawn } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

export interface Pipes {
  /** Descriptors for the child: its standard input, output and error. */
  readonly child: readonly [number, number, number]
  readonly stdout: net.Socket
  readonly stderr: net.Socket
  /** Closes our copies of the child's ends, once it has its own; else the end of its output would never come. */
  started(): void
}

/**
 * Input from a file (a named pipe whose writer has gone cannot be opened a second time: it waits for another), output
 * by named pipes, and nothing of it left in the file system.
 * @returns undefined where that cannot be had (no `mkfifo`, a full disk), and Node's own pipes will do.
 */
export async function openPipes(input: string | Uint8Array): Promise<Pipes | undefined> {
  if (process.platform !== 'linux') return undefined
  const open: number[] = []
  let folder: string | undefined
  try {
    const place = mkdtempSync(path.join(tmpdir(), 'oompa-io-'))
    folder = place
    const take = (name: string, flags: number): number => {
      const fd = openSync(path.join(place, name), flags, 0o600)
      open.push(fd)
      return fd
    }
    const { O_CREAT, O_EXCL, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants
    const made = mkfifo([path.join(place, 'out'), path.join(place, 'err')])
    const writer = take('in', O_WRONLY | O_CREAT | O_EXCL)
    writeAll(writer, input)
    const stdin = take('in', O_RDONLY)
    if (!(await made)) throw new Error('no mkfifo')
    // The reader first: a writer's opening waits for one.
    const [readOut, stdout] = [take('out', O_RDONLY | O_NONBLOCK), take('out', O_WRONLY)]
    const [readErr, stderr] = [take('err', O_RDONLY | O_NONBLOCK), take('err', O_WRONLY)]
    return {
      child: [stdin, stdout, stderr],
      stdout: new net.Socket({ fd: readOut, readable: true, writable: false }),
      stderr: new net.Socket({ fd: readErr, readable: true, writable: false }),
      started: () => {
        for (const fd of [writer, stdin, stdout, stderr]) closeSync(fd)
      },
    }
  } catch {
    for (const fd of open) closeSync(fd)
    return undefined
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  }
}

function writeAll(fd: number, input: string | Uint8Array): void {
  const bytes = Buffer.from(input)
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
}

function mkfifo(files: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('mkfifo', ['-m', '600', '--', ...files], { stdio: 'ignore' })
    child.on('error', () => resolve(false))
    child.on('exit', (status) => resolve(status === 0))
  })
}
