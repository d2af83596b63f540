// Whether this machine can run a swarm: git, Node, the system.

import { git } from '../../git/run-git.js'
import { type Finding, failed } from './contract.js'

/** `merge-tree --write-tree`, by which changes land, is there from this version on. */
const GIT = [2, 38] as const
const NODE = [20, 19] as const

export async function machineFindings(): Promise<Finding[]> {
  return [await gitFinding(), nodeFinding(process.versions.node), ...systemFindings(process.platform)]
}

async function gitFinding(): Promise<Finding> {
  try {
    const { stdout } = await git(process.cwd(), ['--version'])
    return judgeGit(stdout)
  } catch (error) {
    return failed('git', error)
  }
}

/** Judges what `git --version` prints. Pure. */
export function judgeGit(printed: string): Finding {
  const version = /\d+\.\d+(\.\d+)?/.exec(printed)?.[0] ?? printed.trim()
  if (isAtLeast(version, GIT)) return { check: 'git', ok: true, text: version }
  return {
    check: 'git',
    ok: false,
    text: `${version} is too old: ${GIT.join('.')} or newer is needed.`,
    mend: 'Install a newer git: https://git-scm.com/downloads',
  }
}

export function nodeFinding(version: string): Finding {
  if (isAtLeast(version, NODE)) return { check: 'Node', ok: true, text: version }
  return {
    check: 'Node',
    ok: false,
    text: `${version} is too old: ${NODE.join('.')} or newer is needed.`,
    mend: 'Install a newer Node: https://nodejs.org',
  }
}

export function systemFindings(platform: NodeJS.Platform): Finding[] {
  if (platform === 'linux' || platform === 'darwin') return []
  return [
    {
      check: 'system',
      ok: false,
      text: `${platform} is not supported: agents could not be ended with all that they started.`,
      ...(platform === 'win32' ? { mend: 'Use WSL: wsl --install' } : {}),
    },
  ]
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number)
  return a > major || (a === major && b >= minor)
}
