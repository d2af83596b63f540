// Plays one plan: a swarm, its faults, then runs without faults until everything has settled, then the invariants.

import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ended, Running } from '../support/oompa.js'
import { kill } from '../support/processes.js'
import { brokenInvariants, placesOf } from './invariants.js'
import { describePlan, type Plan } from './plan.js'
import { openScene, playFault, processesOf, type Scene } from './scene.js'
import { makeWorld, type World } from './world.js'

export interface Played {
  /** Broken invariants, in words; empty if all hold. */
  readonly broken: readonly string[]
  /** How many of the faults had their moment. */
  readonly played: number
  /** What was printed by all runs, for who looks for the cause. */
  readonly output: string
}

/** A swarm of a few tasks ends within this time on the slowest machine, faults and all. */
const LIMIT_MS = 600_000

/** More runs than this without a fault, and something is wedged. */
const SETTLING_RUNS = 6

export async function play(plan: Plan): Promise<Played> {
  const world = makeWorld(plan)
  const said: string[] = [describePlan(plan)]
  const broken: string[] = []
  try {
    const scene = openScene(world)
    const faults = await Promise.all(plan.faults.map((fault) => playFault(scene, fault)))
    // Also those that were started meanwhile.
    for (let at = 0; at < scene.swarms.length; at++) said.push(...(await endOf(scene.swarms[at]!, broken)))
    for (const { heal } of faults) {
      try {
        await heal?.()
      } catch (error) {
        broken.push(String(error))
      }
    }
    await settle(scene, said, broken)
    await allGone(world)
    broken.push(...brokenInvariants(world))
    const played = faults.filter((one) => one.played).length
    note({ seed: plan.seed, broken, played, ...(broken.length > 0 ? { output: said.join('\n') } : {}) })
    return { broken, played, output: said.join('\n') }
  } finally {
    for (const { pid } of processesOf(world)) kill(pid)
    if (broken.length === 0 || process.env.OOMPA_CHAOS_KEEP !== '1') world.remove()
    else said.push(`kept: ${world.base}`)
  }
}

/** Goes on as a person would the next morning, with what the last line of each run advises. */
async function settle(scene: Scene, said: string[], broken: string[]): Promise<void> {
  const { world } = scene
  const isDone = () => [...placesOf(world).values()].every((places) => places.join() === 'complete')
  const say = (what: string, { status, stdout, stderr }: Ended) =>
    said.push(`$ ${what} (${status})\n${stdout}${stderr}`)
  if (world.plan.seed % 2 === 1) say('oompa resume', await scene.oompa(['resume']))
  for (let turn = 0; turn < SETTLING_RUNS && !isDone(); turn++) {
    if ([...placesOf(world).values()].some((places) => places.includes('current'))) {
      say('oompa requeue', await scene.oompa(['requeue']))
    }
    said.push(...(await endOf(scene.startSwarm(), broken)))
  }
  say('oompa cleanup', await scene.oompa(['cleanup']))
}

async function endOf(running: Running, broken: string[]): Promise<string[]> {
  const timer = new AbortController()
  const late = sleep(LIMIT_MS, undefined, { signal: timer.signal }).catch(() => undefined)
  const ended = await Promise.race([running.ended, late])
  timer.abort()
  if (ended) return [`$ oompa run (${ended.status ?? ended.signal})\n${ended.stdout}${ended.stderr}`]
  broken.push(`a swarm did not end within ${LIMIT_MS / 1000} s`)
  running.child.kill('SIGKILL')
  const { stdout, stderr } = await running.ended
  return [`$ oompa run (killed by the test)\n${stdout}${stderr}`]
}

/** What a killed swarm leaves is ended by its watchdog; it has some seconds. */
async function allGone(world: World): Promise<void> {
  for (let turn = 0; turn < 100 && processesOf(world).length > 0; turn++) await sleep(100)
}

/** One line for each seed, where a long run is asked to write them down. */
function note(result: object): void {
  const file = process.env.OOMPA_CHAOS_LOG
  if (file) appendFileSync(file, `${JSON.stringify(result)}\n`)
}
