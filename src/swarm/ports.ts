// Gives each worker a block of ports of its own, so that two test servers never meet.

import { createServer } from 'node:net'
import type { Settings } from '../config/contract.js'
import { OompaError } from '../errors.js'

/**
 * The first ports of `count` blocks, none of whose ports anybody listens on.
 * @throws OompaError `no-ports` where there are not so many
 */
export async function portBlocks(
  count: number,
  ports: Settings['ports'],
  taken: ReadonlySet<number> = new Set(),
): Promise<number[]> {
  const bases: number[] = []
  for (let base = ports.from; bases.length < count; base += ports.block) {
    if (base + ports.block > 65_536) {
      throw new OompaError({
        code: 'no-ports',
        message: `Found ${bases.length} of ${count} free blocks of ${ports.block} ports from ${ports.from} on.`,
        mend: 'Set "ports": {"from": …, "block": …} in oompa.json.',
      })
    }
    if (taken.has(base)) continue
    if (await blockIsFree(base, ports.block)) bases.push(base)
  }
  return bases
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
