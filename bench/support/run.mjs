// Runs a command and measures it: wall-clock, CPU of the whole tree, the most memory that our own process had.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { env } from './repository.mjs'

/**
 * @param command argv; run below bash, whose `time` counts all that has been waited for
 * @returns `{ wallMs, cpuMs, memoryMb }`; memory is that of the command's first process
 */
export function measured(command, { cwd, ...more }) {
  return new Promise((resolve, reject) => {
    const began = performance.now()
    const script = 'TIMEFORMAT="%U %S"; time "$@"; exit'
    const child = spawn('bash', ['-c', script, 'bash', ...command], {
      cwd,
      env: { ...env, ...more.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    let memoryMb = 0
    const look = setInterval(() => {
      memoryMb = Math.max(memoryMb, peakMb(child.pid))
    }, 20)
    child.stderr.on('data', (text) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (status) => {
      clearInterval(look)
      const wallMs = performance.now() - began
      const [user, system] = stderr.trim().split('\n').at(-1).split(' ').map(Number)
      if (status !== 0) reject(new Error(`${command.join(' ')} ended with ${status}: ${stderr}`))
      else resolve({ wallMs, cpuMs: (user + system) * 1000, memoryMb })
    })
  })
}

/** The most that the only child of a process has had in memory so far; 0 where the system does not say. */
function peakMb(parent) {
  try {
    const pid = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim()
    return Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmHWM:\s+(\d+)/)[1]) / 1024
  } catch {
    return 0
  }
}
