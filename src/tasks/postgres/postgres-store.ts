// Tasks in PostgreSQL, for workers on more machines than one: a claim is one statement on the server, whose clock counts.

import { randomUUID } from 'node:crypto'
import { peekSettings } from '../../config/peek.js'
import { isErrno, OompaError, usageError } from '../../errors.js'
import { parseOwner, thisMachine } from '../../processes/owner.js'
import type { Task } from '../../words.js'
import type {
  Claim,
  ClaimAnswer,
  Claimer,
  ClaimRequest,
  Completion,
  FoundTask,
  NewTask,
  TaskListing,
  TaskProblem,
  TaskStore,
} from '../contract.js'
import { decodeWritten } from '../decode.js'
import { completionFields } from '../edit-task.js'
import { completeTask } from '../encode.js'
import { arrange } from '../listing.js'
import { holderOf, LEASE_MS, newRecord, staleness } from '../records.js'
import { duplicateTask, notYours } from '../task-errors.js'
import { rootOf } from '../where.js'
import type { Database } from './database.js'
import { machinesIn } from './machine-rows.js'

export interface PostgresOptions {
  /** `postgres://user:password@host/database`, as `pg` reads it; `OOMPA_POSTGRES` unless given. */
  readonly url?: string
  /** The PostgreSQL schema of its own that the tasks stand in: small letters, digits and `_`; `oompa` unless given. */
  readonly schema?: string
  /** For how many seconds a call is made again while the server is away, before it fails; 5 unless given. */
  readonly patience?: number
}

/**
 * The store of tasks in PostgreSQL. Needs the package `pg`; the schema is made when it is first used.
 * Without a URL, or with a name that is none for a schema, each call fails: `no-database-url`, `bad-schema` (status 2).
 * @param root the main checkout; that of the hook which makes it, else `OOMPA_ROOT`, else the working directory
 */
export function postgresTasks(options: PostgresOptions = {}, root?: string): TaskStore {
  const { schema = 'oompa', patience = 5 } = options
  const base = rootOf(root)
  let opened: Promise<Database> | undefined
  let ready: Promise<void> | undefined
  const open = async (): Promise<Database> => {
    const url = checkedUrl(options.url ?? process.env.OOMPA_POSTGRES, schema)
    opened ??= import('./database.js').then(({ openDatabase }) =>
      openDatabase({ url, schema, root: base, patienceMs: patience * 1000 }),
    )
    return opened
  }
  const database = async (): Promise<Database> => {
    const { checkVersion } = await import('./postgres-engine.js')
    const there = await open()
    // Asked again after it failed: a server that was away comes back.
    ready ??= checkVersion(there).catch((error: unknown) => {
      ready = undefined
      throw error
    })
    await ready
    return there
  }
  let leaseMs: number | undefined
  const lease = () => (leaseMs ??= peekSettings(base).leaseMs ?? LEASE_MS)
  const ask: Ask = async (name, values) => {
    const there = await database()
    const places = values.map((_, index) => `$${index + 1}`).join(', ')
    const [row] = await there.rows<{ answer: unknown }>(`select ${there.quoted}.${name}(${places}) as answer`, values)
    return members(row?.answer)
  }
  /** Calls whose answer never came: made again, they are the same call, and the server knows that it was done. */
  const unanswered = new Map<string, string>()
  const change: Ask = async (name, values) => {
    const key = JSON.stringify([name, values])
    const call = unanswered.get(key) ?? randomUUID()
    unanswered.delete(key)
    try {
      return await ask(name, [...values, call])
    } catch (error) {
      if (isErrno(error, 'store-away')) unanswered.set(key, call)
      throw error
    }
  }
  return {
    name: 'postgres',
    async list() {
      const there = await database()
      return listing(schema, await there.rows<Row>(`select * from ${there.quoted}.listing()`))
    },
    claim: (request) => claimTask(change, request, lease()),
    complete: (claim, completion) => completed(change, claim, completion),
    async release(claim, reason) {
      lost(claim.task.id, await change('release', [claim.task.id, claim.fence, json(reason, true)]))
    },
    add: (task) => addTask(change, task),
    async renew(claims) {
      if (claims.length === 0) return
      await ask('renew', [claims.map(({ task }) => task.id), claims.map(({ fence }) => fence)])
    },
    async take(id, claimer, expected) {
      const values = [id, expected ?? null, holderText(id, claimer), lease()]
      return toClaim(claimer, lost(id, await change('take', values)))
    },
    async reopen(id, reason, by) {
      return (await change('reopen', [id, json(reason, true), by])).yes === true
    },
    watch(changed) {
      const ending = open().then((there) => there.listen(changed))
      // Where it cannot be loaded, the next call says so.
      ending.catch(() => {})
      return async () => (await ending.catch(() => undefined))?.()
    },
    engine: {
      status: async () => (await import('./postgres-engine.js')).engineStatus(await open()),
      migrate: async (more) => (await import('./postgres-engine.js')).migrate(await open(), more),
      at: (other) => postgresTasks({ ...options, url: other }, base).engine!,
      machines: machinesIn(database),
    },
    async close() {
      const there = opened
      opened = undefined
      ready = undefined
      await (await there)?.close()
    },
  }
}

function checkedUrl(url: string | undefined, schema: string): string {
  if (!url) {
    throw usageError(
      'Tasks in PostgreSQL need the URL of the database.',
      'export OOMPA_POSTGRES=postgres://user:password@host/database',
      'no-database-url',
    )
  }
  if (!/^[a-z_][a-z0-9_]{0,39}$/.test(schema)) {
    throw usageError(
      `\`${schema}\` is no name for a schema: small letters, digits and _, at most 40.`,
      "postgresTasks({ url, schema: 'oompa' })",
      'bad-schema',
    )
  }
  return url
}

/** Calls a function of the schema. What it answers has members; `true` and `false` come as `yes`. */
type Ask = (name: string, values: readonly unknown[]) => Promise<Record<string, unknown>>

interface Row {
  readonly id: string
  readonly state: 'pending' | 'current' | 'complete'
  readonly task: unknown
  readonly fence: string | null
  readonly holder: Record<string, unknown> | null
  readonly since: Date | null
  readonly silent_ms: string | null
  readonly lease_ms: string | null
}

type ReadRow = Row & { readonly task: Task }

function members(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : { yes: value }
}

/** A value as JSON that PostgreSQL takes: without what no text of its can hold. */
function json(value: unknown, isText = false): string {
  const clean = (one: string) =>
    one.replace(/\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
  return isText ? clean(String(value)) : JSON.stringify(value, (_, one) => (typeof one === 'string' ? clean(one) : one))
}

/** Who holds it, with its process, as other machines must know it. */
function holderText(id: string, claimer: Claimer): string {
  const { worker, swarm, owner } = newRecord(id, claimer, '')
  return json({ worker, swarm, owner })
}

/** A worker by its name on all machines, `alder/w1`; ours have none of that among ourselves. */
const named = (host: string, worker: string): string => (worker.includes('/') ? worker : `${host}/${worker}`)

function toClaim(holder: Claimer, from: Record<string, unknown>): Claim {
  const { task, fence, since } = from as { readonly task: unknown; readonly fence: string; readonly since: string }
  return { task: taskIn(task), holder, fence, since: new Date(since).toISOString() }
}

/** @throws OompaError `bad-task` for what some other program has written */
function taskIn(value: unknown): Task {
  const decoded = decodeWritten(value)
  if ('task' in decoded) return decoded.task
  throw new OompaError({
    code: 'bad-task',
    message: `A task in PostgreSQL cannot be read: ${decoded.reason}.`,
    mend: 'oompa tasks lint',
  })
}

/** @throws OompaError `not-yours` where the answer says that the claim is another's by now */
function lost(id: string, answer: Record<string, unknown>): Record<string, unknown> {
  if (typeof answer.lost === 'string') throw notYours(id, answer.lost)
  return answer
}

async function claimTask(ask: Ask, request: ClaimRequest, leaseMs: number): Promise<ClaimAnswer> {
  const { claimer, ...wanted } = request
  const answer = await ask('claim', [json(wanted), holderText(request.id ?? '', claimer), leaseMs])
  // Otherwise it says which of the other answers it is, and why.
  return 'answer' in answer ? (answer as ClaimAnswer) : { answer: 'claimed', claim: toClaim(claimer, answer) }
}

async function completed(ask: Ask, { task, fence, holder }: Claim, completion: Completion): Promise<void> {
  const by = holder.swarm === undefined ? completion.by : named(thisMachine.host, completion.by)
  const { notes, ...fields } = completionFields({ ...completion, by })
  const note = notes === undefined ? null : json(notes, true)
  lost(task.id, await ask('complete', [task.id, fence, json(fields), note, by]))
}

async function addTask(ask: Ask, wanted: NewTask): Promise<Task> {
  const task = completeTask(wanted, () => false)
  const { worker, swarm } = wanted.by ?? { worker: process.env.OOMPA_WORKER, swarm: process.env.OOMPA_SWARM }
  const isFree = wanted.id === undefined
  const answer = await ask('add', [json(task), isFree, worker || null, swarm || null])
  if (typeof answer.duplicate === 'string') throw duplicateTask(task.id, `it is ${answer.duplicate}`)
  return taskIn(answer.task)
}

function listing(schema: string, rows: readonly Row[]): TaskListing {
  const pathOf = ({ id }: Row) => `postgres:${schema}/${id}`
  const problems: TaskProblem[] = []
  const read = rows.flatMap((row) => {
    const decoded = decodeWritten(row.task)
    if ('task' in decoded) return { ...row, task: decoded.task }
    problems.push({ path: pathOf(row), reason: decoded.reason })
    return []
  })
  const found = (state: Row['state']) => read.filter((row) => row.state === state)
  const place = (row: ReadRow): FoundTask => ({ task: row.task, place: row.id, path: pathOf(row) })
  return arrange({
    pending: found('pending').map(place),
    current: found('current').map((row) => ({ ...place(row), ...claimOf(row) })),
    complete: found('complete').map(place),
    problems,
  })
}

/** Whose it is, and whether it lives: how long it has been silent is told by the server's clock, and not by ours. */
function claimOf(row: ReadRow): { readonly claim: Claim; readonly stale?: string } {
  const since = row.since?.toISOString() ?? ''
  const record = { ...recordIn(row), fence: row.fence ?? '', since }
  const now = Date.now()
  const stale = staleness({ ...record, heartbeatMs: now - Number(row.silent_ms) }, Number(row.lease_ms), now)
  const claim = { task: row.task, holder: holderOf(record), fence: record.fence, since }
  return stale === undefined ? { claim } : { claim, stale }
}

function recordIn({ id, holder }: Row) {
  const { worker, swarm, owner } = holder ?? {}
  const { host } = parseOwner(owner) ?? {}
  const name = typeof worker === 'string' ? worker : 'somebody'
  return {
    id,
    worker: host && host !== thisMachine.host && typeof swarm === 'string' ? named(host, name) : name,
    ...(typeof swarm === 'string' ? { swarm } : {}),
    owner: parseOwner(owner),
  }
}
