// The machines that work on the tasks in PostgreSQL, and the events of their swarms: what each says of itself every few
// seconds, and what all can read.

import type { EngineLine, EngineMachines, LaneAnswer, MachineBeat, MachineState } from '../task-engine.js'
import type { Database } from './database.js'

/** What a worker's role is granted of them. */
export const MACHINE_FUNCTIONS = [
  'beat(text, text, jsonb, integer, text[])',
  'machines()',
  'drain(text, boolean)',
  'events_after(jsonb)',
  'lane(text, text, text, bigint, bigint)',
  'leave_lane(bigint)',
  'lane(text, text, text, bigint, bigint, jsonb)',
] as const

/**
 * Names of machines and swarms become names of files on other machines, so nothing else is taken. Lines of a swarm's log
 * are numbered: sent again, they are there once. The swarms of all lines are found by steps through the index.
 */
export const MACHINES = `
create index tasks_current on :s.tasks (id) where state = 'current';

create table :s.machines (
  host text not null,
  swarm text not null,
  joined timestamptz not null default now(),
  seen timestamptz not null default clock_timestamp(),
  facts jsonb not null,
  primary key (host, swarm)
);

create table :s.drained (host text primary key);

create table :s.events (
  swarm text not null,
  number integer not null,
  host text not null,
  line text not null,
  primary key (swarm, number)
);

create function :s.beat(at_host text, its_swarm text, its_facts jsonb, first integer, lines text[]) returns jsonb
language plpgsql security definer set search_path = :s, pg_temp
as $$
begin
  if at_host !~ '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$' or its_swarm !~ '^[0-9a-f]{8}$' then
    raise exception 'this is no machine with a swarm: %', left(at_host || ' ' || its_swarm, 200);
  end if;
  if its_facts is null then
    delete from machines m where m.host = at_host and m.swarm = its_swarm;
  else
    insert into machines (host, swarm, facts) values (at_host, its_swarm, its_facts)
      on conflict (host, swarm) do update set seen = clock_timestamp(), facts = excluded.facts;
    delete from machines m where m.host = at_host and m.seen < now() - interval '1 hour';
  end if;
  insert into events (swarm, number, host, line)
    select its_swarm, first + one.place::integer - 1, at_host, one.line from unnest(lines) with ordinality as one (line, place)
    on conflict do nothing;
  return jsonb_build_object('drained', exists (select from drained d where d.host = at_host),
    'have', (select coalesce(max(e.number) + 1, 0) from events e where e.swarm = its_swarm));
end $$;

create function :s.machines() returns table (
  host text, swarm text, joined timestamptz, silent_ms bigint, drained boolean, facts jsonb, work jsonb
) language sql stable security definer set search_path = :s, pg_temp
as $$ select m.host, m.swarm, m.joined, (extract(epoch from clock_timestamp() - m.seen) * 1000)::bigint,
    exists (select from drained d where d.host = m.host), m.facts,
    (select coalesce(jsonb_agg(jsonb_build_object('task', t.id, 'worker', t.holder->>'worker') order by t.id), '[]')
      from tasks t where t.state = 'current' and t.holder->>'swarm' = m.swarm)
  from machines m order by m.host, m.joined $$;

create function :s.drain(at_host text, wanted boolean) returns jsonb language plpgsql
security definer set search_path = :s, pg_temp
as $$
begin
  if wanted then insert into drained values (at_host) on conflict do nothing;
  else delete from drained d where d.host = at_host; end if;
  return to_jsonb(exists (select from machines m where m.host = at_host));
end $$;

create function :s.events_after(have jsonb) returns table (swarm text, number integer, host text, line text)
language sql stable security definer set search_path = :s, pg_temp
as $$ with recursive swarms as (
    (select e.swarm from events e order by e.swarm limit 1)
    union all
    select (select e.swarm from events e where e.swarm > s.swarm order by e.swarm limit 1) from swarms s
      where s.swarm is not null
  )
  select one.* from swarms s cross join lateral (
    select e.swarm, e.number, e.host, e.line from events e
    where e.swarm = s.swarm and e.number >= coalesce((have->>s.swarm)::integer, 0) order by e.number limit 2000
  ) one where s.swarm is not null limit 2000 $$;
`

/** A ticket is a number, and who has the smallest lands. One that lapsed is removed, and its holder gets a new one. */
export const LANES = `
create table :s.lanes (
  ticket bigint generated always as identity primary key,
  target text not null,
  host text not null,
  swarm text not null,
  lease_ms bigint not null,
  since timestamptz not null default clock_timestamp(),
  seen timestamptz not null default clock_timestamp()
);
create index lanes_of on :s.lanes (target, ticket);

create function :s.lane(its_target text, at_host text, its_swarm text, lease bigint, held bigint) returns jsonb
language plpgsql security definer set search_path = :s, pg_temp
as $$
declare mine bigint;
begin
  update lanes l set seen = clock_timestamp() where l.ticket = held and l.target = its_target returning l.ticket into mine;
  delete from lanes l where l.target = its_target and l.seen < clock_timestamp() - l.lease_ms * interval '1 millisecond';
  if mine is null then
    insert into lanes (target, host, swarm, lease_ms) values (its_target, at_host, its_swarm, lease) returning ticket into mine;
  end if;
  return jsonb_build_object('ticket', mine::text,
    'ahead', (select count(*) from lanes l where l.target = its_target and l.ticket < mine));
end $$;

create function :s.leave_lane(held bigint) returns jsonb language plpgsql security definer set search_path = :s, pg_temp
as $$ begin delete from lanes l where l.ticket = held; return 'true'; end $$;
`

/** What a swarm that waits for its turn offers to those before it: they read it as what it is, words of another. */
export const OFFERS = `
alter table :s.lanes add column offers jsonb not null default '[]';

create function :s.lane(its_target text, at_host text, its_swarm text, lease bigint, held bigint, its_offers jsonb)
returns jsonb language plpgsql security definer set search_path = :s, pg_temp
as $$
declare answer jsonb := lane(its_target, at_host, its_swarm, lease, held);
  mine bigint := (answer->>'ticket')::bigint;
begin
  if its_offers is not null then
    if jsonb_typeof(its_offers) <> 'array' or length(its_offers::text) > 100000 then
      raise exception 'these are no offers: %', left(its_offers::text, 200);
    end if;
    update lanes l set offers = its_offers where l.ticket = mine and l.offers <> its_offers;
  end if;
  return answer || jsonb_build_object('offered', (select coalesce(jsonb_agg(one.offer order by one.ticket), '[]') from (
    select l.ticket, jsonb_array_elements(l.offers) as offer from lanes l
      where l.target = its_target and l.ticket > mine and l.swarm <> its_swarm order by l.ticket limit 100) one));
end $$;
`

/** For an autoscaler that reads the database: one row. */
export const SCALE = `
create view :s.scale as select
  (select count(*) from :s.tasks where state = 'pending' and waits = 0)::integer as ready,
  (select count(*) from :s.tasks where state = 'current')::integer as current,
  (select count(*) from :s.lanes)::integer as landing,
  (select coalesce(sum((facts->>'workers')::integer), 0) from :s.machines where seen > now() - interval '30 seconds')::integer
    as workers,
  (select count(*) from :s.tasks where state = 'current' or (state = 'pending' and waits = 0))::integer as wanted;
`

interface MachineRow {
  readonly host: string
  readonly swarm: string
  readonly joined: Date
  readonly silent_ms: string
  readonly drained: boolean
  readonly facts: MachineState['facts']
  readonly work: MachineState['work']
}

/** What a store in PostgreSQL knows of machines. */
export function machinesIn(database: () => Promise<Database>): EngineMachines {
  const ask = async (call: string, values: readonly unknown[]): Promise<unknown> => {
    const there = await database()
    const [row] = await there.rows<{ answer: unknown }>(`select ${there.quoted}.${call} as answer`, values)
    return row?.answer
  }
  return {
    async beat({ host, swarm, facts, first, lines }: MachineBeat) {
      const values = [host, swarm, facts ? JSON.stringify(facts) : null, first, lines]
      return (await ask('beat($1, $2, $3, $4, $5)', values)) as { drained: boolean; have: number }
    },
    async list() {
      const there = await database()
      const rows = await there.rows<MachineRow>(`select * from ${there.quoted}.machines()`)
      return rows.map(({ joined, silent_ms, ...row }) => ({
        ...row,
        joinedAt: joined.toISOString(),
        silentMs: Number(silent_ms),
      }))
    },
    drain: async (host, wanted) => (await ask('drain($1, $2)', [host, wanted])) === true,
    async lane({ target, host, swarm, leaseMs, ticket, offers }) {
      const values = [target, host, swarm, leaseMs, ticket ?? null, offers ? JSON.stringify(offers) : null]
      return (await ask('lane($1, $2, $3, $4, $5, $6)', values)) as LaneAnswer
    },
    async leaveLane(ticket) {
      await ask('leave_lane($1)', [ticket])
    },
    async eventsAfter(have) {
      const there = await database()
      return there.rows<EngineLine>(`select * from ${there.quoted}.events_after($1)`, [JSON.stringify(have)])
    },
  }
}
