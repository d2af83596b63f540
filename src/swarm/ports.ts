// Gives each worker a block of ports of its own, so that two test servers never meet.

import { createServer } from 'node:net'
import type { Settings } from '../config/contract.js'
import { OompaError } from '../errors.js'

/** How far apart the blocks are that one worker may get: so many workers have none in common. */
const STRIDE = 512

/**
 * The first port of a block for each worker, none of whose ports anybody listens on. Which block depends on the worker's
 * number, so that two swarms of one repository, which have no number in common, have no port in common either.
 * @param names `w1`, `w2`, …
 * @throws OompaError `no-ports` where there are not so many
 */
export async function portBlocks(names: readonly string[], ports: Settings['ports']): Promise<number[]> {
  const taken = new Set<number>()
  const bases: number[] = []
  for (const name of names) {
    const base = await freeBlock(candidates(Number(name.slice(1)) || 1, ports), ports.block, taken)
    if (base === undefined) {
      throw new OompaError({
        code: 'no-ports',
        message: `Found ${bases.length} of ${names.length} free blocks of ${ports.block} ports from ${ports.from} on.`,
        mend: 'Set "ports": {"from": …, "block": …} in oompa.json.',
      })
    }
    taken.add(base)
    bases.push(base)
  }
  return bases
}

/** A worker's own blocks, then every other from the end on. Pure. */
function* candidates(number: number, { from, block }: Settings['ports']): Generator<number> {
  const most = Math.floor((65_536 - from) / block)
  for (let index = number - 1; index < most; index += STRIDE) yield from + index * block
  for (let index = most - 1; index >= 0; index--) yield from + index * block
}

async function freeBlock(
  bases: Iterable<number>,
  size: number,
  taken: ReadonlySet<number>,
): Promise<number | undefined> {
  for (const base of bases) if (!taken.has(base) && (await blockIsFree(base, size))) return base
  return undefined
}

async function blockIsFree(base: number, size: number): Promise<boolean> {
  const probes = await Promise.all(Array.from({ length: size }, (_, offset) => portIsFree(base + offset)))
  return probes.every(Boolean)
}

function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}
