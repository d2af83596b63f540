// Whether an owner lives: one rule for locks, claims, swarms and half-made things.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { describe, expect, test } from 'vitest'
import { spaceOf } from '../../src/processes/identity.js'
import {
  isDead,
  isSilent,
  type Machine,
  type Owner,
  ownerOf,
  parseOwner,
  thisOwner,
} from '../../src/processes/owner.js'

const NOW = Date.UTC(2026, 0, 2)
const MINUTE = 60_000

/** A machine on which one process runs. */
const machine: Machine = {
  host: 'desk',
  space: 'aaaaaaaa',
  bootedMs: () => NOW - 60 * MINUTE,
  isAlive: (pid, start) => pid === 7 && start === 'aaaaaaaa.70',
  now: () => NOW,
}

const owner = (start: string, host = 'desk'): Owner => ({ pid: 7, start, host })
const dead = (who: Owner, minutesAgo: number) =>
  isDead(who, { lastMs: NOW - minutesAgo * MINUTE, leaseMs: 2 * MINUTE }, machine)

describe('whether an owner is dead', () => {
  test('is decided by its process where that can be seen, whatever the host is called and however long it is silent', () => {
    for (const host of ['desk', 'earlier-name']) {
      expect(dead(owner('aaaaaaaa.70', host), 10_000)).toBe(false)
      expect(dead(owner('aaaaaaaa.69', host), 0)).toBe(true)
      expect(dead({ ...owner('aaaaaaaa.70', host), pid: 8 }, 0)).toBe(true)
    }
  })

  test('is decided by its sign of life on another machine and in another container, whose pids mean nothing here', () => {
    for (const host of ['desk', 'elsewhere']) {
      expect(dead(owner('bbbbbbbb.70', host), 1)).toBe(false)
      expect(dead(owner('bbbbbbbb.70', host), 3)).toBe(true)
    }
  })

  test('is certain at once of what was before this machine was started again', () => {
    const sign = { lastMs: NOW - 61 * MINUTE, leaseMs: 600 * MINUTE }
    expect(isDead(owner('bbbbbbbb.70', 'desk'), sign, machine)).toBe(true)
    expect(isDead(owner('bbbbbbbb.70', 'elsewhere'), sign, machine)).toBe(false)
  })

  test('is decided by the host in records of earlier versions that say no space', () => {
    expect(dead(owner('gone'), 0)).toBe(true)
    expect(dead(owner('gone', 'elsewhere'), 1)).toBe(false)
  })

  test('believes no sign of life from a future that a wrong clock wrote', () => {
    expect(dead(owner('bbbbbbbb.70'), -600)).toBe(true)
    expect(isSilent({ lastMs: NOW + 600 * MINUTE, leaseMs: MINUTE }, machine)).toBe(true)
  })
})

describe('a record of an owner', () => {
  test('is read as this version and as earlier ones wrote it, and nothing else is', () => {
    expect(parseOwner({ pid: 1, start: 'a.1', host: 'h', more: true })).toEqual({ pid: 1, start: 'a.1', host: 'h' })
    expect(parseOwner({ pid: 1, processStart: 'a.1' })).toEqual({ pid: 1, start: 'a.1', host: '' })
    for (const other of [null, 'x', [], {}, { pid: '1', start: 'a.1' }, { pid: 1.5, start: 'a' }, { pid: 1 }]) {
      expect(parseOwner(other)).toBeUndefined()
    }
  })

  test('of this process lives, and of one that has ended is dead', async () => {
    const always = { lastMs: Date.now(), leaseMs: MINUTE }
    expect(isDead(thisOwner(), always)).toBe(false)
    expect(thisOwner().host).toBe(hostname())
    const child = spawn('sleep', ['100'])
    const alive = ownerOf(child.pid!)
    expect(isDead(alive, always)).toBe(false)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(isDead(alive, always)).toBe(true)
    expect(isDead(ownerOf(child.pid!), always)).toBe(true)
  })
})

test('pids mean something in one boot of one system, in each container by itself, and a name says nothing of that', () => {
  const first = 'pid:[4026531836]'
  expect(spaceOf('1234abcd-1', first)).toBe('1234abcd')
  const spaces = [spaceOf('1234abcd-1', 'pid:[4026532500]'), spaceOf('1234abcd-1', 'pid:[4026532501]')]
  spaces.push(spaceOf('9876abcd-1', 'pid:[4026532500]'), '1234abcd')
  expect(new Set(spaces).size).toBe(4)
  for (const space of spaces) expect(space).toMatch(/^[0-9a-f]{8}$/)
})
