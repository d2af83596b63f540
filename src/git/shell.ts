// Starts git from shells that stay. To start a process, Node copies the page tables of its own: 5 ms with 100 MB in
// memory, in which nothing else goes on. A small shell does it in one, and we only write it a line.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { toBytes } from '../files/bytes.js'
import { UNINTERRUPTED } from './environment.js'

export interface ShellRequest {
  readonly cwd: string
  readonly args: readonly string[]
  /** Added to the shell's own environment. */
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string | Uint8Array
}

export interface ShellAnswer {
  readonly status: number
  readonly stdout: Buffer
  readonly stderr: string
}

/** More at once than this, and the others are started directly. */
const MOST_SHELLS = 8

/** What `cd` and `exec` that failed end with: whoever starts git directly gets the reason. */
const NOT_STARTED = new Set([126, 127])

interface Shell {
  readonly child: ChildProcess
  readonly environment: string
  /** Undefined while it has nothing to do. */
  current?: {
    readonly end: string
    readonly out: Buffer[]
    err: string
    status?: number
    readonly settle: (answer: ShellAnswer) => void
  }
}

let shells: Shell[] = []

/**
 * Runs git from a shell that has nothing else to do. If the shell is killed the status is 129, and what git did unknown.
 * @returns undefined if there is none, or its script cannot hold the input: nothing has been done then
 */
export function gitByShell(request: ShellRequest, environment: NodeJS.ProcessEnv): Promise<ShellAnswer> | undefined {
  if (!fits(request.input)) return undefined
  const key = JSON.stringify(environment)
  let shell = shells.find((one) => one.environment === key && !one.current)
  if (!shell) {
    // An idle one with another environment is of no use to anybody any more.
    for (const one of shells) if (!one.current && one.environment !== key) one.child.stdin?.end()
    shells = shells.filter((one) => one.current || one.environment === key)
    if (shells.length >= MOST_SHELLS) return undefined
    shell = open(key, environment)
    shells.push(shell)
  }
  return ask(shell, request)
}

/** What can stand in a shell's script: whole lines of text. */
function fits(input: ShellRequest['input']): boolean {
  return input === undefined || (typeof input === 'string' && !input.includes('\0') && /^$|\n$/.test(input))
}

function open(environment: string, env: NodeJS.ProcessEnv): Shell {
  const child = spawn('/bin/sh', [], { env, cwd: '/', stdio: ['pipe', 'pipe', 'pipe'], detached: UNINTERRUPTED })
  const shell: Shell = { child, environment }
  const ended = (status: number) => {
    shells = shells.filter((one) => one !== shell)
    shell.current?.settle({ status, stdout: Buffer.alloc(0), stderr: 'the shell that ran it was ended' })
  }
  child.on('error', () => ended(127))
  child.on('close', () => ended(129))
  child.stdin.on('error', () => {})
  child.stdout.on('data', (chunk: Buffer) => {
    const { current } = shell
    if (!current) return
    current.out.push(chunk)
    look(shell)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const { current } = shell
    if (!current) return
    current.err += text
    look(shell)
  })
  return shell
}

/** Both streams end with a word that nobody else can know; standard output's says the status as well. */
function look(shell: Shell): void {
  const { current } = shell
  if (!current) return
  const { end, out } = current
  if (current.status === undefined) {
    const last = out.length > 1 && out.at(-1)!.length < 100 ? Buffer.concat(out.splice(-2)) : out.pop()
    if (!last) return
    const at = last.lastIndexOf(`${end} `)
    const status = at < 0 ? undefined : /^(\d+)\n$/.exec(last.toString('latin1', at + end.length + 1))?.[1]
    out.push(status === undefined ? last : last.subarray(0, at))
    if (status === undefined) return
    current.status = Number(status)
  }
  if (!current.err.endsWith(`${end}\n`)) return
  const stderr = current.err.slice(0, -end.length - 1)
  current.settle({ status: current.status, stdout: Buffer.concat(out), stderr })
}

async function ask(shell: Shell, request: ShellRequest): Promise<ShellAnswer> {
  const end = randomBytes(16).toString('hex')
  const answer = await new Promise<ShellAnswer>((settle) => {
    shell.current = { end, out: [], err: '', settle }
    keepAlive(shell, true)
    shell.child.stdin?.write(toBytes(script(request, end)))
  })
  shell.current = undefined
  keepAlive(shell, false)
  return answer
}

/** Whether git was not even started: the caller starts it directly, and learns why. */
export function wasStarted(answer: ShellAnswer): boolean {
  return !NOT_STARTED.has(answer.status)
}

function script({ cwd, args, env = {}, input }: ShellRequest, end: string): string {
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value ?? '')}; `)
  const from = input ? `<<'${end}'\n${input}${end}\n` : '</dev/null\n'
  const run = `( cd ${quote(cwd)} || exit 126; ${exports.join('')}exec git ${args.map(quote).join(' ')} ) ${from}`
  return `${run}printf '%s %s\\n' ${end} $?; printf '%s\\n' ${end} >&2\n`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** Only an answer that somebody waits for may hold the process back from its end. */
function keepAlive({ child }: Shell, yes: boolean): void {
  const handles = [child, child.stdin, child.stdout, child.stderr] as { ref?(): void; unref?(): void }[]
  for (const handle of handles) yes ? handle.ref?.() : handle.unref?.()
}
