// A world in motion: its swarms, its processes, its person; what faults act upon.

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Ended, oompa, type Running, start } from '../support/oompa.js'
import { kill } from '../support/processes.js'
import { doFault } from './faults.js'
import { generator, type PlannedFault } from './plan.js'
import { loop, type World } from './world.js'

export interface Scene {
  readonly world: World
  /** The swarm that the faults are for. */
  readonly swarm: Running
  /** Every swarm that was started, the first one first. */
  readonly swarms: readonly Running[]
  startSwarm(): Running
  oompa(args: readonly string[]): Promise<Ended>
  /** SIGKILLs one process of this world whose command line fits. */
  killOne(fits: (line: readonly string[]) => boolean): void
  pick<T>(list: readonly T[]): T
  /** What the person does in the main checkout. */
  person(act: 'commits' | 'amends'): void
  /** Runs git as the person; gives its words if it refuses for longer than a lock is held. */
  tryGit(args: readonly string[]): string | undefined
  /** Files below these folders of the root. */
  oursBelow(folders: readonly string[]): string[]
}

/** Starts the first swarm of a world. */
export function openScene(world: World): Scene {
  const { root } = world.repository
  const random = generator(world.plan.seed * 7919 + 1)
  const swarms: Running[] = []
  const startSwarm = () => {
    const args = ['--workers', String(world.plan.workers), '--iterations', '2', '--agent', 'command:author']
    const running = start(process.execPath, [loop, ...args], { cwd: root, env: world.env, detached: true })
    swarms.push(running)
    return running
  }
  const tryGit = (args: readonly string[]) => {
    for (let turn = 1; ; turn++) {
      const { status, stderr } = spawnSync('git', [...args], { cwd: root, env: world.env, encoding: 'utf8' })
      if (status === 0) return undefined
      if (turn === 50) return stderr.trim()
      // Another git may hold a lock for a moment, as it may for any person.
      spawnSync('sleep', ['0.1'])
    }
  }
  let persons = 0
  const swarm = startSwarm()
  return {
    world,
    swarm,
    swarms,
    startSwarm,
    tryGit,
    oompa: (args) => oompa(args, { cwd: root, env: world.env }),
    killOne(fits) {
      for (const { pid, line } of processesOf(world)) {
        if (!fits(line)) continue
        kill(pid)
        return
      }
    },
    pick: (list) => list[Math.floor(random() * list.length)]!,
    person(act) {
      if (act === 'commits') {
        const file = `person-${++persons}.txt`
        writeFileSync(path.join(root, file), 'by hand\n')
        tryGit(['add', file])
        tryGit(['commit', '-q', '-m', 'The person commits', '--', file])
        return
      }
      const subject = spawnSync('git', ['log', '-1', '--format=%s'], {
        cwd: root,
        env: world.env,
        encoding: 'utf8',
      }).stdout
      if (subject.trim() === 'The person commits')
        tryGit(['commit', '-q', '--amend', '--only', '-m', 'The person commits, in better words'])
    },
    oursBelow(folders) {
      return folders.flatMap((folder) => {
        try {
          return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
            path.join(root, folder, name),
          )
        } catch {
          return []
        }
      })
    },
  }
}

/**
 * Waits for a fault's moment and does it.
 * @returns whether the moment came before the swarm's end, and what heals it
 */
export async function playFault(
  scene: Scene,
  fault: PlannedFault,
): Promise<{ played: boolean; heal?: () => void | Promise<void> }> {
  let over = false
  void scene.swarm.ended.then(() => {
    over = true
  })
  for (; eventsOf(scene.world, fault.after) < fault.nth; await sleep(15)) {
    if (over) return { played: false }
  }
  await sleep(fault.delayMs)
  if (over) return { played: false }
  const heal = await doFault(fault.name, scene)
  return { played: true, heal: heal ?? undefined }
}

function eventsOf(world: World, type: string): number {
  const runs = path.join(world.repository.root, '.oompa/runs')
  try {
    return readdirSync(runs)
      .map((swarm) => readFileSync(path.join(runs, swarm, 'events.jsonl'), 'utf8').split(`"type":"${type}"`).length - 1)
      .reduce((sum, one) => sum + one, 0)
  } catch {
    return 0
  }
}

/** Living processes that were started with the world's home, with what they were called with. */
export function processesOf(world: World): { pid: number; line: string[] }[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return []
    try {
      if (!readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(`HOME=${world.repository.home}`))
        return []
      return [{ pid: Number(name), line: readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').filter(Boolean) }]
    } catch {
      return []
    }
  })
}
