// The records of changes that wait for a person. What is believed of one is its proof, outside the repository; the file
// in `.oompa/approvals/` says that it waits, also where the proof is not at hand (another machine, a new home), and is
// then data: agents can write it.

import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { isErrno, messageOf, OompaError } from '../errors.js'
import { createFile } from '../files/create.js'
import { makeOwnFolder, readOwn, wrongOnTheWay } from '../files/own.js'
import { stateFolder } from '../files/paths.js'
import { proofNames, readProof, removeProof, writeProof } from '../files/proofs.js'

/** A change that was put aside, as its swarm wrote it down. */
export interface PutAside {
  /** `w1-3-1a2b3c4`: worker, iteration, and the commit that it is pinned to. */
  readonly id: string
  readonly swarm: string
  readonly worker: string
  readonly iteration: number
  readonly task: string | null
  readonly commit: string
  readonly base: string
  readonly branch: string
  readonly into: string
  /** `refs/oompa/kept/<swarm>/<worker>-<iteration>` */
  readonly ref: string
  readonly files: readonly string[]
  readonly reasons: readonly string[]
  readonly reviewedBy: readonly string[]
  /** ISO 8601. */
  readonly since: string
  readonly author?: string
  readonly summary?: string
}

export interface FoundAside {
  readonly records: readonly (PutAside & { readonly proven: boolean })[]
  /** What stands in `.oompa/approvals/` and is no record, one line each. */
  readonly problems: readonly string[]
}

export function approvalsFolder(root: string): string {
  return path.join(stateFolder(root), 'approvals')
}

/** The commit is part of the name: what a person has looked at is what they approve. Pure. */
export function approvalId(change: {
  readonly worker: string
  readonly number: number
  readonly commit: string
}): string {
  return `${change.worker.replace(/[^A-Za-z0-9]/g, '-')}-${change.number}-${change.commit.slice(0, 7)}`
}

/** @throws OompaError `approval-unwritable` if neither of the two places takes it */
export function writeAside(root: string, record: PutAside): void {
  const proven = writeProof(root, 'approvals', record.id, record)
  const folder = approvalsFolder(root)
  const draft = path.join(folder, `.${record.id}.${process.pid}`)
  try {
    makeOwnFolder(root, folder)
    // Whole or not at all: a reader never sees half a file.
    createFile(draft, `${JSON.stringify(record, null, 2)}\n`)
    renameSync(draft, path.join(folder, `${record.id}.json`))
  } catch (cause) {
    if (proven) return
    throw new OompaError({
      code: 'approval-unwritable',
      message: `${record.id} cannot be put aside for a person: ${messageOf(cause)}`,
      mend: 'oompa check',
      cause,
    })
  }
}

export function removeAside(root: string, id: string): void {
  removeProof(root, 'approvals', id)
  const folder = approvalsFolder(root)
  if (!wrongOnTheWay(root, folder)) rmSync(path.join(folder, `${id}.json`), { force: true })
}

/** Whether the repository has a file for it, whatever it says. */
export function isWritten(root: string, id: string): boolean {
  return existsSync(path.join(approvalsFolder(root), `${id}.json`))
}

/** Everything that waits, the oldest first. */
export function readAsides(root: string): FoundAside {
  const records = new Map<string, PutAside & { proven: boolean }>()
  for (const name of proofNames(root, 'approvals')) {
    const value = readProof(root, 'approvals', name)
    if (isRecord(value) && value.id === name) records.set(name, { ...value, proven: true })
  }
  const problems: string[] = []
  for (const name of namesIn(root, problems)) {
    const id = name.replace(/\.json$/, '')
    if (records.has(id)) continue
    const record = readRecord(path.join(approvalsFolder(root), name))
    if (typeof record === 'string') problems.push(`.oompa/approvals/${name} is no change that waits: ${record}`)
    else if (record?.id === id) records.set(id, { ...record, proven: false })
    else if (record) problems.push(`.oompa/approvals/${name} is no change that waits: it is a copy of ${record.id}.`)
  }
  const sorted = [...records.values()].sort((a, b) =>
    a.since === b.since ? (a.id < b.id ? -1 : 1) : a.since < b.since ? -1 : 1,
  )
  return { records: sorted, problems }
}

function namesIn(root: string, problems: string[]): string[] {
  const folder = approvalsFolder(root)
  const found = wrongOnTheWay(root, folder)
  if (found) {
    problems.push(`${path.relative(root, found.path)} is not the folder that it has to be: ${found.wrong}.`)
    return []
  }
  try {
    return readdirSync(folder).filter((name) => /^[A-Za-z0-9][A-Za-z0-9-]*\.json$/.test(name))
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) problems.push(`.oompa/approvals cannot be read: ${messageOf(error)}`)
    return []
  }
}

function readRecord(file: string): PutAside | string | undefined {
  const found = readOwn(file)
  if (!found) return undefined
  if ('wrong' in found) return `${found.wrong}.`
  try {
    const value: unknown = JSON.parse(found.bytes.toString('utf8'))
    return isRecord(value) ? value : 'it has not the form of one.'
  } catch {
    return 'it is not JSON.'
  }
}

/** Nothing of a record is used before it has the right form: its words become parts of paths and refs. */
function isRecord(value: unknown): value is PutAside {
  if (typeof value !== 'object' || value === null) return false
  const of = (key: string): unknown => Reflect.get(value, key)
  const text = (key: string) => typeof of(key) === 'string'
  const optional = (key: string) => of(key) === undefined || text(key)
  const texts = (key: string) => {
    const list = of(key)
    return Array.isArray(list) && list.every((one) => typeof one === 'string')
  }
  const isCommit = (key: string) => /^[0-9a-f]{40,64}$/.test(String(of(key)))
  const isName = (key: string) => /^[A-Za-z0-9_-]+$/.test(String(of(key)))
  const iteration = of('iteration')
  if (!Number.isSafeInteger(iteration) || !isName('swarm') || !isName('worker') || !isCommit('commit')) return false
  const [worker, commit] = [String(of('worker')), String(of('commit'))]
  return (
    ['id', 'branch', 'into', 'since'].every(text) &&
    ['author', 'summary'].every(optional) &&
    ['files', 'reasons', 'reviewedBy'].every(texts) &&
    isCommit('base') &&
    (of('task') === null || text('task')) &&
    of('ref') === `refs/oompa/kept/${of('swarm')}/${worker}-${iteration}` &&
    of('id') === approvalId({ worker, number: Number(iteration), commit })
  )
}
