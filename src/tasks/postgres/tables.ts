// The tables of the tasks in PostgreSQL, version by version. A migration that has been shipped is never changed: the next
// one is added behind it, and says which of our versions can still work with what it makes.

import { CLAIMS } from './claims.js'
import { FUNCTIONS } from './functions.js'
import { LANES, MACHINES, OFFERS, SCALE } from './machine-rows.js'

export interface Migration {
  /** From 1, without a gap. */
  readonly version: number
  /** The oldest schema version whose code can still work on what this one makes: its functions answer as they did. */
  readonly oldest: number
  /** `:s` stands for the quoted name of the schema. */
  readonly sql: string
}

/**
 * `waits` counts the prerequisites that are not complete, so that the next task that is ready is the first entry of an
 * index, however many tasks there are. Ids are compared as bytes, as every other store compares them. `call` is the last
 * request that changed the row: one whose answer was lost is made again, and finds that it was done.
 */
const TABLES = `
create table :s.versions (
  version integer primary key,
  oldest integer not null,
  at timestamptz not null default now(),
  role text not null default session_user
);

create sequence :s.fences as bigint;

create table :s.tasks (
  id text collate "C" primary key,
  state text not null default 'pending' check (state in ('pending', 'current', 'complete')),
  priority double precision not null default 'infinity',
  role text,
  story text,
  files text[] not null default '{}',
  waits integer not null default 0 check (waits >= 0),
  task jsonb not null,
  fence bigint unique,
  holder jsonb,
  since timestamptz,
  seen timestamptz,
  lease_ms bigint,
  call uuid unique,
  check ((state = 'current') = (fence is not null))
);
create index tasks_ready on :s.tasks (priority, id) where state = 'pending' and waits = 0;
create index tasks_waiting on :s.tasks (priority, id) where state = 'pending' and waits > 0;

create table :s.needs (
  needs text collate "C" not null,
  task text collate "C" not null references :s.tasks on delete cascade,
  primary key (needs, task)
);

create table :s.history (
  number bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  type text not null,
  task text not null,
  by text,
  swarm text,
  host text,
  fence bigint,
  reason text,
  role text not null default session_user
);
create index history_of on :s.history (task, number);
`

export const MIGRATIONS: readonly Migration[] = [
  { version: 1, oldest: 1, sql: TABLES + FUNCTIONS },
  { version: 2, oldest: 1, sql: MACHINES },
  { version: 3, oldest: 1, sql: LANES },
  { version: 4, oldest: 1, sql: SCALE },
  { version: 5, oldest: 1, sql: OFFERS },
  { version: 6, oldest: 1, sql: CLAIMS },
]
