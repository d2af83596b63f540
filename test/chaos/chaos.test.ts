// Real swarms at level 3 with faults, alone and in pairs. Here a few seeds; `npm run chaos` plays 300, and
// `OOMPA_CHAOS_SEEDS=17 npm run chaos` (or `1-40`) plays those again.

import { describe, expect, test } from 'vitest'
import { diskFaults, faultNames } from './faults.js'
import { describePlan, planOf } from './plan.js'
import { play } from './play.js'
import { canSpoilDisks } from './world.js'

const disks = canSpoilDisks()
if (!disks) console.log('skipped: faults of disks, which need a mount and chattr +i')

/** In `npm test`: pairs that were chosen for what they have in common. */
const FEW = [1, 6, 22, 28]

describe('whatever goes wrong, nothing is lost and nothing is left', () => {
  for (const seed of seeds(process.env.OOMPA_CHAOS_SEEDS)) {
    const plan = planOf(seed)
    const isPossible = disks || !plan.faults.some(({ name }) => diskFaults.includes(name))
    test.runIf(isPossible)(describePlan(plan), { timeout: 900_000 }, async () => {
      const { broken, output } = await play(plan)
      expect(broken, output).toEqual([])
    })
  }
})

test('each fault is played alone by one of the first seeds', () => {
  const alone = faultNames.map((_, index) => planOf(index + 1).faults.map(({ name }) => name))
  expect(alone).toEqual(faultNames.map((name) => [name]))
})

test('the same seed is the same plan', () => {
  expect(planOf(123)).toEqual(planOf(123))
  expect(describePlan(planOf(123))).not.toBe(describePlan(planOf(124)))
})

function seeds(asked: string | undefined): number[] {
  if (!asked) return FEW
  return asked.split(',').flatMap((part) => {
    const [from, to = from] = part.split('-').map(Number)
    return Array.from({ length: to! - from! + 1 }, (_, index) => from! + index)
  })
}
