// Claim records in `.oompa/claims/`: whose a claim is. What is claimed is decided by the task's file alone.

import { linkSync, lutimesSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { peekSettings } from '../config/peek.js'
import { isErrno } from '../errors.js'
import { createFile } from '../files/create.js'
import { checkOwnFolder, clearPlace, entriesOf, kindOfEntry, readOwn, wrongOnTheWay } from '../files/own.js'
import { stateFolder } from '../files/paths.js'
import { isDead, isSeenFromHere, isSilent, ownerOf, parseOwner, thisMachine, thisOwner } from '../processes/owner.js'
import type { Claimer, ClaimRecord, Records } from './contract.js'

/** How long a claim lives without a process and without a sign of life: 15 min (docs/contract.md, 21). */
export const LEASE_MS = 15 * 60_000

/** After how long a claim by a bare `mv` is listed as stale: 2 h (docs/contract.md, 18). */
const BARE_STALE_MS = 2 * 3_600_000

let made = 0

/** Records of this process's own claims, by file: a file can be removed by somebody who does not mean it. */
const written = new Map<string, ClaimRecord>()

/** Where the claim records of a store are: a folder of its own, unless its path differs from another's by signs alone. */
export function recordsFolder(root: string, folder: string): string {
  const relative = path.relative(root, path.resolve(root, folder))
  return path.join(stateFolder(root), 'claims', relative.replace(/[^A-Za-z0-9_-]+/g, '-') || 'root')
}

/** The records of one store: `folder` is its tasks' folder or file, relative to the root or absolute. */
export function claimRecords(root: string, folder: string): Records {
  const place = recordsFolder(root, folder)
  const file = (key: string) => path.join(place, `${key}.claim`)
  let leaseMs: number | undefined
  const textOf = ({ owner, ...rest }: ClaimRecord) => `${JSON.stringify({ ...rest, ...owner })}\n`
  const draftOf = (record: ClaimRecord): string => {
    const draft = path.join(place, `.${process.pid}-${made++}`)
    createFile(draft, textOf(record))
    return draft
  }
  return {
    folder: place,
    // Only a list of claims needs it.
    get leaseMs() {
      leaseMs ??= peekSettings(root).leaseMs ?? LEASE_MS
      return leaseMs
    },
    read(key) {
      const found = readOwn(file(key))
      if (!found || 'wrong' in found) return undefined
      const record = parseRecord(found.bytes.toString('utf8'))
      return record && { ...record, heartbeatMs: found.stat.mtimeMs }
    },
    write(key, record) {
      checkOwnFolder(root, place)
      if (record.owner?.pid === process.pid) written.set(file(key), record)
      else written.delete(file(key))
      try {
        // Of a new claim nobody looks for the record yet: its file has no visible name.
        createFile(file(key), textOf(record))
      } catch (error) {
        if (!isErrno(error, 'ENOENT', 'EEXIST')) throw error
        if (isErrno(error, 'ENOENT')) makeStateFolder(root, place)
        // Renamed into place, so that nobody ever reads half a record.
        const draft = draftOf(record)
        clearPlace(file(key))
        renameSync(draft, file(key))
      }
    },
    own: (key) => written.get(file(key)),
    restore(key, record) {
      checkOwnFolder(root, place)
      makeStateFolder(root, place)
      const draft = draftOf(record)
      try {
        linkSync(draft, file(key))
      } catch (error) {
        if (!isErrno(error, 'EEXIST')) throw error
      } finally {
        rmSync(draft, { force: true })
      }
    },
    renew(key, fence) {
      if (this.read(key)?.fence !== fence) return
      const now = new Date()
      try {
        lutimesSync(file(key), now, now)
      } catch (error) {
        if (!isErrno(error, 'ENOENT')) throw error
      }
    },
    remove(key) {
      written.delete(file(key))
      if (wrongOnTheWay(root, place)) return
      clearPlace(file(key))
      rmSync(file(key), { force: true })
    },
    keys: () =>
      new Set(
        entriesOf(root, place).flatMap(({ name }) => (name.endsWith('.claim') ? name.slice(0, -'.claim'.length) : [])),
      ),
    problems() {
      const wrong = wrongOnTheWay(root, place)
      if (wrong) return [{ path: wrong.path, reason: `${wrong.wrong}, where the folder of claims has to be` }]
      return entriesOf(root, place).flatMap((entry) => {
        if (!entry.name.endsWith('.claim') || entry.name.startsWith('.') || entry.isFile()) return []
        return { path: path.join(place, entry.name), reason: `${kindOfEntry(entry)}, and no record of a claim` }
      })
    },
  }
}

/** Makes a folder below `.oompa/`, which ignores itself even where no swarm has run yet. */
export function makeStateFolder(root: string, folder: string): void {
  const state = stateFolder(root)
  checkOwnFolder(root, folder)
  if (mkdirSync(folder, { recursive: true }) === undefined) return
  try {
    createFile(path.join(state, '.gitignore'), '*\n')
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error
  }
}

function parseRecord(text: string): ClaimRecord | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const { id, worker, swarm, fence, since } = value as Record<string, unknown>
    if (typeof id !== 'string' || typeof worker !== 'string' || typeof fence !== 'string') return undefined
    return {
      id,
      worker,
      fence,
      since: typeof since === 'string' ? since : '',
      swarm: typeof swarm === 'string' ? swarm : undefined,
      owner: parseOwner(value),
    }
  } catch {
    return undefined
  }
}

/** The record of a new claim. */
export function newRecord(id: string, claimer: Claimer, fence: string): ClaimRecord {
  const { worker, swarm, pid } = claimer
  return {
    id,
    worker,
    swarm,
    owner: pid === undefined ? undefined : pid === process.pid ? thisOwner() : ownerOf(pid),
    fence,
    since: new Date().toISOString(),
  }
}

/**
 * Why a claim shows no sign of life, or undefined. A claim with a process that can be seen from here lives and dies with
 * it; any other lives by its lease.
 */
export function staleness(
  record: ClaimRecord & { readonly heartbeatMs: number },
  leaseMs = LEASE_MS,
  now = Date.now(),
): string | undefined {
  const { owner, heartbeatMs } = record
  const sign = { lastMs: heartbeatMs, leaseMs }
  const machine = { ...thisMachine, now: () => now }
  if (owner ? !isDead(owner, sign, machine) : !isSilent(sign, machine)) return undefined
  if (owner && isSeenFromHere(owner)) return `its process ${owner.pid} is gone`
  return `no sign of life for ${Math.floor(Math.abs(now - heartbeatMs) / 60_000)} minutes`
}

/**
 * What is said of a task in current that no record names: somebody has moved it by hand, or the records were removed.
 * It is nobody's, and called stale after 2 hours.
 * @param sinceMs when it came there; undefined if nothing says that
 */
export function bareClaim(sinceMs: number | undefined, now = Date.now()): { bare: string; stale?: string } {
  if (sinceMs === undefined) return { bare: 'it is in current without a claim record' }
  const minutes = Math.max(0, Math.floor((now - sinceMs) / 60_000))
  const long = minutes < 120 ? `${minutes} minute${minutes === 1 ? '' : 's'}` : `${Math.floor(minutes / 60)} hours`
  const bare = `it has been in current for ${long} without a claim record`
  return now - sinceMs > BARE_STALE_MS ? { bare, stale: bare } : { bare }
}

/** The holder that a record names. */
export function holderOf(record: ClaimRecord): Claimer {
  return {
    worker: record.worker,
    ...(record.swarm === undefined ? {} : { swarm: record.swarm }),
    ...(record.owner === undefined ? {} : { pid: record.owner.pid }),
  }
}

/** A sign of life younger than this is not renewed: most commands of a worker come in bursts. */
const RENEW_AFTER_MS = 30_000

/** Renews every claim of a worker that lives by its lease, in whatever store. */
export function renewWorker(root: string, worker: string, swarm: string | undefined): void {
  const claims = path.join(stateFolder(root), 'claims')
  const now = Date.now()
  for (const { name: store } of entriesOf(root, claims)) {
    for (const { name } of entriesOf(root, path.join(claims, store))) {
      const file = path.join(claims, store, name)
      const found = name.endsWith('.claim') ? readOwn(file) : undefined
      if (!found || 'wrong' in found || now - found.stat.mtimeMs < RENEW_AFTER_MS) continue
      try {
        const record = parseRecord(found.bytes.toString('utf8'))
        if (record?.worker === worker && !record.owner && (swarm === undefined || record.swarm === swarm)) {
          lutimesSync(file, now / 1000, now / 1000)
        }
      } catch (error) {
        if (!isErrno(error, 'ENOENT')) throw error // it has just ended
      }
    }
  }
}
