// The schema that the tasks stand in: made where there is none, brought up to our version, and said how it is.

import { isErrno, OompaError, STATUS } from '../../errors.js'
import { packageVersion } from '../../files/package.js'
import { thisMachine } from '../../processes/owner.js'
import type { EngineStatus } from '../task-engine.js'
import type { Database } from './database.js'
import { WORKER_FUNCTIONS } from './functions.js'
import { MACHINE_FUNCTIONS } from './machine-rows.js'
import { isMissing, shownServer } from './postgres-errors.js'
import { MIGRATIONS, type Migration } from './tables.js'

/** What a schema says of itself. */
export interface SchemaVersion {
  readonly version: number
  /** The oldest version whose code can still work with it. */
  readonly oldest: number
}

/** The version of the schema; undefined if there is none. */
export async function schemaVersion(database: Database): Promise<SchemaVersion | undefined> {
  try {
    const [row] = await database.rows<{ answer: SchemaVersion | null }>(`select ${database.quoted}.version() as answer`)
    return row?.answer ?? undefined
  } catch (error) {
    if (error instanceof OompaError && isMissing(error.cause)) return undefined
    throw error
  }
}

/** What this code makes, and can work with. */
export function ownVersion(migrations: readonly Migration[] = MIGRATIONS): number {
  return migrations.at(-1)!.version
}

/**
 * Makes the schema, or brings it up to our version: the steps that it lacks, in one transaction, one migration at a time.
 * @param grant a role that may do from then on what a worker does, and nothing else
 * @returns the versions that were made
 */
export async function migrate(
  database: Database,
  { grant, migrations = MIGRATIONS }: { readonly grant?: string; readonly migrations?: readonly Migration[] } = {},
): Promise<number[]> {
  const before = await schemaVersion(database)
  if (before && before.version > ownVersion(migrations)) throw tooNew(database, before)
  const { schema } = database.place
  const steps = migrations.filter(({ version }) => version > (before?.version ?? 0))
  const made = steps.map(({ version, oldest, sql }) => {
    const text = sql.replaceAll(':s', () => database.quoted)
    return `${text}\ninsert into ${database.quoted}.versions (version, oldest) values (${version}, ${oldest});`
  })
  if (made.length > 0) {
    try {
      await database.script([
        `select pg_advisory_xact_lock(hashtext('oompa migrate'), hashtext('${schema}'))`,
        `create schema if not exists ${database.quoted}`,
        ...made,
        `revoke all on all functions in schema ${database.quoted} from public`,
      ])
    } catch (error) {
      // Another one was quicker: what it has made is there.
      const now = isTwice(error) ? await schemaVersion(database) : undefined
      if (now?.version !== ownVersion(migrations)) throw error
      return []
    }
  }
  if (grant !== undefined) await grantTo(database, grant)
  return steps.map(({ version }) => version)
}

/** 42P06, 42P07, 42723, 23505: it is there already. */
function isTwice(error: unknown): boolean {
  return error instanceof OompaError && isErrno(error.cause, '42P06', '42P07', '42723', '23505')
}

const GRANTED = [...WORKER_FUNCTIONS, ...MACHINE_FUNCTIONS]

async function grantTo(database: Database, role: string): Promise<void> {
  const name = `"${role.replaceAll('"', '""')}"`
  await database.script([
    `grant usage on schema ${database.quoted} to ${name}`,
    ...GRANTED.map((one) => `grant execute on function ${database.quoted}.${one} to ${name}`),
  ])
  // Who does not own them grants nothing, and PostgreSQL calls that a warning.
  const [row] = await database.rows<{ granted: boolean }>(
    'select bool_and(has_function_privilege($1, one, $$execute$$)) as granted from unnest($2::text[]) one',
    [role, GRANTED.map((one) => `${database.quoted}.${one}`)],
  )
  if (row?.granted) return
  throw new OompaError({
    code: 'engine-refused',
    message: `${role} was granted nothing: the URL names a role that does not own the schema "${database.place.schema}".`,
    mend: `oompa engine migrate --url URL-OF-THE-OWNER --grant ${role}`,
    status: STATUS.refused,
  })
}

/** Makes the schema where there is none, and refuses one that is not of our version. */
export async function checkVersion(database: Database): Promise<void> {
  const there = await schemaVersion(database)
  const own = ownVersion()
  if (!there) await migrate(database)
  else if (there.oldest > own) throw tooNew(database, there)
  else if (there.version < own) {
    throw new OompaError({
      code: 'engine-old',
      message: `The schema "${database.place.schema}" of ${shownServer(database.place.url)} has version ${there.version}, and this oompa works with ${own}.`,
      mend: 'When no swarm of an earlier oompa is at work: oompa engine migrate',
      status: STATUS.usage,
    })
  }
}

function tooNew({ place }: Database, { version }: SchemaVersion): OompaError {
  return new OompaError({
    code: 'engine-new',
    message: `The schema "${place.schema}" of ${shownServer(place.url)} has version ${version}, which a later oompa made: this one, ${packageVersion()}, knows ${ownVersion()}.`,
    mend: 'npm install oompa-loompas@latest',
    status: STATUS.usage,
  })
}

/** How the engine is, as `oompa engine status` prints it. */
export async function engineStatus(database: Database): Promise<EngineStatus> {
  const began = Date.now()
  const [server] = await database.rows<{ version: string }>(`select current_setting('server_version') as version`)
  const there = await schemaVersion(database)
  const known = there && there.oldest <= ownVersion()
  const [row] = known ? await database.rows<{ answer: Counts }>(`select ${database.quoted}.counts() as answer`) : []
  const { nowMs, ...tasks } = row?.answer ?? { nowMs: undefined }
  return {
    server: shownServer(database.place.url),
    engine: `PostgreSQL ${server?.version}`,
    schema: database.place.schema,
    ...(there ? { version: there.version } : {}),
    ownVersion: ownVersion(),
    host: thisMachine.host,
    ...('pending' in tasks ? { tasks } : {}),
    // Between the question and its answer: half of that is as good as can be known.
    ...(nowMs === undefined ? {} : { clockAheadMs: Math.round((began + Date.now()) / 2 - nowMs) }),
  }
}

interface Counts {
  readonly pending: number
  readonly ready: number
  readonly current: number
  readonly complete: number
  readonly nowMs: number
}
